"""Presets, and the jobs that are made from what a person chose."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import Length
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.pipeline.inputs import plan_images
from dinocell_app.project.presets import settings_from_json, settings_to_json
from dinocell_app.project.project import Project
from dinocell_app.project.records import PixelSizeScope
from dinocell_app.project.segment_jobs import check_set_name, segment_job, shown_formats

_SETTINGS = st.builds(
    SegmentSettings,
    model=st.text(min_size=1, max_size=10),
    diameter=st.sampled_from([None, "18um", "40px"]),
    cell_probability_threshold=st.floats(0, 1),
    flow_threshold=st.floats(0, 10),
    formats=st.lists(st.sampled_from(["labels", "csv", "roi"]), min_size=1, unique=True).map(tuple),
    texture=st.booleans(),
)


@given(chosen=_SETTINGS)
def test_settings_come_back(chosen: SegmentSettings) -> None:
    assert settings_from_json(settings_to_json(chosen)) == chosen


def test_settings_of_other_versions_are_read_as_far_as_they_are_known() -> None:
    assert settings_from_json('{"diameter": "9px", "magic": 3}') == SegmentSettings(diameter="9px")
    assert settings_from_json('{"diameter": "", "min_size": "", "cell_probability": 0.3}') == SegmentSettings(
        cell_probability_threshold=0.3
    )


@given(chosen=_SETTINGS)
@settings(max_examples=5)
def test_presets_are_kept(chosen: SegmentSettings) -> None:
    with tempfile.TemporaryDirectory() as folder, Project.create(Path(folder) / "x") as project:
        presets = project.presets
        assert presets.current() == SegmentSettings()
        presets.set_current(chosen)
        presets.save("b", SegmentSettings())
        presets.save("b", chosen)
        presets.save("A", SegmentSettings())
        assert presets.names() == ["A", "b"]
        assert presets.get("b") == presets.current() == chosen
        presets.remove("b")
        assert presets.names() == ["A"]
        with pytest.raises(KeyError):
            presets.get("b")


def test_a_job_names_its_images_and_their_pixel_sizes(filled: Project, image_folder: Path) -> None:
    ids = [image.id for image in filled.images.all()]
    filled.images.set_pixel_size(PixelSizeScope.folder(1, "day 10"), 0.5)
    job = segment_job(filled, ids[::-1], SegmentSettings(diameter="18um", channel="mean"), "cells")
    assert job.inputs == tuple(filled.images.path(number) for number in ids[::-1])
    assert job.output == filled.results_folder / "cells"
    assert (job.roots, job.channel, job.diameter) == ((image_folder,), "mean", Length.parse("18um"))
    assert job.image_pixel_sizes_um == {
        str(image_folder / "day 10" / "c.tif"): 0.5,
        str(image_folder / "day 10" / "deep" / "d.tif"): 0.5,
    }


def test_results_mirror_the_folders_whichever_images_are_chosen(filled: Project) -> None:
    ids = [image.id for image in filled.images.all()]
    places = set()
    for chosen in (ids, ids[-1:]):
        job = segment_job(filled, chosen, SegmentSettings(), "cells")
        plan = plan_images(job.inputs, job.output, recursive=False, roots=job.roots)
        places.add(plan.images[-1].stem.as_posix())
    assert places == {"images/day 10/deep/d"}


def test_without_images_there_is_no_job(filled: Project) -> None:
    with pytest.raises(InvalidParameterError, match="no image"):
        segment_job(filled, [], SegmentSettings(), "cells")


@pytest.mark.parametrize("given", [{"diameter": "big"}, {"min_size": "15um"}, {"cell_probability": 2.0}])
def test_settings_that_cannot_be_used_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SegmentSettings(**given)


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", "a.", " a", "a:b", "a\\b"])
def test_a_set_is_named_like_a_folder_everywhere(name: str) -> None:
    with pytest.raises(InvalidParameterError, match="name of a set"):
        check_set_name(name)


def test_the_window_gets_labels_and_a_table() -> None:
    assert shown_formats(("roi",)) == ("labels", "roi", "csv")
    assert shown_formats(("parquet", "labels")) == ("labels", "parquet")
    assert {"labels", "csv", "parquet", "roi"} < set(shown_formats(("all",)))
