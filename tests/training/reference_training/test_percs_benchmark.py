import json

import numpy as np
import pytest
from dinocell_training.reference_training.typed_pictures import TypedCells
from skimage.draw import disk

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.predictor import Segmentation
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.scale import ScaleChoice
from tests.benchmarks.percs import main
from tests.benchmarks.personalised import percs_benchmark
from tests.benchmarks.personalised.percs_benchmark import Row, best_filter, score_set, table_lines
from tests.benchmarks.personalised.percs_methods import (
    References,
    ScoredCells,
    SeenPicture,
    SimilarityFilter,
)
from tests.benchmarks.personalised.percs_queries import ReferencesFile, choose_references
from tests.benchmarks.personalised.sam_points import (
    PointPrompts,
    load_sam,
    similar_points,
    without_duplicates,
)

CENTRES = [(16, 16), (16, 48), (48, 16), (48, 48)]
TYPES = ("round", "rod", "round", "rod")


def _picture():
    labels = np.zeros((64, 64), np.int32)
    for number, centre in enumerate(CENTRES, start=1):
        labels[disk(centre, 7)] = number
    return TypedCells((labels > 0).astype(np.float32), labels, TYPES)


def _vector(kind):
    direction = {"round": [1.0, 0.0], "rod": [0.0, 1.0], "": [-1.0, -1.0]}[kind]
    return np.array(direction + [0.0] * N_LOOKS, np.float32)


def _seen(found=(1, 2, 3, 4)):
    """Plain segmentation found some of the cells, and features tell the two types apart."""
    cells = _picture()
    values = np.zeros((2, 8, 8), np.float32)
    for (row, column), kind in zip(CENTRES, TYPES, strict=True):
        values[:, row // 8 - 1 : row // 8 + 1, column // 8 - 1 : column // 8 + 1] = _vector(kind)[
            :2, None, None
        ]
    labels = np.where(np.isin(cells.labels, found), cells.labels, 0).astype(np.uint16)
    segmentation = Segmentation(
        labels,
        np.zeros((3, 64, 64), np.float32),
        ScaleChoice(14.0, "given", 1.0),
        FeatureGrid(values, (2,), 8, (64, 64)),
    )
    described = np.array([_vector(TYPES[label - 1]) for label in found])
    vectors = {label: _vector(TYPES[label - 1]) for label in (1, 2, 3, 4)}
    return SeenPicture(cells, segmentation, np.array(found), described, vectors)


def _shown(*labels, unlike=()):
    vectors = [_vector(TYPES[label - 1]) for label in labels]
    others = np.array([_vector(TYPES[label - 1]) for label in unlike], np.float32)
    return References(np.array(vectors), others.reshape(len(unlike), 2 + N_LOOKS), labels)


def test_references_are_whole_cells_and_the_same_for_the_same_seed(tmp_path):
    cells = _picture()
    cells.labels[0:3, 30:33] = 5
    cells.labels[30:33, 30:33] = 6
    pictures = {"a": TypedCells(cells.pixels, cells.labels, (*TYPES, "round", "alone"))}
    chosen = choose_references(pictures, 0)
    assert set(chosen["a"]) == {"round", "rod"}
    assert set(chosen["a"]["round"][0]) == {1, 3}
    assert set(chosen["a"]["round"][1]) == {2, 4, 6}
    assert chosen == choose_references(pictures, 0)
    file = ReferencesFile(tmp_path / "references.json")
    file.write(chosen)
    assert file.read(pictures) == chosen
    with pytest.raises(InvalidParameterError, match="do not fit"):
        file.read({"b": cells})
    file.path.write_text("{}", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="list of references"):
        file.read(pictures)


def test_methods_keep_plain_masks_of_the_type():
    seen = _seen()
    for method in (SimilarityFilter(0.5), ScoredCells(None)):
        assert np.unique(method.masks(seen, _shown(1, unlike=(2,)))).tolist() == [0, 1, 3]
        assert np.unique(method.masks(seen, _shown(2, unlike=(1,)))).tolist() == [0, 2, 4]


class FakeSam:
    """Finds the disk at a point, and the whole picture as a second answer that it is surer of."""

    def set_image(self, image):
        assert image.dtype == np.uint8
        assert image.shape == (64, 64, 3)

    def predict(self, point_coords, point_labels, multimask_output):
        column, row = point_coords[0]
        cell = np.zeros((64, 64), bool)
        for centre in CENTRES:
            if np.hypot(row - centre[0], column - centre[1]) < 12:
                cell[disk(centre, 7)] = True
        return np.stack([cell, np.ones((64, 64), bool)]), np.array([0.8, 0.9]), None


