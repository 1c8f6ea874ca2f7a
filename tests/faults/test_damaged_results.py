"""Damaged results are noticed and made again; output that nobody reads harms nothing."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dinocell_app.cli import main
from dinocell_app.jobs.events import ImageSegmented, ImageSkipped
from tests.faults.conftest import IMAGES, results


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("a_cells.csv", lambda _: b""),
        ("a_labels.tif", lambda whole: whole[: len(whole) // 2]),
        ("a_overlay.png", None),
    ],
)
def test_a_damaged_result_is_made_again(make_run, tmp_path, undisturbed, name, harm):
    run = make_run(tmp_path / "run")
    assert run.attempt().code == 0
    path = run.output / name
    if harm is None:
        path.unlink()
    else:
        path.write_bytes(harm(path.read_bytes()))
    attempt = run.attempt()
    assert attempt.code == 0
    assert [e.image for e in attempt.events if isinstance(e, ImageSegmented)] == [IMAGES[0]]
    assert [e.image for e in attempt.events if isinstance(e, ImageSkipped)] == [IMAGES[1]]
    assert results(run.output) == undisturbed
    with (run.output / "cells.csv").open(encoding="utf-8", newline="") as lines:
        assert {row["image"] for row in csv.DictReader(lines)} == set(IMAGES)


def test_results_of_earlier_versions_stay_finished(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    assert run.attempt().code == 0
    for record in run.output.glob("*_segmentation.json"):
        text = record.read_text(encoding="utf-8")
        before, _, after = text.partition(',\n  "digests": {')
        record.write_text(before + after[after.index("\n  }") + len("\n  }") :], encoding="utf-8")
    assert sum(isinstance(event, ImageSkipped) for event in run.attempt().events) == len(IMAGES)


@pytest.mark.skipif(sys.platform == "win32", reason="has neither pipes like these nor /dev/full")
@pytest.mark.parametrize("json", [[], ["--json"]])
@pytest.mark.parametrize("reader", ["gone", "full"])
def test_the_work_goes_on_without_a_reader(make_run, tmp_path, undisturbed, reader, json):
    run = make_run(tmp_path / "run")
    reads, writes = os.pipe()
    os.close(reads)
    target = writes if reader == "gone" else os.open("/dev/full", os.O_WRONLY)
    words = [sys.executable, "-m", "dinocell_app", "run", str(run.run.path), *json]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(words, stdout=target, stderr=target, env=environment, check=False, timeout=240)
    os.close(writes)
    assert ended.returncode == 0
    assert results(run.output) == undisturbed


def test_the_code_tells_what_failed_also_without_a_reader(pictures, tiny_model, tmp_path):
    (tmp_path / "bad.tif").write_bytes(b"nonsense")
    inputs = [str(tmp_path / "bad.tif"), str(pictures / IMAGES[0])]
    words = ["segment", *inputs, "-o", str(tmp_path / "out"), "--model", str(tiny_model), "--device", "cpu"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        started = [sys.executable, "-m", "dinocell_app", *words]
        ended = subprocess.run(started, stdout=full, stderr=full, env=environment, check=False, timeout=240)
    assert ended.returncode == 3
    assert main(words) == 3
