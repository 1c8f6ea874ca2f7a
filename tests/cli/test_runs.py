"""Run folders, stopping, and what a killed run leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.base.lengths import Length
from dinocell_app.cli import main
from dinocell_app.jobs.events import ImageSegmented, JobFailed, JobFinished, JobStarted, TilesPredicted
from dinocell_app.jobs.job_files import write_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.pipeline.segmentation_job import segment_images


@pytest.fixture
def job(pictures, tiny_model, tmp_path):
    return SegmentJob(
        inputs=(pictures,),
        output=tmp_path / "out",
        model=str(tiny_model),
        device="cpu",
        flow_threshold=0,
        diameter=Length(value=14),
    )


def files(folder: Path) -> dict[str, str]:
    """Checksums of results that do not tell times."""
    names = [p for p in folder.rglob("*") if p.is_file() and p.name.endswith((".tif", ".png", "cells.csv"))]
    return {p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest() for p in names}


def test_a_run_folder_does_the_same_as_the_shell(segment, job, tmp_path):
    assert segment(out=tmp_path / "shell") == 0
    run = RunFolder.create(tmp_path / "run", job)
    assert main(["run", str(run.path)]) == 0
    assert files(tmp_path / "out") == files(tmp_path / "shell")
    assert run.finished()
    assert isinstance(run.events()[0], JobStarted)
    assert run.log_path.exists()


def test_a_run_asked_to_stop_stops_and_goes_on_later(job, tmp_path):
    run = RunFolder.create(tmp_path / "run", job)
    run.stop_path.touch()
    assert main(["run", str(run.path)]) == 130
    assert not run.stop_path.exists()
    assert not run.finished()
    assert main(["run", str(run.path)]) == 0
    assert run.finished()
    assert len([e for e in run.events() if isinstance(e, ImageSegmented)]) == 2


def test_a_paused_run_waits(tmp_path):
    run = RunFolder(tmp_path)
    run.pause_path.touch()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(run.should_stop()))
    waiting.start()
    waiting.join(0.3)
    assert not answers
    run.pause_path.unlink()
    waiting.join(10)
    assert answers == [False]


def test_a_half_written_line_is_no_event_and_no_obstacle(job, tmp_path):
    run = RunFolder.create(tmp_path / "run", job)
    run.events_path.write_text('{"event": "JobStarted", "kind": "segment", "to')
    assert run.events() == []
    list(run.record(iter([JobFinished(1, 0, 2.0)])))
    assert run.events() == [JobFinished(1, 0, 2.0)]


def test_only_one_process_executes_a_run(job, tmp_path):
    run = RunFolder.create(tmp_path / "run", job)
    with run.locked(), pytest.raises(UserFacingError, match="another process"), run.locked():
        pass
    with run.locked():
        pass


def test_a_run_that_cannot_be_done_says_why(tmp_path):
    job = SegmentJob(inputs=(tmp_path / "gone.tif",), output=tmp_path / "out")
    folder = RunFolder.create(tmp_path / "run", job)
    assert main(["run", str(folder.path)]) == 2
    failed = folder.events()[-1]
    assert isinstance(failed, JobFailed)
    assert "gone.tif: does not exist" in failed.reason
    assert not folder.finished()


def test_a_run_folder_keeps_its_job(job, tmp_path):
    RunFolder.create(tmp_path / "run", job)
    assert RunFolder.create(tmp_path / "run", job).read_job() == job
    with pytest.raises(InvalidParameterError, match="another job"):
        RunFolder.create(tmp_path / "run", job.model_copy(update={"flow_threshold": 1.0}))


def test_a_closed_job_leaves_whole_files_and_goes_on(job):
    events = segment_images(job)
    while not isinstance(next(events), ImageSegmented):
        pass
    assert isinstance(next(events), TilesPredicted)
    events.close()
    assert not list(job.output.rglob("*.partial*"))
    again = list(segment_images(job))
    assert [type(e).__name__ for e in again if hasattr(e, "n_cells")] == ["ImageSkipped", "ImageSegmented"]


def test_stopping_between_tiles_keeps_what_is_finished(job):
    answers = iter([False, False, False, False])
    events = list(segment_images(job, lambda: next(answers, True)))
    last = events[-1]
    assert isinstance(last, JobFinished)
    assert last.stopped
    assert last.n_finished < 2
    assert (job.output / "images.csv").exists()


@pytest.fixture
def long_run(job, tmp_path):
    """A process in the middle of a run with pictures that take it some seconds."""
    picture = np.tile(tifffile.imread(job.inputs[0] / "a.tif"), (30, 30))
    for name in ("x", "y"):
        tifffile.imwrite(job.inputs[0] / f"{name}.tif", picture)
    run = RunFolder(tmp_path / "run")
    write_job(run.job_path, job)
    process = subprocess.Popen(
        [sys.executable, "-m", "dinocell_app", "run", str(run.path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "TilesPredicted" and event["image"] == "x.tif":
            break
    yield process, run
    process.kill()
    process.stdout.close()
    process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to another process on Windows")
def test_ctrl_c_ends_between_tiles_with_everything_finished_kept(long_run, job):
    process, run = long_run
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    last = run.events()[-1]
    assert isinstance(last, JobFinished)
    assert last.stopped
    assert {path.name for path in job.output.glob("*_labels.tif")} == {"a_labels.tif", "b_labels.tif"}
    assert "a.tif" in (job.output / "cells.csv").read_text()


def test_a_killed_run_goes_on_where_it_was(long_run, job):
    process, run = long_run
    process.kill()
    process.wait()
    time.sleep(0.1)
    for name in ("x", "y"):
        (job.inputs[0] / f"{name}.tif").unlink()
    assert not run.finished()
    assert main(["run", str(run.path)]) == 0
    assert run.finished()
    kinds = [type(event).__name__ for event in run.events() if getattr(event, "image", "") == "a.tif"]
    assert kinds[-1] == "ImageSkipped"