def test_sam_is_asked_at_similar_points_that_are_apart():
    seen = _seen()
    points = similar_points(seen, _shown(1))
    for index, (row, column) in enumerate(points):
        assert all(np.hypot(row - other[0], column - other[1]) >= 16 for other in points[:index])
    nearest = {min(range(4), key=lambda i: np.hypot(*np.subtract(CENTRES[i], point))) for point in points[:2]}
    assert nearest == {0, 2}
    masks = PointPrompts(FakeSam()).masks(seen, _shown(1))
    assert (masks[CENTRES[0]], masks[CENTRES[2]]) != (0, 0)
    assert ((masks > 0) == (seen.cells.labels > 0)).all()


def test_of_masks_that_overlap_the_surer_stays():
    masks = np.zeros((3, 10, 10), bool)
    masks[0, :6], masks[1, :5], masks[2, 6:] = True, True, True
    labels = without_duplicates([(0.5, masks[0]), (0.9, masks[1]), (0.1, masks[2])], (10, 10))
    assert labels[:, 0].tolist() == [1, 1, 1, 1, 1, 0, 2, 2, 2, 2]


def test_sam_needs_its_library_and_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.benchmarks.personalised.sam_points.find_spec", lambda name: None)
    with pytest.raises(InvalidParameterError, match="not installed"):
        load_sam(tmp_path / "sam_vit_b.pth", "cpu")
    monkeypatch.setattr("tests.benchmarks.personalised.sam_points.find_spec", lambda name: object())
    with pytest.raises(InvalidParameterError, match="SAM weights"):
        load_sam(tmp_path / "sam_vit_b.pth", "cpu")


def test_scores_by_hand(monkeypatch):
    monkeypatch.setattr(percs_benchmark, "see", lambda cells, model, wanted: _seen(found=(1, 2, 4)))
    pictures = {"a": _picture()}
    chosen = {"a": {"round": ((1, 3), (2,)), "rod": ((2, 4), (1,))}}
    methods = {
        "Similarity filter, 0.5": (SimilarityFilter(0.5), (1, 0)),
        "Similarity filter, -1": (SimilarityFilter(-1), (1, 0)),
        "Training-free +1 -1": (ScoredCells(None), (1, 1)),
    }
    said = list(score_set(pictures, chosen, None, methods))
    assert said[0] == "a"
    rows = {(row.method, row.threshold): row for row in said[1]}
    # Round: one of two found and nothing else; rods: both found.
    assert rows["Similarity filter, 0.5", 0.5].ap == pytest.approx((1 / 2 + 1) / 2)
    assert rows["Training-free +1 -1", 0.3].recall == pytest.approx((1 / 2 + 1) / 2)
    assert rows["Training-free +1 -1", 0.3].precision == 1
    assert ("Similarity filter, -1", 0.5) not in rows
    assert {row.n_questions for row in rows.values()} == {2}


def test_the_table_has_methods_down_and_sets_across():
    rows = [
        Row("Similarity filter, 0.4", 0.3, 0.9, 0.9, 0.9, 3),
        Row("Similarity filter, 0.4", 0.5, 0.2, 0.2, 0.2, 3),
        Row("Similarity filter, 0.6", 0.3, 0.5, 0.6, 0.7, 3),
        Row("Similarity filter, 0.6", 0.5, 0.4, 0.5, 0.6, 3),
        Row("Trained +1", 0.3, 0.75, 0.8, 0.85, 3),
        Row("Trained +1", 0.5, 0.65, 0.7, 0.75, 3),
    ]
    kept = best_filter(rows)
    assert [row.method for row in kept] == ["Similarity filter, 0.6"] * 2 + ["Trained +1"] * 2
    lines = table_lines({"PerCS Test": kept, "PerCS Novel": kept[2:]})
    assert lines[0].split() == ["PerCS", "Test", "PerCS", "Novel"]
    assert lines[1].split() == ["Methods", "IoU", "AP", "P", "R", "AP", "P", "R"]
    assert lines[2].split() == ["Similarity", "filter", "0.3", "0.500", "0.600", "0.700", "-", "-", "-"]
    assert lines[5].split() == ["Trained", "+1", "0.5", *["0.650", "0.700", "0.750"] * 2]


def test_the_command_prints_the_table_and_keeps_references(tiny_model, tmp_path, capsys):
    arguments = ["--model", str(tiny_model), "--device", "cpu", "--drawn", "30"]
    arguments += ["--novel", "spindle*", "--test-share", "0.3", "--pictures", "2", "--size", "96"]
    arguments += ["--references", str(tmp_path / "references.json"), "-o", str(tmp_path / "table.json")]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    assert "PerCS Novel" in first
    assert "Training-free +5 -5" in first
    assert "Trained" not in first
    assert set(json.loads((tmp_path / "table.json").read_text("utf-8"))) == {"PerCS Test", "PerCS Novel"}
    assert main(arguments) == 0
    assert capsys.readouterr().out == first
