"""The disk refuses at every single operation of a run: nothing partial, nothing lost, and a sentence."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from tests.faults.conftest import IMAGES, assert_told, assert_whole, results
from tests.faults.faulty_disk import FaultyDisk

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds open files in /proc")

FULL = ("disk is full",)


def refuse_everywhere(make_run, folder, undisturbed, number, words, *, stays, every=1):
    """Do the run once for each operation it has, with that one refused; then resume it."""
    disk = FaultyDisk(folder / "0")
    run = make_run(folder / "0")
    with pytest.MonkeyPatch.context() as patch:
        disk.put_in_place(patch)
        assert run.attempt().code == 0
    n_told = 0
    for first in range(0, len(disk.operations), every):
        place = folder / str(first + 1)
        run = make_run(place)
        faulty = FaultyDisk(place, number, first, stays)
        with pytest.MonkeyPatch.context() as patch:
            faulty.put_in_place(patch)
            attempt = run.attempt()
        where = disk.operations[first]
        assert_whole(run.output, undisturbed)
        assert not list(place.rglob("*.partial*")), where
        if attempt.code == 0:
            # Folders that are there already, and lines of the log, are not missed.
            assert where.startswith("mkdir") or "log.txt" in where, f"{where}: nobody was told"
            assert results(run.output) == undisturbed, where
        else:
            assert_told(attempt, *words)
            n_told += 1
            if not stays:
                assert len(attempt.failed) <= 1
        resumed = run.attempt()
        assert resumed.code == 0, where
        assert results(run.output) == undisturbed, where
        shutil.rmtree(place)
    assert n_told > 20 * len(IMAGES) / every


def test_one_operation_finds_the_disk_full(make_run, tmp_path, undisturbed):
    refuse_everywhere(make_run, tmp_path / "once", undisturbed, errno.ENOSPC, FULL, stays=False)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_the_disk_is_full_from_some_moment_on(make_run, tmp_path, undisturbed, every):
    refuse_everywhere(make_run, tmp_path / "on", undisturbed, errno.ENOSPC, FULL, stays=True, every=every)
