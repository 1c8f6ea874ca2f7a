"""How far a run is, and its state, from what is on disk."""

from __future__ import annotations

import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.events import (
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobFailed,
    JobFinished,
    JobStarted,
    ReferencesDoubted,
    TilesPredicted,
    to_json_line,
)
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.run_queue import intents
from dinocell_app.run_queue.following import RunFacts, RunFollower, state_of
from dinocell_app.run_queue.order import ask_for, begin_attempt, next_entry
from dinocell_app.run_queue.progress import RECENT_IMAGES, ProgressCount

START = JobStarted("segment", 10, 0, "cpu")


def counted(*events):
    count = ProgressCount(total=7)
    for event in events:
        count.add(event)
    return count.progress("running")


def test_before_the_start_only_the_expected_number_is_known():
    progress = counted()
    assert (progress.total, progress.remaining_seconds, progress.seconds_per_image) == (7, None, None)


def test_doubted_images_are_those_of_the_last_attempt():
    before, now = ReferencesDoubted("a.tif", 0.3, "/a.tif"), ReferencesDoubted("b.tif", 0.5, "/b.tif")
    assert counted(START, before, now).doubted == (before, now)
    assert counted(START, before, START, now).doubted == (now,)


def test_remaining_time_is_speed_times_images_left():
    progress = counted(
        START,
        ImageSegmented("a", 5, 4.0),
        ImageSegmented("b", 7, 6.0),
        ImageSkipped("c", 1),
        ImageFailed("d", "no"),
    )
    assert (progress.done, progress.failed, progress.left, progress.n_cells) == (3, 1, 6, 13)
    assert progress.seconds_per_image == 5
    assert progress.remaining_seconds == 30


def test_tiles_of_the_image_in_hand_count():
    progress = counted(START, ImageSegmented("a", 5, 4.0), TilesPredicted("b", 3, 4))
    assert (progress.current_image, progress.tile_done, progress.tile_total) == ("b", 3, 4)
    assert progress.remaining_seconds == 4 * (9 - 0.75)


def test_speed_follows_the_latest_images():
    slow = [ImageSegmented("s", 0, 100.0)] * 5
    quick = [ImageSegmented("q", 0, 1.0)] * RECENT_IMAGES
    assert counted(JobStarted("segment", 99), *slow, *quick).seconds_per_image == 1


def test_a_night_asleep_is_not_the_speed_of_an_image():
    slept = [ImageSegmented("s", 0, 2.0)] * 4 + [ImageSegmented("s", 0, 9 * 3600.0)]
    progress = counted(JobStarted("segment", 10), *slept)
    assert (progress.seconds_per_image, progress.remaining_seconds) == (2, 10)


def test_a_resumed_run_counts_anew():
    progress = counted(
        START, ImageFailed("a", "no"), ImageSegmented("b", 5, 4.0), JobFinished(1, 1, 9.0, stopped=True),
        START, ImageSkipped("b", 5),
    )  # fmt: skip
    assert (progress.done, progress.failed, progress.n_cells, progress.failures) == (1, 0, 5, ())


def test_nothing_remains_of_a_finished_run():
    done = [ImageSegmented("a", 1, 2.0)] * 10
    assert counted(START, *done, JobFinished(10, 0, 20.0)).remaining_seconds == 0
    assert counted(JobFailed("No model. Get one.")).reason == "No model. Get one."


STOPPED, FINISHED = JobFinished(1, 0, 1.0, stopped=True), JobFinished(1, 0, 1.0)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (RunFacts(False, True, False, False), "queued"),
        (RunFacts(False, True, True, False), "paused"),
        (RunFacts(True, False, False, True), "running"),
        (RunFacts(True, False, True, True), "paused"),
        (RunFacts(True, False, False, True, STOPPED), "running"),
        (RunFacts(False, True, False, True, STOPPED), "queued"),
        (RunFacts(False, False, False, True, FINISHED), "finished"),
        (RunFacts(False, False, False, True, STOPPED), "stopped"),
        (RunFacts(False, False, False, True, JobFailed("no")), "failed"),
        (RunFacts(False, False, False, True), "interrupted"),
        (RunFacts(False, False, False, False), "stopped"),
    ],
)
def test_states(facts, state):
    assert state_of(facts) == state


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "1")
    folder.path.mkdir(parents=True)
    folder.job_path.write_text("{}")
    return folder


