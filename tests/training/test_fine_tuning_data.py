"""The images of a fine-tuning job: which are taken, and how often they are drawn."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.fine_tuning_data import crops, read_data

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.job_files import make_job, read_job
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.segmenter import DINOCELL_S8

RECIPES = Path(__file__).parents[2] / "training" / "recipes"


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(0)
    for folder, names in (("a", ["red_1", "red_2", "blue_1"]), ("b", ["red_1", "green_1"])):
        for name in names:
            labels = np.zeros((40, 40), np.uint16)
            labels[5:15, 5:15] = 1
            labels[20:34, 20:34] = 2
            image = rng.integers(0, 255, labels.shape).astype(np.uint8)
            (tmp_path / folder).mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / folder / f"{name}.tif", image)
            tifffile.imwrite(tmp_path / folder / f"{name}_masks.tif", labels)
    return tmp_path


def _job(folders, **fields):
    data = fields.pop("data", (folders / "a", folders / "b"))
    return FineTuneJob(data=data, output=folders / "m", validation_share=0, **fields)


def _names(pairs):
    return sorted(f"{pair.image_path.parent.name}/{pair.image_path.stem}" for pair in pairs)


def test_all_images_are_drawn_alike_by_default(folders):
    job = _job(folders)
    data = read_data(job)
    assert len(data.training) == 5
    manifest = Manifest.for_network(DINOCELL_S8, id="m", name="m")
    dataset = crops(job, data, FlowsObjective(), manifest).training
    assert len(dataset.sources) == 1


def test_patterns_choose_images_and_weights_how_often(folders):
    job = _job(
        folders,
        data=(folders / "a", folders / "a", folders / "b"),
        patterns=("red_*", "blue_*", "*"),
        weights=(1, 2, 5),
        crop_size=32,
    )
    data = read_data(job)
    assert _names(data.training) == ["a/blue_1", "a/red_1", "a/red_2", "b/green_1", "b/red_1"]
    manifest = Manifest.for_network(DINOCELL_S8, id="m", name="m")
    dataset = crops(job, data, FlowsObjective(), manifest).training
    assert [_names(source.images) for source in dataset.sources] == [
        ["a/red_1", "a/red_2"],
        ["a/blue_1"],
        ["b/green_1", "b/red_1"],
    ]
    assert [source.weight for source in dataset.sources] == [1, 2, 5]
    assert dataset[0][0].shape == (3, 32, 32)


def test_patterns_leave_images_out(folders):
    assert _names(read_data(_job(folders, patterns=("blue_*", "green_*"))).training) == [
        "a/blue_1",
        "b/green_1",
    ]


@pytest.mark.parametrize("fields", [{"weights": (1.0,)}, {"patterns": ("*",) * 3}])
def test_there_is_one_for_each_folder(folders, fields):
    wrong = {"kind": "finetune", "data": (folders / "a", folders / "b"), "output": folders / "m", **fields}
    with pytest.raises(InvalidParameterError, match="for 2 folders of data"):
        make_job(wrong)


def test_the_recipe_goes_on_from_the_shipped_model_and_teaches_nothing_that_it_is_judged_by():
    recipe = read_job(RECIPES / "dinocell_s8.json")
    assert isinstance(recipe, FineTuneJob)
    assert recipe.base_model == "dinocell-s8"
    assert sum(recipe.weights) == pytest.approx(1)
    assert sum(recipe.drawings.values()) == pytest.approx(recipe.synthetic_share)
    folders = {path.parents[1] for path in (*recipe.held_out_images, *recipe.partly_labelled_images)}
    assert folders <= set(recipe.data)
    assert not set(recipe.held_out_images) & set(recipe.partly_labelled_images)
    assert not any("test" in path.parts for path in recipe.data)


def test_the_recipes_of_the_shipped_model_are_jobs_of_which_one_starts_from_the_other():
    first = read_job(RECIPES / "dinocell_s8_from_dinov2.json")
    further = read_job(RECIPES / "dinocell_s8_further_round.json")
    assert isinstance(first, FineTuneJob)
    assert isinstance(further, FineTuneJob)
    assert first.config == "dinocell-s8"
    assert Path(further.base_model) == first.output
    assert sum(first.weights) == pytest.approx(1)
    assert sum(further.weights) == pytest.approx(1)
    assert further.data == first.data
