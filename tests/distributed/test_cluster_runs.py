"""Segmenting on dask workers that are processes of their own: the same files, and nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.lengths import Length
from dinocell_app.cli import main
from dinocell_app.distributed.cluster_job import TOKEN_PREFIX, segment_on_cluster
from dinocell_app.distributed.handing_out import Wishes
from dinocell_app.jobs.events import (
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobFinished,
    JobStarted,
    Notice,
    TilesPredicted,
)
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.pipeline.segmentation_job import segment_images

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def job(plate, tiny_model, tmp_path):
    return SegmentJob(
        inputs=(plate,),
        output=tmp_path / "out",
        model=str(tiny_model),
        device="cpu",
        flow_threshold=0,
        diameter=Length(value=14),
        formats=("labels", "overlay", "csv", "geojson"),
    )


def files(folder: Path) -> dict[str, str]:
    """Checksums of results that do not tell times."""
    named = [path for path in folder.rglob("*") if path.is_file()]
    told = [path for path in named if not path.name.endswith(("_segmentation.json", "images.csv"))]
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in told}


def timeless(folder: Path) -> list[dict]:
    """What the sidecars say, but for times and how the output folder is called."""
    records = [json.loads(path.read_text()) for path in sorted(folder.glob("*_segmentation.json"))]
    for record in records:
        for key in [key for key in record if "seconds" in key or "created" in key or "time" in key]:
            del record[key]
    return records


def kinds(events) -> list[str]:
    return [type(event).__name__ for event in events if not isinstance(event, TilesPredicted)]


def test_a_cluster_writes_the_files_of_a_plain_run(job, cluster, tmp_path):
    plain = job.model_copy(update={"output": tmp_path / "plain"})
    RunFolder.create(tmp_path / "plain-run", plain)
    assert main(["run", str(tmp_path / "plain-run")]) == 3
    run = RunFolder.create(tmp_path / "run", job)
    assert main(["run", str(run.path), "--dask", str(cluster.file)]) == 3

    assert files(tmp_path / "out") == files(tmp_path / "plain")
    assert len([name for name in files(tmp_path / "out") if name.endswith("_labels.tif")]) == 6
    assert timeless(tmp_path / "out") == timeless(tmp_path / "plain")
    assert len(timeless(tmp_path / "out")) == 6
    events = run.events()
    assert events[0] == JobStarted("segment", 7, 0, "2 dask workers (cpu)")
    plain_events = RunFolder(tmp_path / "plain-run").events()
    assert sorted(kinds(events)) == sorted(kinds(plain_events))
    outputs = [e.outputs for e in events if isinstance(e, ImageSegmented)]
    assert sorted(outputs) == [e.outputs for e in plain_events if isinstance(e, ImageSegmented)]
    (failed,) = [e for e in events if isinstance(e, ImageFailed)]
    assert failed in plain_events
    assert isinstance(events[-1], JobFinished)
    assert (events[-1].n_finished, events[-1].n_failed, events[-1].stopped) == (6, 1, False)
    assert events[-1].outputs == plain_events[-1].outputs
    assert not list((tmp_path / "out").glob(f"{TOKEN_PREFIX}*"))

    again = list(segment_on_cluster(job.model_copy(update={"dask": str(cluster.file)}), Wishes()))
    assert kinds(again).count("ImageSkipped") == 6


def test_stopped_after_an_image_it_goes_on_later(job, cluster):
    job = job.model_copy(update={"dask": str(cluster.file)})
    seen = []
    wishes = Wishes(should_stop_after_image=lambda: "ImageSegmented" in kinds(seen))
    for event in segment_on_cluster(job, wishes):
        seen.append(event)
    assert isinstance(seen[-1], JobFinished)
    assert seen[-1].stopped
    assert 1 <= seen[-1].n_finished <= 4
    assert (job.output / "cells.csv").exists()
    rest = list(segment_on_cluster(job, Wishes()))
    assert kinds(rest).count("ImageSkipped") == seen[-1].n_finished
    assert kinds(rest).count("ImageSkipped") + kinds(rest).count("ImageSegmented") == 6


@pytest.fixture
def large(plate):
    """A picture that takes the tiny network some seconds, as the first of the plate."""
    tile = tifffile.imread(plate / "0.tif")
    tifffile.imwrite(plate / "0.tif", np.tile(tile, (5, 5)))
    return plate


def test_a_request_to_stop_ends_an_image_in_its_middle(job, large, cluster):
    job = job.model_copy(update={"dask": str(cluster.file), "inputs": (large / "0.tif",)})
    seen = []
    for event in segment_on_cluster(job, Wishes(should_stop=lambda: "TilesPredicted" in map(_name, seen))):
        seen.append(event)
    assert isinstance(seen[-1], JobFinished)
    assert seen[-1].stopped
    assert seen[-1].n_finished == 0
    assert not list(job.output.glob("0_*"))


def _name(event) -> str:
    return type(event).__name__


def test_a_pause_reaches_the_workers(job, large, cluster, tmp_path):
    job = job.model_copy(update={"dask": str(cluster.file), "inputs": (large / "0.tif",)})
    polls = []
    seen = []

    def should_wait() -> bool:
        if "TilesPredicted" not in map(_name, seen):
            return False
        polls.append(len(seen))
        return len(polls) < 15

    for event in segment_on_cluster(job, Wishes(should_wait=should_wait)):
        seen.append(event)
    # For most of the polls nothing happened, and then the image was finished.
    assert polls[14] - polls[4] <= 1
    assert isinstance(seen[-1], JobFinished)
    assert seen[-1].n_finished == 1


def test_the_image_of_a_killed_worker_is_done_by_another(job, large, own_cluster):
    victim = own_cluster.add_worker()
    own_cluster.add_worker()
    job = job.model_copy(update={"dask": str(own_cluster.file)})
    seen = []
    for event in segment_on_cluster(job, Wishes()):
        seen.append(event)
        if isinstance(event, TilesPredicted) and victim.poll() is None:
            victim.kill()
            victim.wait()
    last = seen[-1]
    assert victim.returncode == -signal.SIGKILL
    assert isinstance(last, JobFinished)
    assert (last.n_finished, last.n_failed, last.stopped) == (6, 1, False)
    done = [event.image for event in seen if isinstance(event, ImageSegmented | ImageSkipped | ImageFailed)]
    assert sorted(done) == sorted(path.name for path in large.iterdir())
    assert [event for event in seen if isinstance(event, Notice) and "is done by another" in event.message]
    # A process that is killed while it writes leaves one file that is not called a result.
    assert len(list(job.output.rglob("*.partial*"))) <= 1


def test_a_scheduler_that_goes_away_ends_the_run_with_what_is_finished(job, large, own_cluster, tmp_path):
    own_cluster.add_worker()
    job = job.model_copy(update={"dask": str(own_cluster.file)})
    seen = []

    def kill_the_scheduler_after_an_image():
        for event in segment_on_cluster(job, Wishes()):
            seen.append(event)
            if isinstance(event, ImageSegmented) and own_cluster.scheduler.poll() is None:
                own_cluster.scheduler.kill()

    with pytest.raises(UserFacingError, match="connection to the dask scheduler was lost"):
        kill_the_scheduler_after_an_image()
    finished = {event.image for event in seen if isinstance(event, ImageSegmented)}
    table = (job.output / "cells.csv").read_text()
    assert finished
    assert all(name in table for name in finished)
    own_cluster.end()
    rest = list(segment_images(job))
    assert rest[-1].n_finished == 6
    assert finished <= {event.image for event in rest if isinstance(event, ImageSkipped)}


def test_the_shell_starts_workers_of_its_own_and_ends_them_on_ctrl_c(job, large, tmp_path):
    words = ["segment", str(large), "-o", str(job.output), "--model", job.model, "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dinocell_app", *words, "--dask", "local:2", "--diameter", "14px", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        start_new_session=True,
    )
    assert process.stdout is not None
    asked = False
    for line in process.stdout:
        if json.loads(line)["event"] == "TilesPredicted" and not asked:
            asked = True
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it, too
    assert asked
    error = process.stderr.read()
    process.stderr.close()
    process.stdout.close()
    assert process.wait(60) == 130, error
    assert "Traceback" not in error
