"""Which results count as finished: what was made in the same way, by whatever version, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import tifffile
import torch

from dinocell_app.base.lengths import Area, Length
from dinocell_app.export.provenance import file_sha256
from dinocell_app.jobs.events import ImageFailed, ImageSegmented, ImageSkipped
from dinocell_app.jobs.job_files import job_from_json
from dinocell_app.jobs.job_kinds import MeasureJob, SegmentJob
from dinocell_app.jobs.setting import Record, Setting, Settings, declared, recorded
from dinocell_app.model.manifest import read_manifest
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.pipeline.measurement_job import measure_images
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType
from tests.cli.conftest import THREE

OLD = Path(__file__).parents[1] / "data" / "results_2026_12"
"""Jobs and the records of their results, written by the version of December 2026; places are filled in."""


def fields_that_count(kind):
    named = declared(kind)
    return [(kind, name) for name, each in named.items() if each.setting.record is not Record.NO_EFFECT]


COMPARING = ("references", "not_references", "kept_references", "min_score", "type_score")
OTHER_VALUES = {
    "channel": "mean",
    "plane": "max",
    "diameter": Length.parse("9px"),
    "min_size": Area.parse("7px"),
    "axes": "YX",
}
"""Other values of fields for which their types are not enough."""


@pytest.fixture
def old(tmp_path: Path, tiny_model: Path):
    """Lay out results of the old version; gives their job as it was written."""
    here = tmp_path / "HERE"
    here.mkdir()
    planes = np.stack([THREE * 200, THREE[::-1] * 150]).astype(np.uint8)
    stack = np.stack([planes, planes])
    tifffile.imwrite(here / "stack.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    tifffile.imwrite(here / "a.tif", planes[0])
    tifffile.imwrite(here / "a_labels.tif", (THREE > 0.5).astype(np.uint16))
    shutil.copy(OLD / "regions.geojson", here)

    def lay_out(name: str) -> str:
        (written,) = (OLD / name).glob("*_segmentation.json")
        image = here / json.loads(written.read_text())["input_path"].removeprefix("HERE/")
        places = {
            "HERE": here.as_posix(),
            "MODEL_SHA256": read_manifest(tiny_model).sha256,
            "IMAGE_SHA256": file_sha256(image),
            "LABELS_SHA256": file_sha256(here / "a_labels.tif"),
            '"MODEL"': json.dumps(str(tiny_model)),
        }
        record, job = written.read_text(), (OLD / name / "job.json").read_text()
        for place, text in places.items():
            record, job = record.replace(place, text), job.replace(place, text)
        out = here / f"out_{name}"
        out.mkdir()
        (out / written.name).write_text(record)
        for file in json.loads(record)["outputs"].values():
            shutil.copy(here / "a_labels.tif", out / file) if file.endswith(".tif") else (out / file).touch()
        return job

    return lay_out


def outcome(job):
    """Do a job; what became of its image."""
    steps = segment_images(job) if job.kind == "segment" else measure_images(job)
    (found,) = [e for e in steps if isinstance(e, ImageSkipped | ImageSegmented | ImageFailed)]
    return found


@pytest.mark.parametrize("name", ["plain", "chosen", "compared", "measured"])
def test_results_of_the_version_before_stay_finished(old, name):
    job = job_from_json(old(name))
    assert isinstance(outcome(job), ImageSkipped)


def other(job, name: str, here: Path, model: Path) -> object:
    """Choose another value for a field of a job."""
    each, now = declared(type(job))[name], getattr(job, name)
    if name in PLACES:
        return PLACES[name](job, here, model)
    if name in OTHER_VALUES:
        return OTHER_VALUES[name]
    if each.kind is bool:
        return not now
    if each.choices:
        return next(word for word in each.choices if word != now)
    _, highest = each.limits
    assert each.kind in (int, float), f"say another value of {name}"
    return next(value for value in (0.75, 1, 0.25) if value != now and (highest or 2) >= value)


def upside_down(file: Path, here: Path) -> Path:
    changed = here / "changed" / file.name
    changed.parent.mkdir()
    tifffile.imwrite(changed, tifffile.imread(file)[::-1])
    return changed


def other_cells(kept: KeptReferences) -> KeptReferences:
    first = kept.read()[0]
    cell = ReferenceExample(first.positives[0].description + 1, "b.tif:1", np.zeros((0, 0), np.uint8))
    return KeptReferences.of(kept.model_id, kept.model_sha256, (first, ReferenceType("long", (cell,))))


PLACES = {
    "images": lambda job, here, _: upside_down(job.images, here),
    "labels": lambda job, here, _: upside_down(job.labels, here),
    "model": lambda job, here, model: str(model),
    "image_pixel_sizes_um": lambda job, here, _: {str(job.inputs[0]): 0.125},
    "image_axes": lambda job, here, _: {str(job.inputs[0]): "YX"},
    "regions": lambda job, here, _: here / "regions.geojson" if job.regions is None else None,
    "references": lambda job, here, _: (f"{here / 'a.tif'}@12,12",),
    "not_references": lambda job, here, _: (f"round={here / 'a.tif'}@12,12",),
    "kept_references": lambda job, here, _: other_cells(job.kept_references),
}
"""Fields whose other values are files, or belong to the job's own."""


@pytest.mark.parametrize(("kind", "name"), fields_that_count(SegmentJob) + fields_that_count(MeasureJob))
def test_any_field_that_changes_makes_a_result_unfinished(old, kind, name, tmp_path, tiny_model):
    of_segmentation = "compared" if name in COMPARING else "plain"
    job = job_from_json(old("measured" if kind is MeasureJob else of_segmentation))
    another = tmp_path / "another"
    if name == "model":
        made = load_model(tiny_model, torch.device("cpu"))
        with torch.no_grad():
            next(made.network.parameters()).add_(1)
        save_model(made.network, made.manifest, another)
    changed = job.model_copy(update={name: other(job, name, tmp_path / "HERE", another)})
    assert changed != job
    found = outcome(changed)
    assert isinstance(found, ImageFailed)
    assert found.results_in_the_way, found.reason


def test_what_has_no_effect_leaves_a_result_finished(old, tmp_path):
    job = job_from_json(old("plain"))
    changes = {
        "batch_size": 3,
        "overwrite": True,
        "recursive": True,
        "formats": ("labels", "csv"),
        "device": "auto",
    }
    assert isinstance(outcome(job.model_copy(update=changes)), ImageSkipped)
    marked = {name for name, each in declared(SegmentJob).items() if each.setting.record is Record.NO_EFFECT}
    assert marked == {*changes, "inputs", "output", "roots", "dask"}


def test_a_field_that_is_new_leaves_no_trace_until_it_is_used():
    class Grown(Settings):
        careful: Annotated[bool, Setting("Careful")] = False
        size: Annotated[Length | None, Setting("Size", automatic="measured")] = None
        precision: Annotated[str, Setting("Precision", record=Record.ALWAYS)] = "auto"

    assert recorded(Grown()) == {"precision": "auto"}
    grown = Grown(careful=True, size="3px")
    assert recorded(grown) == {"precision": "auto", "careful": True, "size": "3px"}


def test_a_field_that_says_nothing_about_itself_is_a_mistake():
    class Silent(Settings):
        forgotten: int = 3

    with pytest.raises(TypeError, match="forgotten"):
        declared(Silent)
