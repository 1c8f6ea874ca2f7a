"""What a fine-tuning leaves behind: a model folder of its best weights, with card and held-out scores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.base.files import write_json, write_text
from dinocell_app.base.json_text import parse_json
from dinocell_app.jobs.events import Event, JobFinished, Notice
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, Score, read_manifest
from dinocell_app.model.model_folder import SegmentationModel, save_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segmenting
from dinocell_training.datasets import LabelledPair
from dinocell_training.evaluation import evaluate_labels, summarise
from dinocell_training.fine_tuning import FineTuning
from dinocell_training.fine_tuning_choice import FineTuningChoice
from dinocell_training.fine_tuning_data import LabelledData, for_scoring
from dinocell_training.model_card import CARD_NAME, model_card
from dinocell_training.verdict import PICTURES_NAME, HowChosen, Verdict, judge

MODEL_MADE_NAME = "model.json"
"""In the run folder: which model the run made, so that going on may replace it."""

NOT_OFFERED_NAME = "not_offered"
"""In the run folder: a model that does not beat its base, to be looked at."""

SHOWN_METRICS = {"ap_0.5": "ap_50", "ap_0.75": "ap_75", "seg": "seg", "det": "det", "mma": "mma"}
"""Of the card, and what a judged picture calls them."""


@dataclass(frozen=True)
class Making:
    """What a model is made from, beside its weights.

    Parameters
    ----------
    manifest : Manifest
        Without scores.
    in_turns : Verdict or None
        Of models that were judged in turns, where no image is held out.
    """

    job: FineTuneJob
    run_folder: Path
    manifest: Manifest
    data: LabelledData
    choice: FineTuningChoice
    in_turns: Verdict | None = None


def require_place(job: FineTuneJob, run_folder: Path) -> None:
    """Make sure that the model folder may be written.

    Raises
    ------
    InvalidParameterError
        If another run's model is there and may not be replaced.
    """
    if job.overwrite or not (job.output / MANIFEST_NAME).exists():
        return
    if _is_of_this_run(job.output, run_folder):
        return
    raise InvalidParameterError(
        "a model is there already",
        path=job.output,
        remedy="Choose another folder for the model, or allow replacing it with --overwrite",
    )


def make_model(finished: JobFinished, run: FineTuning, making: Making) -> Iterator[Event]:
    """Make the model folder at the end of a training, or of the part after which a person stopped it.

    A model that does not beat its base is not offered: it stays in the run folder.

    Parameters
    ----------
    finished : JobFinished
        Of the training.
    run : FineTuning
        Its result gets the weights of the best epoch, or a mixture of them with those of the base.

    Yields
    ------
    Event
        Notices and JobFinished, with the model folder if a model is offered.
    """
    best = run.restore_best(making.run_folder)
    judged_later = bool(making.data.held_out) or making.in_turns is not None
    if finished.stopped and best is None and (judged_later or not run.state.step):
        yield Notice("Stopped before there was a judged model; the training can go on")
        yield finished
        return
    folder = RunFolder(making.run_folder)
    if finished.stopped:
        # The request that ended the training does not mean the judging; whoever asks again does.
        folder.stop_path.unlink(missing_ok=True)
    ending = _Ending(run, making, best, folder.should_stop)
    try:
        yield from _while_wanted(ending.judged(), folder.should_stop)
    except _AskedToStop:
        yield Notice(
            "Stopped while the held-out images were looked at: the model is there without scores or verdict; "
            "going on takes this up again"
        )
        finished = replace(finished, stopped=True)
    written = ending.write()
    yield replace(finished, outputs=(str(making.job.output),) if written else ())


def keep_for_inspection(run: FineTuning, making: Making) -> Iterator[Event]:
    """End a training that did not beat its base when it was judged in turns.

    Yields
    ------
    Event
        JobFinished without a model folder.
    """
    if run.rank == 0:
        ending = _Ending(run, making, None, lambda: False)
        yield from ending.judged()
        ending.write()
    yield JobFinished(run.plan.epochs, 0, 0.0)


class _AskedToStop(Exception):
    """Somebody does not want to wait for the scores."""


def _while_wanted(events: Generator[Event, None, None], should_stop: Callable[[], bool]) -> Iterator[Event]:
    for event in events:
        yield event
        if should_stop():
            events.close()
            raise _AskedToStop


class _Ending:
    """What becomes of the weights of the best epoch."""

    def __init__(
        self, run: FineTuning, making: Making, epoch: int | None, should_stop: Callable[[], bool]
    ) -> None:
        self.run = run
        self.making = making
        self.epoch = epoch
        self.should_stop = should_stop
        self.manifest = making.manifest
        self.verdict: Verdict | None = None

    def judged(self) -> Generator[Event, None, None]:
        """Choose between base, epoch and mixtures; score what was chosen, and compare it with the base."""
        making, choice = self.making, self.making.choice
        if making.in_turns is not None:
            self._take(making.in_turns)
            return
        if self.epoch is not None and self.epoch * self.run.plan.steps_per_epoch != self.run.state.step:
            yield Notice(f"Epoch {self.epoch} did best on the held-out images; its weights are taken")
        how = None
        if choice.has_base and self.epoch is not None:
            yield Notice("Mixing what was learned with the base model in several shares")
            chosen = choice.choose(self.run.result, self.epoch, self.should_stop)
            if chosen is None:
                raise _AskedToStop
            if not chosen.is_base and chosen.share < 1:
                yield Notice(
                    f"{chosen.share:.0%} of what was learned and {1 - chosen.share:.0%} of the base model do "
                    "best on the held-out images"
                )
            how = HowChosen(chosen.share, choice.candidates.optimism(chosen), beaten=chosen.is_base)
            self._describe(chosen.share)
        pairs = for_scoring(making.data.held_out)
        model = choice.model_of(self.run.result)
        if choice.base is not None:
            self.verdict = yield from judge(choice.base, model, pairs, making.run_folder, how)
            scores = _scores_of(self.verdict)
        else:
            if making.job.base_model is not None:
                yield Notice(
                    f"{making.job.base_model} cannot segment yet and the model it was adapted from is not at "
                    "hand, so there is nothing to compare with"
                )
            scores = yield from held_out_scores(model, pairs)
        if scores:
            yield Notice("Held-out images: " + ", ".join(f"{s.metric} {s.value:.3f}" for s in scores))
            self.manifest = self.manifest.model_copy(update={"scores": scores})

    def write(self) -> bool:
        """Write the model folder; tell whether it is offered."""
        job, run_folder = self.making.job, self.making.run_folder
        offered = self._is_offered()
        place = job.output if offered else run_folder / NOT_OFFERED_NAME
        written = save_model(self.run.result, self.manifest, place)
        self.making.data.record.write(place)
        write_text(place / CARD_NAME, model_card(written, job, self.verdict))
        if self.verdict is not None:
            self.verdict.write(place)
            shutil.copytree(run_folder / PICTURES_NAME, place / PICTURES_NAME, dirs_exist_ok=True)
        if offered:
            write_json(run_folder / MODEL_MADE_NAME, {"sha256": written.sha256})
            shutil.rmtree(run_folder / NOT_OFFERED_NAME, ignore_errors=True)
        elif _is_of_this_run(job.output, run_folder):
            # From before the training went on, and nobody had compared it with the base then.
            shutil.rmtree(job.output)
        return offered

    def _is_offered(self) -> bool:
        if self.verdict is not None:
            return not self.verdict.keep_base
        best = self.making.choice.candidates.best_of(self.epoch) if self.epoch is not None else None
        return best is None or not best.is_base

    def _take(self, verdict: Verdict) -> None:
        """Make of the weights what did best in turns."""
        self.verdict = verdict
        self.making.choice.mix_in_base(self.run.result, verdict.share)
        self._describe(verdict.share)
        self.manifest = self.manifest.model_copy(update={"scores": _scores_of(verdict, "judged in turns")})

    def _describe(self, share: float) -> None:
        if share < 1:
            words = f"{share:.0%} of what was taught, {1 - share:.0%} of the base model"
            self.manifest = self.manifest.model_copy(update={"description": words})


def _is_of_this_run(model: Path, run_folder: Path) -> bool:
    """Tell whether a model folder holds what this run made."""
    made = run_folder / MODEL_MADE_NAME
    try:
        known: object = parse_json(made.read_text(encoding="utf-8"))["sha256"]
        return made.exists() and known == read_manifest(model).sha256
    except (OSError, ValueError, KeyError, TypeError, ModelError):
        return False


def _scores_of(verdict: Verdict | None, split: str = "held out") -> tuple[Score, ...]:
    """Give the means of the new model over the pictures of a verdict."""
    if verdict is None:
        return ()
    scores = []
    for metric, name in SHOWN_METRICS.items():
        values = [getattr(picture.new, name) for picture in verdict.images]
        scores.append(_score(len(values), metric, float(np.mean(values)), split))
    return tuple(scores)


def held_out_scores(
    model: SegmentationModel, pairs: Sequence[LabelledPair]
) -> Generator[Event, None, tuple[Score, ...]]:
    """Score a model on labelled images, with the measured cell diameter.

    Yields
    ------
    Event
        TilesPredicted.

    Returns
    -------
    tuple of Score
        Means over the images; none without images.
    """
    if not pairs:
        return ()
    scores = []
    for pair in pairs:
        pixels, labels = pair.read()
        found = yield from segmenting(pixels, model, SegmentationParameters(), pair.image_path.name)
        scores.append(evaluate_labels(found.labels, labels, ignore=pair.read_ignore_region(labels.shape)))
    mean = summarise(scores).mean
    return tuple(_score(len(pairs), metric, mean[metric]) for metric in SHOWN_METRICS)


def _score(n_images: int, metric: str, value: float, split: str = "held out") -> Score:
    data_set = f"1 image {split}" if n_images == 1 else f"{n_images} images {split}"
    return Score(data_set=data_set, split=split, metric=metric, value=value)
