"""Runs of a real project through real processes, as the window asks for and follows them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QTimer

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.events import ImageFailed, ImageSegmented, JobFinished, JobStarted, to_json_line
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.run_queue.order import read_queue
from dinocell_app.ui.processes import queue as queue_module
from dinocell_app.ui.processes.queue import Queue

WAIT_MS = 200_000


@pytest.fixture
def project(tmp_path):
    """A project of three pictures of four cells; the third is no picture."""
    folder = tmp_path / "plate"
    folder.mkdir()
    rows, columns = np.mgrid[:64, :64]
    picture = sum(
        np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 32)
        for row, column in ((12, 12), (12, 48), (48, 12), (48, 48))
    )
    for name in ("a", "b", "c"):
        tifffile.imwrite(folder / f"{name}.tif", (picture * 200).astype(np.uint8))
    with Project.create(tmp_path / "study") as project:
        found = find_images([folder], recursive=True, known=frozenset())
        project.images.add([item for item in found if isinstance(item, FoundImage)])
        (folder / "c.tif").write_bytes(b"nothing")
        yield project


@pytest.fixture
def job(project, tiny_model):
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    return segment_job(project, [image.id for image in project.images.all()], settings, "first")


@pytest.fixture
def started(monkeypatch):
    """Folders of runs for which a worker was started; none is."""
    folders = []

    class Ended:
        def poll(self) -> int:
            return 0

    def start(runs: Path) -> Ended:
        folders.append(runs)
        return Ended()

    monkeypatch.setattr(queue_module, "start_worker", start)
    return folders


@pytest.fixture
def queue(qapp):
    queue = Queue()
    yield queue
    queue.shut_down()


def ids(project) -> list[int]:
    return [image.id for image in project.images.all()]


def write_events(record, *events) -> None:
    with (record.folder / "events.jsonl").open("a", encoding="utf-8", newline="\n") as lines:
        lines.writelines(to_json_line(event) + "\n" for event in events)


def failed_run(queue, project, job):
    """A run that ended with a failed image, as if a process had done it."""
    record = queue.enqueue("first", job, ids(project))
    paths = [str(path) for path in job.inputs]
    (record.folder / "ATTEMPT").write_text("1")
    write_events(
        record,
        JobStarted("segment", 3, 0, "cpu"),
        ImageSegmented("a", 4, 1.0, (), paths[0]),
        ImageSegmented("b", 4, 1.0, (), paths[1]),
        ImageFailed("c", "Not a picture.", paths[2]),
        JobFinished(2, 1, 3.0),
    )
    return record


def test_a_run_is_done_by_processes_and_the_window_is_never_held_up(qtbot, queue, project, job):
    """The event loop turns while a run goes on; what it does in a turn takes under 50 ms of the processor.

    Time of the processor, because other programs may hold up a test but not the window's own work.
    """
    turns = []
    last = [time.thread_time()]

    def beat() -> None:
        now = time.thread_time()
        turns.append(now - last[0])
        last[0] = now

    heart = QTimer()
    heart.timeout.connect(beat)
    images, over = [], []
    queue.image_finished.connect(images.append)
    queue.run_finished.connect(over.append)
    queue.follow(project)
    heart.start(5)
    record = queue.enqueue("first", job, ids(project))
    assert queue.progress(record.id).state == "queued"
    assert queue.running() == [record.id]
    qtbot.waitUntil(lambda: over == [record.id], timeout=WAIT_MS)
    heart.stop()
    assert len(turns) > 50
    assert max(turns[1:]) < 0.05
    progress = queue.progress(record.id)
    assert (progress.state, progress.done, progress.failed, progress.n_cells) == ("finished", 2, 1, 8)
    assert (progress.remaining_seconds, progress.device) == (0, "cpu")
    assert Path(progress.failures[0].path).name == "c.tif"
    assert images == ids(project)
    assert project.runs.get(record.id).state == "finished"
    assert {result.status for result in project.results.latest().values()} == {"finished", "failed"}
    qtbot.waitUntil(lambda: not queue._timer.isActive(), timeout=WAIT_MS)


def test_results_of_a_run_that_went_on_without_the_window_are_found(qtbot, queue, project, job, started):
    queue.follow(project)
    record = queue.enqueue("first", job, ids(project))
    queue.shut_down()
    (record.folder / "ATTEMPT").write_text("1")
    write_events(
        record,
        JobStarted("segment", 3, 0, "cpu"),
        ImageSegmented("a", 4, 1.0, (), str(job.inputs[0])),
    )
    reopened, over = Queue(), []
    reopened.run_finished.connect(over.append)
    reopened.follow(project)
    qtbot.waitUntil(lambda: over == [record.id], timeout=WAIT_MS)
    assert reopened.progress(record.id).state == "interrupted"
    assert project.runs.get(record.id).state == "interrupted"
    assert reopened.progress(record.id).done == 1
    assert len(project.results.latest()) == 1
    reopened.resume(record.id)
    assert project.runs.get(record.id).state == "queued"
    assert read_queue(project.runs_folder)[0].attempt == 2
    assert len(started) == 2
    reopened.shut_down()


def test_what_waited_when_the_computer_was_switched_off_is_begun(queue, project, job, started):
    queue.follow(project)
    queue.enqueue("first", job, ids(project))
    queue.shut_down()
    queue.follow(project)
    assert len(started) == 2


def test_failed_images_are_retried_in_a_run_of_their_own(qtbot, queue, project, job, started):
    queue.follow(project)
    record = failed_run(queue, project, job)
    qtbot.waitUntil(lambda: queue.progress(record.id).state == "finished", timeout=WAIT_MS)
    again = queue.retry_failed(record.id)
    assert [path.name for path in again.folder.joinpath("job.json").parent.glob("job.json")] == ["job.json"]
    assert again.image_ids == (ids(project)[2],)
    assert again.total == 1
    replacing = queue.retry_failed(record.id, replace=True)
    assert [read_job(run.folder / "job.json").overwrite for run in (again, replacing)] == [False, True]
    with pytest.raises(InvalidParameterError, match="No image"):
        queue.retry_failed(again.id)


def test_what_a_person_asks_of_runs_reaches_disk_and_project(qtbot, queue, project, job, started):
    queue.follow(project)
    first, second = (queue.enqueue(name, job, ids(project)) for name in ("first", "second"))
    queue.reorder([second.id, first.id])
    assert [entry.run for entry in read_queue(project.runs_folder)] == [second.folder.name, first.folder.name]
    assert [record.id for record in project.runs.all()] == [second.id, first.id]
    queue.pause(first.id)
    qtbot.waitUntil(lambda: project.runs.get(first.id).state == "paused", timeout=WAIT_MS)
    queue.resume(first.id)
    qtbot.waitUntil(lambda: project.runs.get(first.id).state == "queued", timeout=WAIT_MS)
    with qtbot.waitSignal(queue.run_finished, timeout=WAIT_MS):
        queue.cancel(first.id)
    assert project.runs.get(first.id).state == "stopped"
    queue.stop(second.id)
    qtbot.waitUntil(lambda: not queue.running(), timeout=WAIT_MS)
    queue.remove(second.id)
    assert [record.id for record in project.runs.all()] == [first.id]


def test_without_a_project_there_is_nothing_to_ask(queue, job):
    with pytest.raises(InvalidParameterError, match="No project"):
        queue.enqueue("first", job, [1])
    queue.look()
    assert queue.running() == []
