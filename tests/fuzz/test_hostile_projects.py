"""Projects, queues, runs, models and archives from elsewhere: refused by name, or read without their harm."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from pathlib import Path

import pytest

from dinocell_app.base.errors import ModelError, UnreadableFileError
from dinocell_app.base.json_text import parse_json
from dinocell_app.base.plane_address import ONLY_PLANE
from dinocell_app.jobs.events import (
    ImageSegmented,
    JobStarted,
    PlaneFound,
    StepFinished,
    from_json_line,
    to_json_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.project.presets import settings_from_json
from dinocell_app.project.project import Project
from dinocell_app.project.run_events import apply_new_events
from dinocell_app.project.thumbnails import read_thumbnail
from dinocell_app.run_queue.order import QueueEntry, next_entry, read_queue, write_queue
from tests.fuzz.fuzz_files import png_of
from tests.fuzz.fuzz_models import make_checkpoints, make_models, read_checkpoints
from tests.fuzz.fuzz_records import projects

ENDLESS = (
    "ALTER TABLE presets RENAME TO kept; CREATE VIEW presets AS WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'a' AS name, '{}' AS settings FROM n"
)
"""Asking for the presets never ends."""


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    """The file of a project with something in every table."""
    projects(tmp_path)
    return tmp_path / "p.dinocell" / "project.sqlite"


def change(path: Path, statements: str) -> None:
    """Change a project file as another program may."""
    connection = sqlite3.connect(path)
    connection.executescript(statements)
    connection.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("statements", "about"),
    [
        (ENDLESS, "it holds a view named presets"),
        (
            "CREATE TRIGGER t AFTER UPDATE ON images BEGIN DELETE FROM images; END",
            "it holds a trigger named t",
        ),
        ("DROP TABLE judgements", "the table judgements is missing"),
        ("ALTER TABLE runs RENAME COLUMN problem TO other", "the table runs lacks problem"),
        ("UPDATE images SET n_times = 'many'", "images.n_times is of another kind"),
        ("UPDATE images SET n_channels = 4000000000", "a row of images cannot be right"),
        ("UPDATE images SET channel_names = '{}'", "images.channel_names is no list"),
        ("UPDATE images SET channel_names = '[1]'", "images.channel_names is no list"),
        ("UPDATE images SET channel_names = '['", "damaged"),
        ("UPDATE regions SET corners = '[[1, 2], [3]]'", "regions.corners is no list"),
        ("UPDATE regions SET corners = '[[1e999, 2]]'", "regions.corners is no list"),
        ("UPDATE images SET axes = '/../../x'", "a row of images cannot be right"),
        ("UPDATE results SET name = '../../elsewhere'", "a row of results cannot be right"),
        ("UPDATE results SET plane = '/../x'", "a row of results cannot be right"),
        ("UPDATE results SET files = '[\"results/../../x_labels.tif\"]'", "results.files is no list"),
        ("UPDATE reference_cells SET description = x'00'", "a row of reference_cells cannot be right"),
        ("UPDATE settings SET value = 'wide' WHERE key = 'pixel_size_um'", "a row of settings"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM roots", "belongs to one of roots that is gone"),
    ],
)
def test_project_files_that_are_not_ours_are_refused_by_name(statements, about, project_file):
    change(project_file, statements)
    with pytest.raises(UnreadableFileError, match=about) as raised:
        Project.open(project_file.parent)
    assert str(project_file) in str(raised.value)
    with pytest.raises(UnreadableFileError):  # the lock was given back: the same answer again
        Project.open(project_file.parent)


def test_a_sound_project_opens(project_file):
    with Project.open(project_file.parent) as project:
        assert project.read_only_reason is None
        assert len(project.images.all()) == 2


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG", png_of(60_000, 60_000), b"GIF89a" + bytes(40), png_of(96, 96)[:60]]
)
def test_a_kept_thumbnail_that_is_none_is_made_again(content, tmp_path):
    (tmp_path / "1.png").write_bytes(content)
    assert read_thumbnail(tmp_path / "1.png") is None


def test_settings_that_cannot_be_used_cost_only_themselves():
    text = json.dumps(
        {"channel": "mean", "flow_threshold": "high", "formats": [1], "texture": 1, "model": None}
    )
    assert settings_from_json(text) == SegmentSettings(channel="mean")
    assert settings_from_json("[") == SegmentSettings()
    assert settings_from_json("[1]") == SegmentSettings()


@pytest.mark.parametrize("run", ["..", "../elsewhere", "/etc", "a\\b", "C:", ""])
def test_a_queue_names_only_runs_beside_it(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "job.json").write_text("{}")
    runs = tmp_path / "runs"
    (runs / "1").mkdir(parents=True)
    (runs / "1" / "job.json").write_text("{}")
    write_queue(runs, [QueueEntry(run), QueueEntry("1")])
    assert read_queue(runs) == (QueueEntry("1"),)
    assert next_entry(runs) == QueueEntry("1")


def test_a_run_cannot_name_files_elsewhere_as_its_results(project_file):
    with Project.open(project_file.parent) as project:
        (run,) = project.runs.all()
        path = next(iter(project.runs.image_paths(run.id)))
        outputs = ("../../../outside_labels.tif", "/etc/x_labels.tif", "C:\\x_labels.tif", "a_labels.tif")
        events = [
            JobStarted("segment", 1),
            ImageSegmented("a.tif", 3, 0.1, (PlaneFound(ONLY_PLANE, 3, outputs),), path),
        ]
        events_file = project.runs_folder / str(run.id) / "events.jsonl"
        events_file.write_text("".join(to_json_line(event) + "\n" for event in events))
        apply_new_events(project, run.id)
        assert {file for result in project.results.in_set("s") for file in result.files} == {
            "results/s/a_labels.tif"
        }


SEGMENTED = {"event": "ImageSegmented", "image": "a", "n_cells": 1, "seconds": 1.0}


@pytest.mark.parametrize(
    "fields",
    [
        {"event": ["JobStarted"], "kind": "segment", "total": 1},
        {"event": "JobStarted", "kind": "segment", "total": "1"},
        {"event": "JobStarted", "kind": "segment", "total": 2**70},
        {"event": "JobStarted", "kind": "segment", "total": True},
        {"event": "ImageSegmented", "image": "a", "n_cells": 1, "seconds": float("inf")},
        {**SEGMENTED, "outputs": "a.tif"},
        {**SEGMENTED, "outputs": [["a.tif"]]},
        {**SEGMENTED, "planes": [{"address": {"t": -1}, "n_cells": 1, "outputs": []}]},
        {**SEGMENTED, "planes": [{"address": {"suffix": "/../x"}, "n_cells": 1, "outputs": []}]},
        {**SEGMENTED, "planes": [{"address": {"t": "1"}, "n_cells": 1, "outputs": []}]},
        {**SEGMENTED, "planes": [{"address": {}, "n_cells": 2**70, "outputs": []}]},
        {"event": "ImageSegmented", "image": "\ud800", "n_cells": 1, "seconds": 1.0},
        {"event": "StepFinished", "step": 1, "total": 2, "losses": [1], "learning_rate": 0.1},
    ],
)
def test_events_with_values_of_another_kind_are_no_events(fields):
    with pytest.raises(ValueError):  # noqa: PT011 - what is skipped is skipped by this type
        from_json_line(json.dumps(fields))


def test_losses_that_are_no_numbers_are_left_out():
    event = from_json_line(
        '{"event": "StepFinished", "step": 1, "total": 2, "losses": {"total": null}, "learning_rate": 0}'
    )
    assert event == StepFinished(1, 2, {}, 0.0)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"a": "\\ud800"}', b'"\xed\xa0\x80"', b"\xff\xfe", "nonsense", ""]
)
def test_json_fails_in_one_way(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the one type
        parse_json(text)


def test_json_with_whole_characters_is_read():
    assert parse_json('"\\ud83d\\ude00 µ"') == "\U0001f600 µ"
    assert parse_json("\N{BYTE ORDER MARK}[1]".encode()) == [1]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exported model, and an empty folder of own models."""
    from dinocell_app.model.model_archive import export_model

    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "own"))
    make_models(tmp_path)
    export_model(tmp_path / "tiny", tmp_path / "tiny.zip")
    return tmp_path / "tiny.zip"


