"""Few labelled images: each is judged by a model that was not taught it, and the last model is taught all.

Cross-validation of the whole recipe (Stone 1974, J. R. Stat. Soc. B 36:111): models taught without a part of
the images say how much of what is learned to take, and whether it beats the base at all. If it does, one more
is taught with every image.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from dinocell_app.jobs.events import EpochFinished, Event, JobFinished, JobStarted, Notice, StepFinished
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.training_settings import TrainingSettings
from dinocell_app.model.manifest import Manifest
from dinocell_training.candidates import Candidate, Candidates
from dinocell_training.checkpoint import CHECKPOINT_NAME
from dinocell_training.datasets import LabelledPair
from dinocell_training.fine_tuning import FineTuning, FineTuningData
from dinocell_training.fine_tuning_choice import FineTuningChoice
from dinocell_training.fine_tuning_data import LabelledData, crops, for_scoring
from dinocell_training.processes import process_rank, shared_result, wait_for_all
from dinocell_training.starting_point import starting_point
from dinocell_training.training_check import LossWatch
from dinocell_training.validation_history import save_weights
from dinocell_training.verdict import HowChosen, Judged, Verdict, judge_picture, verdict_on

TURNS_NAME = "turns"
"""In the run folder: a folder for each model that only judges."""

TAUGHT_NAME = "taught.safetensors"


@dataclass(frozen=True)
class TurnsJob:
    """What the models that judge are taught with.

    Parameters
    ----------
    manifest : Manifest
        Of the model to be.
    """

    job: FineTuneJob
    run_folder: Path
    manifest: Manifest
    data: LabelledData
    device: torch.device

    @property
    def parameters(self) -> TrainingSettings:
        """Those of every one of the models."""
        return self.job.training

    @property
    def n_models(self) -> int:
        """How many models are taught, with the last one."""
        return len(self.data.turns) + 1

    def folder(self, turn: int) -> Path:
        """Say where one of them is taught."""
        return self.run_folder / TURNS_NAME / str(turn + 1)

    def part(self, turn: int) -> LabelledData:
        """Leave out what one of them is judged by."""
        judged = self.data.turns[turn]
        left_out = {pair.image_path for pair in judged}
        training = tuple(pair for pair in self.data.training if pair.image_path not in left_out)
        return replace(self.data, training=training, held_out=judged, turns=())

    def weights(self, turn: int) -> dict[str, torch.Tensor]:
        """Read what one of them learned."""
        return load_file(self.folder(turn) / TAUGHT_NAME)

    def choice(self, turn: int) -> FineTuningChoice:
        """Score one of them on what it is judged by."""
        return FineTuningChoice(self.job, self.folder(turn), self.manifest, self.part(turn), self.device)


def judging_in_turns(
    turns: TurnsJob, should_stop: Callable[[], bool]
) -> Generator[Event, None, Verdict | None]:
    """Teach the models that judge, and say whether their recipe beats the base.

    Parameters
    ----------
    should_stop : callable
        Asked before every step.

    Yields
    ------
    Event
        As of one long training; Notice.

    Returns
    -------
    Verdict or None
        With the share of what is learned that does best. None when it was asked to stop before the end.
    """
    verdict = Verdict.read(turns.run_folder)
    if verdict is not None:
        return verdict
    for turn in range(len(turns.data.turns)):
        if not (turns.folder(turn) / TAUGHT_NAME).exists():
            yield Notice(f"Model {turn + 1} of {turns.n_models}, to be judged by images it is not taught")
            ended = yield from _teach(turns, turn, should_stop)
            if not ended:
                return None
    how = shared_result((lambda: _chosen(turns, should_stop)) if process_rank()[0] == 0 else None)
    if how is None:
        return None
    judged: list[Judged] = []
    if process_rank()[0] == 0:
        for turn in range(len(turns.data.turns)):
            judged += yield from _judge(turns, turn, how.share, len(judged))
            if should_stop():
                return None
        verdict = verdict_on(judged, how)
        verdict.write(turns.run_folder)
        yield Notice(verdict.sentence)
    wait_for_all()
    return Verdict.read(turns.run_folder)


def shifted(event: Event, turns: TurnsJob, model: int) -> Event:
    """Give an event of one of the models its place in the whole.

    Parameters
    ----------
    model : int
        From 0.
    """
    parameters, count = turns.parameters, turns.n_models
    steps, epochs = model * parameters.total_steps, model * parameters.epochs
    match event:
        case JobStarted():
            total = count * parameters.total_steps
            return replace(event, total=total, finished=event.finished + steps)
        case StepFinished():
            return replace(event, step=event.step + steps, total=count * parameters.total_steps)
        case EpochFinished():
            return replace(event, epoch=event.epoch + epochs, total=count * parameters.epochs)
        case _:
            return event


def _teach(turns: TurnsJob, turn: int, should_stop: Callable[[], bool]) -> Generator[Event, None, bool]:
    job, folder = turns.job, turns.folder(turn)
    network, _ = starting_point(job)
    choice = turns.choice(turn)
    examples = crops(job, turns.part(turn), choice.objective, turns.manifest)
    run = FineTuning(
        network, choice.objective, FineTuningData(examples.training), turns.parameters, turns.device
    )
    watch = LossWatch(job.training.learning_rate)
    for event in run.run(folder, should_stop):
        if isinstance(event, JobFinished):
            if event.stopped:
                return False
            continue
        yield shifted(event, turns, turn)
        if isinstance(event, StepFinished):
            watch.see(event.losses)
    if run.rank == 0:
        save_weights(run.result, folder / TAUGHT_NAME)
        (folder / "checkpoints" / CHECKPOINT_NAME).unlink(missing_ok=True)
    wait_for_all()
    return True


def _chosen(turns: TurnsJob, should_stop: Callable[[], bool]) -> HowChosen | None:
    """Find the share of what is learned that does best on all images together."""
    epoch = turns.parameters.epochs
    scores: dict[tuple[int, float], tuple[float, ...]] = {}
    for turn in range(len(turns.data.turns)):
        choice = turns.choice(turn)
        network = _taught(turns, turn)
        for each in (0, epoch):
            if (
                choice.candidates.get(each, 1.0) is None
                and choice.score_epoch(network, each, should_stop) is None
            ):
                return None
        if choice.choose(network, epoch, should_stop) is None:
            return None
        for key, candidate in choice.candidates.known.items():
            scores[key] = (*scores.get(key, ()), *candidate.scores)
    pooled = Candidates(turns.run_folder / "checkpoints")
    for (each, share), values in scores.items():
        pooled.add(Candidate(each, share, values))
    best = pooled.best_of(epoch)
    return None if best is None else HowChosen(best.share, pooled.optimism(best), beaten=best.is_base)


def _judge(turns: TurnsJob, turn: int, share: float, number: int) -> Generator[Event, None, list[Judged]]:
    choice = turns.choice(turn)
    if choice.base is None:
        raise RuntimeError("a base that was scored is gone")
    network = _taught(turns, turn)
    choice.mix_in_base(network, share)
    models = choice.base, choice.model_of(network)
    judged = []
    pairs: tuple[LabelledPair, ...] = for_scoring(turns.data.turns[turn])
    for each, pair in enumerate(pairs):
        judged.append((yield from judge_picture(models, pair, turns.run_folder, number + each)))
    return judged


def _taught(turns: TurnsJob, turn: int) -> torch.nn.Module:
    network, _ = starting_point(turns.job)
    network.load_state_dict(turns.weights(turn))
    return network.requires_grad_(False).to(turns.device).to(memory_format=torch.channels_last)
