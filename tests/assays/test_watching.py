"""A watched folder gives each complete image out once, also after a restart."""

from __future__ import annotations

import json
import os
import threading

import pytest
import tifffile

from dinocell_app.assays.watching import GIVE_UP_SECONDS, STABLE_SECONDS, Changes, WatchedFolder
from dinocell_app.cli import main
from tests.cli.conftest import THREE


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(tmp_path):
    folder = tmp_path / "from the microscope"
    folder.mkdir()
    return WatchedFolder(folder, tmp_path / "out" / "watch.jsonl", Clock())


def write(path, value=200):
    tifffile.imwrite(path, (THREE * value).astype("uint8"))


def names(paths):
    return [path.name for path in paths]


def test_an_image_is_given_out_when_it_no_longer_changes(watched):
    whole = watched.folder / "whole.tif"
    write(whole)
    content = whole.read_bytes()
    whole.unlink()
    path = watched.folder / "a.tif"
    for share in (10, 300, len(content)):
        path.write_bytes(content[:share])
        assert watched.complete() == []
        watched.clock.now += STABLE_SECONDS - 0.5
    assert watched.complete() == []
    watched.clock.now += STABLE_SECONDS
    assert names(watched.complete()) == ["a.tif"]


def test_an_image_is_done_once_also_after_a_restart_and_again_when_it_changes(watched):
    path = watched.folder / "a.tif"
    write(path)
    watched.complete()
    watched.clock.now += STABLE_SECONDS
    assert names(watched.complete()) == ["a.tif"]
    watched.note(path, "done")
    watched.clock.now += 100
    assert watched.complete() == []
    again = WatchedFolder(watched.folder, watched.log, Clock())
    again.complete()
    again.clock.now += STABLE_SECONDS
    assert again.complete() == []
    write(path, 100)
    os.utime(path, ns=(1, 1))
    again.complete()
    again.clock.now += STABLE_SECONDS
    assert names(again.complete()) == ["a.tif"]


def test_a_file_that_cannot_be_read_is_reported_once_and_holds_nothing_up(watched):
    (watched.folder / "bad.tif").write_bytes(b"II*\x00 and nothing more")
    write(watched.folder / "good.tif")
    watched.complete()
    watched.clock.now += STABLE_SECONDS
    assert names(watched.complete()) == ["good.tif"]
    watched.note(watched.folder / "good.tif", "done")
    watched.clock.now += GIVE_UP_SECONDS
    assert watched.complete() == []
    assert watched.complete() == []
    lines = [json.loads(line) for line in watched.log.read_text().splitlines()]
    assert [(line["path"], line["outcome"]) for line in lines] == [
        ("good.tif", "done"),
        ("bad.tif", "unreadable"),
    ]
    assert lines[1]["reason"]
    assert watched.n_waiting == 0


def test_a_log_that_was_cut_short_costs_one_image_at_most(watched):
    for name in ("a.tif", "b.tif"):
        write(watched.folder / name)
        watched.note(watched.folder / name, "done")
    content = watched.log.read_bytes()
    watched.log.write_bytes(content[:-20])
    again = WatchedFolder(watched.folder, watched.log, Clock())
    again.complete()
    again.clock.now += STABLE_SECONDS
    assert names(again.complete()) == ["b.tif"]


@pytest.mark.parametrize("polling", [False, True])
def test_changes_wake_whoever_waits(tmp_path, polling):
    woken = threading.Event()
    with Changes(tmp_path, woken.set, polling=polling):
        (tmp_path / "new.tif").write_bytes(b"x")
        assert woken.wait(60)


def test_the_command_does_what_is_there_and_ends(assay_file, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("dinocell_app.assays.watching.STABLE_SECONDS", 0.0)
    out = tmp_path / "out"
    words = ["watch", str(pictures), "--assay", str(assay_file), "-o", str(out), "--once", "--device", "cpu"]
    assert main(words) == 0
    lines = [json.loads(line) for line in (out / "watch.jsonl").read_text().splitlines()]
    assert sorted(line["path"] for line in lines) == ["a.tif", "b.tif", "inner/c.tif"]
    assert (out / "report.html").is_file()
    capsys.readouterr()
    assert main(words) == 0
    assert "cells" not in capsys.readouterr().out
    assert main([*words[:5], str(pictures / "out"), "--once"]) == 2
    assert "watched folder" in capsys.readouterr().err
