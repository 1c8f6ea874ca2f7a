"""Trainings followed on disk: what was done, how long it takes, and which state it is in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from dinocell_training.verdict import Verdict

from dinocell_app.jobs.events import (
    EpochFinished,
    JobFailed,
    JobFinished,
    JobStarted,
    Notice,
    SamplePredicted,
    StepFinished,
    TilesPredicted,
    to_json_line,
)
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.project.project import Project
from dinocell_app.run_queue.order import QueueEntry, next_entry
from dinocell_app.training_plan import training_runs
from dinocell_app.training_plan.training_progress import TrainingProgress
from dinocell_app.training_plan.training_runs import FOLDER_NAME, Training, trainings_of


def made(project: Path, name: str = "mine", number: int = 1) -> Training:
    """A training as older versions kept it."""
    folder = project / FOLDER_NAME / f"{number:03d}_mine"
    RunFolder.create(folder, FineTuneJob(data=(project,), output=folder / "model", name=name))
    return Training(folder)


def write(training: Training, *events) -> None:
    with training.run.events_path.open("a", encoding="utf-8") as file:
        file.writelines(to_json_line(event) + "\n" for event in events)


def step(number: int, loss: float = 1.0) -> StepFinished:
    return StepFinished(number, 8, {"total": loss}, 1e-4)


def sample(epoch: int) -> SamplePredicted:
    return SamplePredicted(epoch, "a.tif", 3, 4, f"samples/{epoch}.png", "l.tif", "samples/labelled.png", 2)


def test_curves_samples_and_remaining_time() -> None:
    progress = TrainingProgress().after(
        [
            JobStarted("finetune", 8, 0, "cpu"),
            step(1, 3.0),
            step(2, 2.0),
            EpochFinished(1, 4, {"total": 2.5}, {"total": 2.2}, 10.0),
            sample(1),
            Notice("cells are small"),
        ]
    )
    assert progress.losses == ((1, 3.0), (2, 2.0))
    assert progress.validation == ((2, 2.2),)
    assert progress.remaining_seconds == 30
    assert (progress.epochs, progress.total_epochs, progress.device) == (1, 4, "cpu")
    assert [each.epoch for each in progress.samples] == [1]
    assert progress.notices == ("cells are small",)


def test_curves_begin_anew_when_teaching_follows_adapting() -> None:
    adapting = TrainingProgress().after([JobStarted("adapt", 3), step(1), step(2), step(3)])
    assert (adapting.phase, adapting.step) == ("adapt", 3)
    teaching = adapting.after([JobStarted("finetune", 8), step(1, 4.0)])
    assert (teaching.phase, teaching.step, teaching.losses) == ("finetune", 1, ((1, 4.0),))


def test_steps_taken_again_after_a_crash_are_not_drawn_twice() -> None:
    progress = TrainingProgress().after([step(1), step(2), step(3), JobStarted("finetune", 8), step(2, 5.0)])
    assert progress.losses == ((1, 1.0), (2, 5.0))
    progress = progress.after([EpochFinished(1, 4, {}, {"total": 1.0}), step(2, 4.0)])
    again = progress.after([EpochFinished(1, 4, {}, {"total": 2.0}), sample(1), sample(1)])
    assert again.validation == ((2, 2.0),)
    assert len(again.samples) == 1


def test_the_image_that_is_judged_is_named_until_it_is_over() -> None:
    judging = TrainingProgress().after([step(8), TilesPredicted("a.tif (new model)", 1, 4)])
    assert judging.judging == "a.tif (new model)"
    assert judging.after([step(9)]).judging == ""
    assert judging.after([JobFinished(1, 0, 2.0)]).judging == ""


def test_nothing_is_promised_before_an_epoch_is_over() -> None:
    assert TrainingProgress().after([step(1)]).remaining_seconds is None


def test_events_are_read_once_and_whole(tmp_path: Path) -> None:
    training = made(tmp_path)
    assert not training.look()
    write(training, JobStarted("finetune", 8, 0, "cpu"), step(1))
    with training.run.events_path.open("a") as file:
        file.write(to_json_line(step(2))[:20])
    assert training.look()
    assert not training.look()
    assert training.progress.step == 1
    with training.run.events_path.open("a") as file:
        file.write(to_json_line(step(2))[20:] + "\n[3]\n")
    assert training.look()
    assert training.progress.step == 2


def test_states(tmp_path: Path) -> None:
    training = made(tmp_path)
    assert training.state() == "stopped"
    write(training, step(1))
    training.look()
    assert training.state() == "interrupted"
    with training.run.locked():
        assert training.state() == "running"
        training.pause()
        assert training.state() == "paused"
        training.stop()
        assert training.run.should_stop()
        assert not training.run.pause_path.exists()
    for event, state in (
        (JobFinished(1, 0, 3.0, stopped=True), "stopped"),
        (JobFailed("no memory"), "failed"),
        (JobFinished(4, 0, 9.0), "finished"),
    ):
        write(training, event)
        training.look()
        assert training.state() == state


def test_a_training_that_was_asked_for_waits_until_its_worker_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(training_runs, "start_worker", asked.append)
    training = made(tmp_path)
    write(training, JobFinished(1, 0, 3.0, stopped=True))
    training.look()
    training.go_on()
    assert training.state() == "queued"
    assert asked == [tmp_path / FOLDER_NAME]
    assert next_entry(tmp_path / FOLDER_NAME) == QueueEntry(training.folder.name)
    training.pause()
    assert training.state() == "paused"
    training.stop()
    assert training.state() == "stopped"
    assert not training.has_model()


def test_trainings_of_a_project_are_found_again_newest_first(tmp_path: Path) -> None:
    with Project.create(tmp_path / "study") as project:
        assert trainings_of(project) == []
        for number, name in ((1, "first"), (2, "T98G 10× / night")):
            made(project.folder, name, number)
        (project.folder / FOLDER_NAME / "notes").mkdir()
        runs = [
            project.runs.add_training(
                name, lambda run, name=name: FineTuneJob(data=(tmp_path,), output=run / "model", name=name)
            )
            for name in ("third", "fourth")
        ]
        assert [training.name for training in trainings_of(project)] == [
            "fourth", "third", "T98G 10× / night", "first",
        ]  # fmt: skip
        assert [(run.kind, run.is_training, run.state) for run in runs] == [("finetune", True, "queued")] * 2
        project.runs.remove(runs[0].id)
        assert [training.name for training in trainings_of(project)][:2] == ["fourth", "T98G 10× / night"]


def test_a_training_of_an_older_version_is_shown_with_what_it_came_to(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).parents[1] / "data" / "project_of_version_6.zip") as files:
        files.extractall(tmp_path)
    training = Training(tmp_path / "lab.dinocell" / FOLDER_NAME / "001_mine")
    assert training.look()
    assert (training.name, training.state(), training.has_model()) == ("mine", "finished", True)
    progress = training.progress
    assert (progress.phase, progress.step, progress.total, progress.epochs) == ("finetune", 4, 4, 2)
    assert len(progress.losses) == 4
    assert len(progress.validation) == 2
    assert [sample.epoch for sample in progress.samples] == [0, 1, 2]
    assert Verdict.read(training.folder).outcome == "cannot tell"