def write(run, text, mode="a"):
    with run.events_path.open(mode, encoding="utf-8", newline="\n") as file:
        file.write(text)


def test_a_follower_reads_each_event_once_and_leaves_a_line_that_is_being_written(run):
    follower = RunFollower(run.path)
    assert follower.read() == []
    line = to_json_line(ImageSegmented("é", 1, 2.0))
    write(run, to_json_line(START) + "\n" + line[:20])
    assert follower.read() == [START]
    assert follower.read() == []
    write(run, line[20:] + "\n" + "rubbish\n" + to_json_line(FINISHED) + "\n")
    assert follower.read() == [ImageSegmented("é", 1, 2.0), FINISHED]
    assert follower.progress("finished").done == 1


def test_a_follower_reads_long_histories_in_pieces(run, monkeypatch):
    from dinocell_app.run_queue import following

    monkeypatch.setattr(following, "CHUNK_BYTES", 300)
    events = [START] + [ImageSegmented(f"image {number}", number, 1.0) for number in range(40)]
    write(run, "".join(to_json_line(event) + "\n" for event in events))
    follower, pieces = RunFollower(run.path), []
    while piece := follower.read():
        pieces.append(piece)
    assert len(pieces) > 10
    assert [event for piece in pieces for event in piece] == events


def test_a_line_longer_than_a_piece_is_read(run, monkeypatch):
    from dinocell_app.run_queue import following

    monkeypatch.setattr(following, "CHUNK_BYTES", 16)
    write(run, to_json_line(START) + "\n")
    assert RunFollower(run.path).read() == [START]


def facts_of(run) -> str:
    follower = RunFollower(run.path)
    follower.read()
    return state_of(follower.facts())


def test_the_life_of_a_run_on_disk(run):
    runs = run.path.parent
    assert facts_of(run) == "stopped"
    ask_for(runs, "1")
    assert facts_of(run) == "queued"
    intents.pause(run.path)
    assert facts_of(run) == "paused"
    assert next_entry(runs) is None
    assert intents.resume(run.path)
    begin_attempt(run.path, 1)
    with run.locked():
        assert facts_of(run) == "running"
        intents.pause(run.path)
        assert facts_of(run) == "paused"
        assert not intents.resume(run.path)
        intents.stop_after_image(run.path)
        assert run.should_stop_after_image()
        assert not run.should_stop()
    assert facts_of(run) == "interrupted"
    assert intents.resume(run.path)
    assert not run.should_stop_after_image()
    assert facts_of(run) == "queued"
    intents.cancel(run.path)
    assert facts_of(run) == "interrupted"
    assert run.should_stop()


def test_ending_a_paused_run_lets_it_go_on_to_its_end(run):
    intents.pause(run.path)
    intents.stop_after_image(run.path)
    assert not run.pause_path.exists()


def test_a_run_asked_to_end_and_then_to_go_on_gets_another_turn(run):
    runs = run.path.parent
    ask_for(runs, "1")
    begin_attempt(run.path, 1)
    with run.locked():
        intents.cancel(run.path)
        assert intents.resume(run.path)
        assert next_entry(runs) is not None


def test_retrying_takes_the_failed_images_and_keeps_the_rest_of_the_job(tmp_path):
    job = SegmentJob(
        inputs=(tmp_path / "a.tif", tmp_path / "b.tif"),
        output=tmp_path / "out",
        roots=(tmp_path,),
        texture=True,
    )
    failures = [ImageFailed("b", "no", str(tmp_path / "b.tif"))] * 2
    retried = intents.retry_job(job, failures)
    assert retried == job.model_copy(update={"inputs": (tmp_path / "b.tif",)})
    with pytest.raises(InvalidParameterError, match="No image"):
        intents.retry_job(job, [])