def test_a_link_in_an_archive_is_left_out(archive, tmp_path):
    from dinocell_app.model.model_archive import import_model

    (tmp_path / "secret").write_text("secret")
    with zipfile.ZipFile(archive, "a") as packed:
        link = zipfile.ZipInfo("card.md")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, str(tmp_path / "secret"))
    folder = import_model(archive)
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "weights.safetensors"]


def test_members_that_lie_over_each_other_are_refused(archive):
    """One packed picture, listed many times: each by itself is sensible, all of them fill the disk."""
    from dinocell_app.model.model_archive import import_model

    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("verdict/0.png", os.urandom(1 << 18) + bytes(30 << 20))
        first = packed.getinfo("verdict/0.png")
        for number in range(1, 200):
            again = zipfile.ZipInfo(f"verdict/{number}.png")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(again, name, getattr(first, name))
            packed.filelist.append(again)
            packed.NameToInfo[again.filename] = again
    with pytest.raises(ModelError, match=r"claims .* MiB, which no model has") as raised:
        import_model(archive)
    assert raised.value.path == archive


@pytest.mark.parametrize("name", ["last.safetensors", "best.safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 8 + b"{}", b"\x02" + bytes(7) + b"{}", b"\x02" + bytes(7) + b"[]"]
)
def test_damaged_checkpoints_are_named(name, content, tmp_path):
    make_checkpoints(tmp_path)
    read_checkpoints(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError) as raised:
        read_checkpoints(tmp_path)
    assert raised.value.path == tmp_path / name
