"""Memory that runs out, drives that vanish, folders that refuse, clocks that jump, two runs at once."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

import pytest
import torch

from dinocell_app.jobs.events import ImageSegmented
from dinocell_app.measurement.plane import measure_plane
from dinocell_app.pipeline import reading_ahead, segmentation_job
from dinocell_app.segmentation import predictor
from tests.faults.conftest import IMAGES, assert_told, assert_whole, results
from tests.faults.faulty_disk import FaultyDisk

WRITE_FAULTS = {
    errno.EROFS: "writing is not permitted",
    errno.EACCES: "writing is not permitted",
    errno.ESTALE: "does not answer",
    errno.EHOSTDOWN: "does not answer",
    errno.EIO: "could not be written",
}


def once(do, error, turn=0):
    """Do as before, but raise in one turn."""
    turns = iter(range(10**6))

    def faulty(*given, **named):
        if next(turns) == turn:
            raise error
        return do(*given, **named)

    return faulty


def assert_one_failed_and_resumed(run, undisturbed, attempt, *words):
    """The first image failed with a sentence, the other is done; the next attempt ends as undisturbed."""
    assert attempt.code == 3
    assert_told(attempt, *words)
    assert list(attempt.failed) == [IMAGES[0]]
    assert [event.image for event in attempt.events if isinstance(event, ImageSegmented)] == [IMAGES[1]]
    assert_whole(run.output, undisturbed)
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed


@pytest.mark.parametrize(
    "error",
    [MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")],
    ids=["host", "device"],
)
@pytest.mark.parametrize("stage", ["network", "decoding", "measuring"])
def test_memory_runs_out(make_run, tmp_path, undisturbed, monkeypatch, stage, error):
    run = make_run(tmp_path / "run")
    with monkeypatch.context() as patch:
        if stage == "network":
            model = segmentation_job.load_model(Path(run.job.model), torch.device("cpu"))
            patch.setattr(model.network, "forward", once(model.network.forward, error))
            patch.setattr(segmentation_job, "load_model", lambda *_: model)
        elif stage == "decoding":
            patch.setattr(predictor, "_decode", once(predictor._decode, error))
        else:
            patch.setattr(segmentation_job, "measure_plane", once(measure_plane, error))
        attempt = run.attempt()
    assert_one_failed_and_resumed(run, undisturbed, attempt, "memory")


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EHOSTDOWN, errno.EIO, errno.ENOENT, errno.EACCES])
@pytest.mark.parametrize("stage", ["checksum", "opening", "pixels"])
def test_an_image_is_on_a_drive_that_vanishes(make_run, tmp_path, undisturbed, monkeypatch, stage, number):
    run = make_run(tmp_path / "run")
    error = OSError(number, os.strerror(number), "picture")
    with monkeypatch.context() as patch:
        if stage == "checksum":
            patch.setattr(reading_ahead, "file_sha256", once(reading_ahead.file_sha256, error))
        elif stage == "opening":
            from dinocell_app.imaging import tiff

            patch.setattr(tiff, "TiffReader", once(tiff.TiffReader, error))
        else:
            from dinocell_app.imaging.tiff import TiffReader

            patch.setattr(TiffReader, "_decode_plane", once(TiffReader._decode_plane, error))
        attempt = run.attempt()
    assert_one_failed_and_resumed(run, undisturbed, attempt, "drive", "Allow reading")


@pytest.mark.parametrize(("number", "words"), WRITE_FAULTS.items())
def test_results_may_not_be_written(make_run, tmp_path, undisturbed, number, words):
    run = make_run(tmp_path / "run")
    with pytest.MonkeyPatch.context() as patch:
        FaultyDisk(run.output, number, 0, stays=True).put_in_place(patch)
        attempt = run.attempt()
    assert_told(attempt, words)
    assert attempt.failed == {}  # the folder could not be made, so no image was begun
    assert_whole(run.output, undisturbed)
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed


def test_a_picture_that_is_gone_fails_alone_and_comes_back(make_run, pictures, tmp_path, undisturbed):
    away = tmp_path / "away.tif"
    run = make_run(tmp_path / "run", inputs=tuple(pictures / name for name in IMAGES), roots=(pictures,))
    shutil.move(pictures / IMAGES[0], away)
    try:
        attempt = run.attempt()
    finally:
        shutil.move(away, pictures / IMAGES[0])
    assert_told(attempt, "does not exist")
    assert list(attempt.failed) == [f"{pictures.name}/{IMAGES[0]}"]
    assert run.attempt().code == 0
    found = results(run.output / pictures.name)
    # Their tables name the images with the folder they are from.
    assert all(found[name] == undisturbed[name] for name in ("a_labels.tif", "b_labels.tif"))


def test_a_clock_that_jumps_back(make_run, tmp_path, undisturbed, monkeypatch):
    run = make_run(tmp_path / "run")
    now, steps = time.time(), iter(range(10**6))
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now - 3600 * next(steps))
        assert run.attempt().code == 0
        assert run.attempt().code == 0
    assert results(run.output) == undisturbed
    seconds = [event.seconds for event in run.run.events() if isinstance(event, ImageSegmented)]
    assert len(seconds) == len(IMAGES)
    assert min(seconds) >= 0


def test_a_second_execution_is_refused_and_does_no_harm(make_run, tmp_path, undisturbed):
    run = make_run(tmp_path / "run")
    with run.run.locked():
        second = run.attempt()
        assert second.code == 2
        assert_told(second, "another process")
        assert not run.output.exists()
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed
