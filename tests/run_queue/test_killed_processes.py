"""Kill window, worker and run at random moments: nothing is lost, and the files come out the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.file_locks import is_held
from dinocell_app.jobs.events import Event, JobStarted
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.run_queue.processes import application_environment
from dinocell_app.run_queue.worker import WORKER_LOCK_NAME

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes in /proc"),
]

KILLS = 24
N_IMAGES = 12
SEED = 20

WINDOW = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from PySide6.QtCore import QCoreApplication
    from dinocell_app.project.project import Project
    from dinocell_app.ui.processes.queue import Queue

    application = QCoreApplication([])
    project = Project.open(Path(sys.argv[1]))
    assert project.read_only_reason is None, project.read_only_reason
    queue = Queue()
    def go_on():
        for run in project.runs.all():
            if run.state in ("interrupted", "stopped"):
                queue.resume(run.id)
    queue.run_finished.connect(lambda run_id: application.quit())
    queue.follow(project)
    go_on()
    if not queue.running():
        sys.exit(0)
    application.exec()
    queue.shut_down()
    project.close()
    """
)


@pytest.fixture
def project_folder(tmp_path, tiny_model):
    """A project with a queued run of pictures that take the tiny network a little while."""
    pictures = tmp_path / "plate"
    pictures.mkdir()
    rows, columns = np.mgrid[:384, :384]
    for number in range(N_IMAGES):
        picture = 100 + 90 * np.sin((rows + 5 * number) / 6) * np.sin(columns / 6)
        tifffile.imwrite(pictures / f"{number:02d}.tif", picture.astype(np.uint8))
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    with Project.create(tmp_path / "study") as project:
        found = find_images([pictures], recursive=True, known=frozenset())
        project.images.add([item for item in found if isinstance(item, FoundImage)])
        ids = [image.id for image in project.images.all()]
        job = segment_job(project, ids, settings, "first")
        run = project.runs.add("first", job, ids)
        project.runs.set_state(run.id, "stopped")
        list(segment_images(job.model_copy(update={"output": tmp_path / "undisturbed"})))
        folder = project.folder
    yield folder
    for number in processes_of(folder).values():
        os.kill(number, signal.SIGKILL)


def processes_of(folder: Path) -> dict[str, int]:
    """Process numbers of the window, the worker and the run that have the project in their command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if not dead and any(word.startswith(str(folder)) for word in words):
            kind = next((word for word in words if word in ("work", "run")), "window")
            found[kind] = int(entry.name)
    return found


def contents(folder: Path) -> dict[str, str]:
    """Checksums of results that do not tell times."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name.endswith((".tif", ".png", "cells.csv"))
    }


def open_window(folder: Path) -> subprocess.Popen[bytes]:
    environment = application_environment() | {"QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen([sys.executable, "-c", WINDOW, str(folder)], env=environment)


def test_killed_at_random_moments(project_folder, tmp_path):
    chance = random.Random(SEED)
    killed = {"window": 0, "work": 0, "run": 0}
    window = open_window(project_folder)
    seen: set[str] = set()
    while sum(killed.values()) < KILLS:
        wait_for_a_moment(project_folder, chance)
        alive = processes_of(project_folder)
        if not alive:
            # A run that ended before its turn to be killed begins anew, with its files made again.
            window.wait()
            unfinish(project_folder, chance)
            window = open_window(project_folder)
            continue
        kind = "run" if "run" in alive and chance.random() < 0.4 else chance.choice(sorted(alive))
        os.kill(alive[kind], signal.SIGKILL)
        killed[kind] += 1
        if kind == "window" or window.poll() is not None:
            window.wait()
            seen = results_are_kept(project_folder, seen)
            window = open_window(project_folder)
    assert all(killed.values()), f"not every kind of process was killed: {killed}"
    begun = sum(isinstance(event, JobStarted) for event in events_of(project_folder))
    assert begun > KILLS / 6, "most processes were killed before they did anything"
    finish(project_folder, window)
    with Project.open(project_folder) as project:
        (run,) = project.runs.all()
        assert (run.state, run.n_finished, run.n_failed) == ("finished", N_IMAGES, 0)
        assert {result.status for result in project.results.latest().values()} == {"finished"}
        assert len(project.results.latest()) == N_IMAGES
        assert all(len(project.results.of_image(image.id)) == 1 for image in project.images.all())
        results = project.results_folder / "first"
    assert contents(results) == contents(tmp_path / "undisturbed")


def test_asleep_in_the_middle(project_folder, tmp_path):
    """A computer that sleeps stops every process at once and lets all go on later."""
    chance = random.Random(SEED)
    window = open_window(project_folder)
    naps = 0
    while naps < 6 and window.poll() is None:
        wait_for_a_moment(project_folder, chance)
        alive = processes_of(project_folder)
        if "run" not in alive:
            continue
        for number in alive.values():
            os.kill(number, signal.SIGSTOP)
        naps += 1
        time.sleep(2)
        for number in alive.values():
            os.kill(number, signal.SIGCONT)
    window.wait()
    assert naps >= 2
    assert sum(isinstance(event, JobStarted) for event in events_of(project_folder)) == 1
    with Project.open(project_folder) as project:
        (run,) = project.runs.all()
        assert (run.state, run.n_finished, run.n_failed) == ("finished", N_IMAGES, 0)
        results = project.results_folder / "first"
    assert contents(results) == contents(tmp_path / "undisturbed")


def wait_for_a_moment(folder: Path, chance: random.Random) -> None:
    """Wait a little now and then, which hits processes that start; else until some more tiles are done."""
    if chance.random() < 0.25:
        time.sleep(chance.uniform(0, 3))
        return
    wanted = len(events_of(folder)) + chance.randint(1, 150)
    until = time.monotonic() + 60
    while len(events_of(folder)) < wanted and processes_of(folder) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(chance.uniform(0, 0.05))


def events_of(folder: Path) -> list[Event]:
    return RunFolder(folder / "runs" / "1").events()


def results_are_kept(folder: Path, seen: set[str]) -> set[str]:
    """Open the project as the next window would: what an earlier one knew is still there."""
    with Project.open(folder) as project:
        assert project.read_only_reason is None
        known = {file for result in project.results.latest().values() for file in result.files}
        assert len(project.images.all()) == N_IMAGES
    assert seen <= known
    return known


def unfinish(folder: Path, chance: random.Random) -> None:
    """Take some results away and let the run be asked for again."""
    with Project.open(folder) as project:
        for result in project.results.latest().values():
            if chance.random() < 0.5:
                for file in result.files:
                    (project.folder / file).unlink(missing_ok=True)
        (run,) = project.runs.all()
        project.runs.set_state(run.id, "stopped")


def finish(folder: Path, window: subprocess.Popen[bytes]) -> None:
    """Open windows until one finds the run finished."""
    for _ in range(KILLS):
        window.wait()
        while processes_of(folder) or is_held(folder / "runs" / WORKER_LOCK_NAME):
            time.sleep(0.1)
        with Project.open(folder) as project:
            if project.runs.all()[0].state == "finished":
                return
        window = open_window(folder)
    raise AssertionError("the run does not come to an end")
