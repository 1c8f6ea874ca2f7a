"""Output folders that are removed, replaced or on a drive that goes away: "done" is what is there."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dinocell_app.base.files import write_text
from dinocell_app.base.standing_folders import FolderGoneError, make_folders, standing
from dinocell_app.export.writing import whole_folder
from dinocell_app.jobs.events import ImageFailed, JobFailed, JobFinished, ResultsLost
from dinocell_app.pipeline import segmentation_job
from dinocell_app.run_queue.progress import ProgressCount
from tests.faults.conftest import IMAGES, assert_told, assert_whole, results
from tests.faults.faulty_disk import FaultyDisk


def after_the_first_image(monkeypatch, do):
    """Do something when the first image of a run is written."""
    write, turns = segmentation_job.write_results, iter(range(10**6))

    def written(*given):
        record = write(*given)
        if next(turns) == 0:
            do()
        return record

    monkeypatch.setattr(segmentation_job, "write_results", written)


def removed(output):
    shutil.rmtree(output)


def moved(output):
    output.rename(output.with_name("elsewhere"))


def replaced(output):
    output.rename(output.with_name("elsewhere"))
    output.mkdir()


@pytest.mark.parametrize("happens", [removed, moved, replaced])
def test_an_output_folder_that_is_not_the_same_ends_the_run(
    make_run, tmp_path, undisturbed, monkeypatch, happens
):
    run = make_run(tmp_path / "run")
    with monkeypatch.context() as patch:
        after_the_first_image(patch, lambda: happens(run.output))
        attempt = run.attempt()
    assert attempt.code == 3
    assert_told(attempt, "removed, moved or replaced", "is not there any more")
    assert isinstance(attempt.events[-1], JobFailed)
    assert {event.image: type(event) for event in attempt.events if isinstance(event, ImageFailed)} == {
        IMAGES[0]: ResultsLost,
        IMAGES[1]: ImageFailed,
    }
    assert not run.output.exists() or not list(run.output.iterdir())  # nothing is made there in its place
    count = ProgressCount()
    for event in attempt.events:
        count.add(event)
    told = count.progress("failed")
    assert (told.done, told.failed, told.left) == (0, 2, 0)
    if happens is not removed:
        shutil.rmtree(run.output, ignore_errors=True)
        run.output.with_name("elsewhere").rename(run.output)
        assert_whole(run.output, undisturbed)
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed


def test_a_drive_that_goes_away_ends_the_run(make_run, tmp_path, undisturbed, monkeypatch):
    place = tmp_path / "run" / "out"
    place.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", place], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("drives may not be mounted here")
    run = make_run(tmp_path / "run")
    with monkeypatch.context() as patch:
        after_the_first_image(patch, lambda: subprocess.run(["umount", "-l", place], check=True))
        attempt = run.attempt()
    assert attempt.code == 3
    assert_told(attempt, "its drive went away", "is not there any more")
    assert list(place.iterdir()) == []
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed


def test_results_that_are_removed_meanwhile_are_not_called_done(make_run, tmp_path, undisturbed, monkeypatch):
    run = make_run(tmp_path / "run")
    with monkeypatch.context() as patch:
        after_the_first_image(patch, lambda: (run.output / "a_labels.tif").unlink())
        attempt = run.attempt()
    assert attempt.code == 3
    assert_told(attempt, "is not there any more")
    last = attempt.events[-1]
    assert isinstance(last, JobFinished)
    assert (last.n_finished, last.n_failed) == (1, 1)
    with (run.output / "images.csv").open(encoding="utf-8", newline="") as lines:
        status = {row["image"]: row["status"] for row in csv.DictReader(lines)}
    assert status[IMAGES[0]] == "failed"
    assert status[IMAGES[1]] != "failed"
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_every_image_is_told_once(make_run, tmp_path, undisturbed, number):
    run = make_run(tmp_path / "run")
    run.output.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        FaultyDisk(run.output, number, 0, stays=True).put_in_place(patch)
        attempt = run.attempt()
    assert attempt.code == 3
    assert list(attempt.failed) == [IMAGES[0]]
    ended = attempt.events[-1]
    assert isinstance(ended, JobFailed)
    assert "the images that are left were not begun" in ended.reason
    assert run.attempt().code == 0
    assert results(run.output) == undisturbed


def test_a_folder_of_images_that_is_gone_is_told_twice_at_most(make_run, pictures, tmp_path, monkeypatch):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(6):
        shutil.copy(pictures / IMAGES[0], folder / f"{number}.tif")
    run = make_run(tmp_path / "run", inputs=(folder,))
    with monkeypatch.context() as patch:
        after_the_first_image(patch, lambda: shutil.rmtree(folder))
        attempt = run.attempt()
    assert attempt.code == 3
    assert list(attempt.failed) == ["1.tif", "2.tif"]
    assert isinstance(attempt.events[-1], JobFailed)
    assert "the folder of the images is gone" in attempt.events[-1].reason
    assert (run.output / "cells.csv").exists()


def test_what_is_written_below_a_folder_follows_it(tmp_path):
    folder = tmp_path / "mine"
    with standing(folder):
        write_text(folder / "deep" / "er" / "a.txt", "a")
        make_folders(folder / "deep" / "also")
        folder.rename(tmp_path / "other")
        folder.mkdir()
        for write in (
            lambda: write_text(folder / "b.txt", "b"),
            lambda: make_folders(folder / "more"),
            lambda: make_folders(folder),
        ):
            with pytest.raises(FolderGoneError, match=r"mine: this folder was removed, moved or replaced"):
                write()
        with pytest.raises(FolderGoneError), whole_folder(folder / "c.zarr") as beside:
            beside.joinpath("array").write_bytes(b"c")
        assert list(folder.iterdir()) == []
        folder.rmdir()
        (tmp_path / "other").rename(folder)
        write_text(folder / "b.txt", "b")
    shutil.rmtree(folder)
    write_text(folder / "b.txt", "b")  # nothing holds it any more
    assert (folder / "b.txt").read_text() == "b"


def test_a_folder_that_goes_while_a_file_is_written_takes_no_file(tmp_path):
    folder = tmp_path / "mine"

    def write_while_it_goes():
        with whole_folder(folder / "c.zarr") as beside:
            beside.joinpath("array").write_bytes(b"c")
            folder.rename(tmp_path / "other")
            shutil.copytree(tmp_path / "other", folder)

    with standing(folder), pytest.raises(FolderGoneError):
        write_while_it_goes()
    assert not (folder / "c.zarr").exists()


@pytest.mark.skipif(os.name == "nt", reason="folders are not opened there")
def test_a_folder_made_anew_with_the_same_number_is_another_one(tmp_path):
    folder = tmp_path / "mine"
    with standing(folder):
        before = folder.stat().st_ino
        folder.rmdir()
        for _ in range(50):
            folder.mkdir()
            assert folder.stat().st_ino != before  # held, so that it is given to nobody
            with pytest.raises(FolderGoneError):
                make_folders(folder)
            folder.rmdir()


def test_nothing_is_left_of_folders_given_back(tmp_path):
    for _ in range(3):
        with standing(tmp_path / "mine"), standing(tmp_path / "mine" / "inner"):
            pass
    assert (tmp_path / "mine" / "inner").exists()
    n_open = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(50):
        with standing(tmp_path / "mine"):
            pass
    if n_open:
        assert len(os.listdir("/proc/self/fd")) <= n_open


def test_a_folder_that_cannot_be_made_is_named_before_any_image(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    run.output.parent.mkdir(exist_ok=True)
    run.output.write_text("mine")
    attempt = run.attempt()
    assert attempt.code == 2
    assert attempt.failed == {}
    assert_told(attempt, "in the way")
    assert run.output.read_text() == "mine"
