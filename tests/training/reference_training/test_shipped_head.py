"""The head of the shipped model on a picture of two types of cells that a click shall tell apart."""

import numpy as np
import pytest
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou
from dinocell_training.reference_training.mixing import paste_cells
from dinocell_training.reference_training.typed_pictures import TypedCells
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.scene import render_scene

from dinocell_app.base.resource_files import resource_path
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import load_model
from dinocell_app.segmentation.reference.percs_file import reference_head
from tests.benchmarks.personalised.percs_methods import References, ScoredCells, see
from tests.benchmarks.personalised.percs_queries import choose_references


def _scene(shape, diameter, seed):
    scene = render_scene(
        SceneParameters(
            256, 256, "phase_contrast", shape, diameter, 0.22, seed, size_variation=0.1, degradation=0.2
        )
    )
    types = tuple(kind if kind == shape else "" for kind in scene.types)
    return TypedCells(scene.pixels.astype(np.float32), scene.labels, types)


@pytest.fixture(scope="module")
def seen():
    cells = paste_cells(_scene("spread", 38, 8), _scene("round", 24, 58), 12, np.random.default_rng(0))
    chosen = choose_references({"a": cells}, 0)["a"]
    model = load_model(find_model(resource_path("models") / "dinocell-s8"))
    picture = see(cells, model, {label for like, _ in chosen.values() for label in like})
    return picture, chosen, reference_head(model)


@pytest.mark.parametrize("wanted", ["round", "spread"])
def test_a_click_on_either_type_finds_it_and_not_the_other(seen, wanted):
    picture, chosen, head = seen
    assert head is not None
    clicked = chosen[wanted][0][:1]
    like = np.array([picture.labelled[clicked[0]]])
    found = ScoredCells(head).masks(picture, References(like, like[:0], clicked))
    types = np.array(["", *picture.cells.types])
    truth = np.where((types == wanted)[picture.cells.labels], picture.cells.labels, 0)
    unknown = (picture.cells.labels > 0) & (types == "")[picture.cells.labels]
    overlaps = count_overlaps(found, truth, ignore=unknown)
    n_right = len(match_by_iou(overlaps, 0.5))
    assert n_right / (overlaps.n_predicted + overlaps.n_reference - n_right) >= 0.9
    other = (types != wanted)[picture.cells.labels] & (picture.cells.labels > 0) & ~unknown
    assert (found[other] > 0).mean() < 0.02
