"""A run killed at random moments leaves whole files, loses nothing, and ends as one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest

from dinocell_app.jobs.events import ImageSegmented, JobStarted
from tests.faults.conftest import assert_whole, results

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")

OPERATIONS = 60
"""On files, about as many as a run has."""

# The program as it is, started from a process that has imported what takes seconds.
CHILDREN = """
import os, signal, sys, time
from pathlib import Path
import pytest
import dinocell_app.pipeline.segmentation_job
from dinocell_app.cli import main
from tests.faults.faulty_disk import FaultyDisk
for line in sys.stdin:
    folder, _, after = line.strip().partition("|")
    started = time.monotonic()
    child = os.fork()
    if not child:
        sys.stdin.close()
        if after.startswith("operation "):
            disk = FaultyDisk(Path(folder).parent, first=int(after.split()[1]), kills=True)
            disk.put_in_place(pytest.MonkeyPatch())
        os._exit(main(["run", folder]))
    if after and not after.startswith("operation "):
        time.sleep(float(after))
        os.kill(child, signal.SIGKILL)  # one that has ended keeps its number until it is waited for
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), time.monotonic() - started, flush=True)
"""


@pytest.fixture
def children(tmp_path):
    """A process that starts the program, kills it when asked to, and tells how it ended."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    with (
        (tmp_path / "said.txt").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-c", CHILDREN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment,
        ) as process,
    ):
        yield process


def execute(children, folder, after=""):
    """Execute a run, killed after so many seconds or at an operation; gives its exit code and time."""
    children.stdin.write(f"{folder}|{after}\n")
    children.stdin.flush()
    code, seconds = children.stdout.readline().split()
    return int(code), float(seconds)


@pytest.mark.parametrize(
    "n_kills", [10, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
def test_killed_at_random_moments(make_run, tmp_path, undisturbed, children, n_kills, record_property):
    chance = random.Random(7)
    code, seconds = execute(children, make_run(tmp_path / "0").run.path)
    assert code == 0
    killed = begun = rounds = 0
    while killed < n_kills:
        rounds += 1
        assert rounds <= 20 * n_kills, "runs end before they can be killed"
        run = make_run(tmp_path / str(rounds))
        kept: set[str] = set()
        starts = 0
        while killed < n_kills:
            # Files are written in moments that a time by chance seldom hits.
            by_time = chance.random() < 0.4
            moment = chance.uniform(0, seconds) if by_time else f"operation {chance.randrange(OPERATIONS)}"
            code, _ = execute(children, run.run.path, moment)
            assert code in (0, -signal.SIGKILL)
            killed += code == -signal.SIGKILL
            events = run.run.events()
            starts, before = sum(isinstance(event, JobStarted) for event in events), starts
            begun += code != 0 and starts > before
            left = [path for path in run.output.rglob("*.partial*") if not path.name.startswith(".")]
            assert not left
            for path in run.output.rglob(".*.partial*"):
                path.unlink()  # hidden, and never taken for a result
            assert_whole(run.output, undisturbed)
            done = {name for event in events if isinstance(event, ImageSegmented) for name in event.outputs}
            assert kept <= done
            assert all((run.output / name).exists() for name in done), "a result was lost"
            kept = done
            if code == 0:
                break
        assert execute(children, run.run.path)[0] == 0
        assert results(run.output) == undisturbed
    record_property("kills", killed)
    sys.stderr.write(f"{killed} kills in {rounds} runs, {begun} of them after the work had begun\n")
    assert begun > n_kills / 4
