"""Whatever JSON a file holds, its reader gives a result or one sentence; Hypothesis chooses what it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dinocell_training.candidates import Candidates
from dinocell_training.held_out import HeldOut
from dinocell_training.pairing import find_pairs
from dinocell_training.validation_history import ValidationHistory
from dinocell_training.verdict import Verdict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.settings import read_settings, write_settings
from dinocell_app.export.coco import read_coco_labels
from dinocell_app.export.plane_record import read_record
from dinocell_app.export.provenance import Provenance, read_sidecar
from dinocell_app.jobs.events import EVENTS, from_json_line, to_json_line
from dinocell_app.jobs.job_files import job_from_json, job_to_json
from dinocell_app.jobs.job_places import job_from_moving_json
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.model.manifest import read_manifest
from dinocell_app.project.presets import settings_from_json, settings_to_json
from dinocell_app.references.library import read_library
from dinocell_app.regions.region_files import read_regions
from dinocell_app.run_queue.order import read_queue

NUMBERS = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, 10**40, -1])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=8)

KEYS = {
    "library": ("schema_version", "kind", "types", "model_id", "model_sha256", "positives", "name"),
    "regions": ("type", "features", "geometry", "coordinates", "properties", "kind", "image", "color"),
    "coco": ("images", "annotations", "id", "image_id", "segmentation", "height", "width", "file_name"),
    "job": ("schema_version", "kind", "inputs", "output", "diameter", "min_size", "references", "formats"),
    "record": ("schema_version", "name", "seconds", "summary", "channels", "regions", "parameters"),
    "manifest": ("schema_version", "id", "name", "architecture", "objective", "scores", "lineage"),
    "training": ("pictures", "inherited", "path", "content", "labels", "epochs", "epoch", "values", "images"),
    "settings": ("schema_version", "threads", "theme", "recent", "window", "channel", "formats", "texture"),
    "queue": ("runs", "run", "attempt"),
}
WORDS = ("segment", "measure", "finetune", "Polygon", "Feature", "flows", "reference library", "exclude")


def trees(keys: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """JSON with keys that a reader looks for, often enough."""
    words = st.sampled_from(keys) | st.text(max_size=3)
    return st.recursive(
        LEAVES | st.sampled_from(WORDS),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
        max_leaves=12,
    )


def _library(path: Path) -> None:
    read_library(path).read()


def _coco(path: Path) -> None:
    list(read_coco_labels(path))
    find_pairs(path.parent)


def _job(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    RunFolder(path.parent).read_job() if path.name == "job.json" else None
    job_from_moving_json(text, path.parent, (), path)
    job_to_json(job_from_json(text, path))


def _record(path: Path) -> None:
    read_record(path)
    read_sidecar(path, Provenance)


def _training(path: Path) -> None:
    for name, read in (
        ("held_out.json", HeldOut.read),
        ("candidates.json", Candidates),
        ("validation.json", ValidationHistory),
        ("verdict.json", Verdict.read),
    ):
        (path.parent / name).write_bytes(path.read_bytes())
        try:
            read(path.parent)
        except UserFacingError as error:
            _check(error, name)


def _settings(path: Path) -> None:
    write_settings(read_settings(path), path.with_name("written.json"))
    settings_to_json(settings_from_json(path.read_text(encoding="utf-8")))


def _queue(path: Path) -> None:
    (path.parent / "queue.json").write_bytes(path.read_bytes())
    read_queue(path.parent)


READERS: dict[str, Callable[[Path], object]] = {
    "library": _library,
    "regions": read_regions,
    "coco": _coco,
    "job": _job,
    "record": _record,
    "manifest": lambda path: read_manifest(path.parent),
    "training": _training,
    "settings": _settings,
    "queue": _queue,
}
NAMES = {"manifest": "manifest.json", "job": "job.json"}


def _check(error: UserFacingError, name: str) -> None:
    assert name in str(error)
    assert str(error).endswith(".")


def _judge(kind: str, folder: Path, content: bytes) -> None:
    path = folder / NAMES.get(kind, "a.json")
    path.write_bytes(content)
    try:
        READERS[kind](path)
    except UserFacingError as error:
        _check(error, path.name)


@pytest.mark.parametrize("kind", READERS)
def test_any_tree_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    @settings(max_examples=40, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(trees(KEYS[kind]))
    def read(tree: Any) -> None:
        _judge(kind, tmp_path, json.dumps(tree).encode())

    read()


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
def test_many_trees_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    @settings(max_examples=1000, suppress_health_check=list(HealthCheck), database=None)
    @given(trees(KEYS[kind]) | st.dictionaries(st.sampled_from(KEYS[kind]), trees(KEYS[kind])))
    def read(tree: Any) -> None:
        _judge(kind, tmp_path, json.dumps(tree).encode())

    read()


@pytest.mark.parametrize("kind", READERS)
def test_any_bytes_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    @settings(max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode("utf-16")))
    def read(content: bytes) -> None:
        if kind not in {"job", "settings"} or _is_text(content):
            _judge(kind, tmp_path, content)

    read()


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=200, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(
    st.fixed_dictionaries(
        {"event": st.sampled_from(sorted(EVENTS))},
        optional={
            name: LEAVES
            | st.lists(LEAVES, max_size=2)
            | st.dictionaries(st.text(max_size=2), LEAVES, max_size=2)
            for name in (
                "kind",
                "total",
                "image",
                "n_cells",
                "seconds",
                "outputs",
                "path",
                "reason",
                "losses",
            )
        },
    )
)
def test_any_event_is_one_that_can_be_written_again_or_none(fields: dict[str, Any]) -> None:
    try:
        event = from_json_line(json.dumps(fields))
    except ValueError:
        return
    assert from_json_line(to_json_line(event)) == event
