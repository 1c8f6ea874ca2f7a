"""Jobs that name images one by one: where results go, their pixel sizes, and what events say of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath

import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import Length
from dinocell_app.jobs.events import ImageFailed, ImageSegmented, ImageSkipped, JobFinished, TilesPredicted
from dinocell_app.jobs.job_files import job_from_json, job_to_json, make_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.pipeline.inputs import plan_images
from dinocell_app.pipeline.segmentation_job import segment_images


@pytest.fixture
def job(pictures, tiny_model, tmp_path):
    return SegmentJob(
        inputs=(pictures / "a.tif", pictures / "inner" / "c.tif"),
        output=tmp_path / "out",
        roots=(pictures,),
        model=str(tiny_model),
        device="cpu",
        diameter=Length(value=14),
    )


def stems(inputs, roots, output=Path("/nowhere")) -> list[str]:
    return [str(image.stem) for image in plan_images(inputs, output, recursive=False, roots=roots).images]


def test_folders_below_a_root_are_mirrored_for_single_files(pictures):
    assert stems([pictures / "inner" / "c.tif"], [pictures]) == ["pictures/inner/c"]
    assert stems([pictures / "inner" / "c.tif"], []) == ["c"]


def test_the_place_of_an_image_does_not_depend_on_the_other_images_of_the_job(pictures, tmp_path):
    shutil.copy(pictures / "a.tif", pictures / "a.png")
    other = tmp_path / "other" / "pictures"
    shutil.copytree(pictures, other)
    roots = [pictures, other]
    images = [root / name for root in roots for name in ("a.tif", "a.png", "b.tif")]
    together = stems(images, roots)
    assert together == [stem for image in images for stem in stems([image], roots)]
    assert together[:3] == ["pictures/a_tif", "pictures/a_png", "pictures/b"]
    assert together[3] == "pictures_2/a_tif"
    assert stems(images[:3], roots[:1]) == together[:3]


def test_a_root_inside_another_is_the_nearer_one(pictures):
    assert stems([pictures / "inner" / "c.tif"], [pictures, pictures / "inner"]) == ["inner/c"]


def test_a_missing_image_fails_by_itself(job, pictures):
    job = job.model_copy(update={"inputs": (pictures / "gone.tif", pictures / "a.tif")})
    events = [event for event in segment_images(job) if isinstance(event, ImageFailed | ImageSegmented)]
    assert {(type(event), event.path) for event in events} == {
        (ImageFailed, str(pictures / "gone.tif")),
        (ImageSegmented, str(pictures / "a.tif")),
    }
    with pytest.raises(InvalidParameterError, match="does not exist"):
        plan_images([pictures / "gone.tif"], job.output, recursive=False)


def test_events_name_the_image_file_and_its_results(job, pictures):
    done = [event for event in segment_images(job) if isinstance(event, ImageSegmented)]
    again = [event for event in segment_images(job) if isinstance(event, ImageSkipped)]
    assert [event.path for event in done] == [str(path) for path in job.inputs]
    assert [(e.image, e.path, e.n_cells, e.outputs) for e in done] == [
        (e.image, e.path, e.n_cells, e.outputs) for e in again
    ]
    assert all((job.output / name).is_file() for event in done for name in event.outputs)
    assert PurePosixPath(done[1].outputs[0]).parent == PurePosixPath("pictures/inner")


def test_the_pixel_size_of_an_image_beats_that_of_the_job(job, pictures):
    sizes = {str(pictures / "a.tif"): 0.25}
    job = job.model_copy(update={"pixel_size_um": 0.5, "image_pixel_sizes_um": sizes})
    assert job_from_json(job_to_json(job)) == job
    list(segment_images(job))
    used = {
        path.name[0]: json.loads(path.read_text())["pixel_size_um"]
        for path in job.output.rglob("*_segmentation.json")
    }
    assert used == {"a": 0.25, "c": 0.5}


def test_a_pixel_size_of_nothing_is_refused(pictures):
    with pytest.raises(InvalidParameterError, match="image_pixel_sizes_um"):
        make_job({"kind": "segment", "inputs": ["a"], "output": "b", "image_pixel_sizes_um": {"a": 0}})


def test_stopping_after_the_image_finishes_it(job):
    events = []
    for event in segment_images(
        job, lambda: False, lambda: any(isinstance(e, TilesPredicted) for e in events)
    ):
        events.append(event)
    assert [event.image for event in events if isinstance(event, ImageSegmented)] == ["pictures/a.tif"]
    assert isinstance(events[-1], JobFinished)
    assert events[-1].stopped
