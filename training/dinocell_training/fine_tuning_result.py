"""What a fine-tuning leaves behind: a model folder of its best weights, with card and held-out scores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.base.files import write_json, write_text
from dinocell_app.base.json_text import parse_json
from dinocell_app.jobs.events import Event, JobFinished, Notice
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.model.catalogue import find_model, list_models
from dinocell_app.model.lineage import parent_of
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, Score, read_manifest
from dinocell_app.model.model_folder import SegmentationModel, load_model, save_model
from dinocell_app.model.segmenter import Segmenter
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segmenting
from dinocell_training.datasets import LabelledPair
from dinocell_training.evaluation import evaluate_labels, summarise
from dinocell_training.fine_tuning import FineTuning
from dinocell_training.fine_tuning_data import LabelledData, for_scoring
from dinocell_training.model_card import CARD_NAME, model_card
from dinocell_training.verdict import PICTURES_NAME, Verdict, judge

MODEL_MADE_NAME = "model.json"
"""In the run folder: which model the run made, so that going on may replace it."""


@dataclass(frozen=True)
class Making:
    """What a model is made from, beside its weights.

    Parameters
    ----------
    manifest : Manifest
        Without scores.
    """

    job: FineTuneJob
    run_folder: Path
    manifest: Manifest
    data: LabelledData


def require_place(job: FineTuneJob, run_folder: Path) -> None:
    """Make sure that the model folder may be written.

    Raises
    ------
    InvalidParameterError
        If another run's model is there and may not be replaced.
    """
    if job.overwrite or not (job.output / MANIFEST_NAME).exists():
        return
    made = run_folder / MODEL_MADE_NAME
    try:
        if made.exists() and parse_json(made.read_text())["sha256"] == read_manifest(job.output).sha256:
            return
    except (ValueError, KeyError, TypeError, ModelError):
        pass  # whatever is there, it is no model of this run
    raise InvalidParameterError(
        "a model is there already",
        path=job.output,
        remedy="Choose another folder for the model, or allow replacing it with --overwrite",
    )


def make_model(finished: JobFinished, run: FineTuning, making: Making) -> Iterator[Event]:
    """Make the model folder at the end of a training, or of the part after which a person stopped it.

    Parameters
    ----------
    finished : JobFinished
        Of the training.
    run : FineTuning
        Its result gets the weights of the best epoch.

    Yields
    ------
    Event
        Notices and JobFinished, with the model folder if there is one.
    """
    job, data = making.job, making.data
    best = run.restore_best(making.run_folder)
    if finished.stopped and best is None and (data.held_out or not run.state.step):
        yield Notice("Stopped before an epoch was judged, so there is no model; the training can go on")
        yield finished
        return
    if best is not None and best * run.plan.steps_per_epoch != run.state.step:
        yield Notice(f"The weights of epoch {best} are kept: held-out crops had the lowest loss then")
    written = save_model(run.result, making.manifest, job.output)
    write_json(making.run_folder / MODEL_MADE_NAME, {"sha256": written.sha256})
    data.record.write(job.output)
    write_text(job.output / CARD_NAME, model_card(written, job))
    folder = RunFolder(making.run_folder)
    if finished.stopped:
        # The request that ended the training does not mean the judging; whoever asks again does.
        folder.stop_path.unlink(missing_ok=True)
    try:
        yield from _while_wanted(_judged(run, written, making), folder.should_stop)
    except _AskedToStop:
        yield Notice(
            "Stopped while the held-out images were looked at: the model is there without scores or verdict; "
            "going on takes this up again"
        )
        finished = replace(finished, stopped=True)
    yield replace(finished, outputs=(str(job.output),))


class _AskedToStop(Exception):
    """Somebody does not want to wait for the scores."""


def _while_wanted(events: Generator[Event, None, None], should_stop: Callable[[], bool]) -> Iterator[Event]:
    for event in events:
        yield event
        if should_stop():
            events.close()
            raise _AskedToStop


def _judged(run: FineTuning, written: Manifest, making: Making) -> Generator[Event, None, None]:
    """Add scores and verdict to a model folder."""
    job = making.job
    scores = yield from held_out_scores(model_of(run, written), for_scoring(making.data.held_out))
    if scores:
        yield Notice("Held-out images: " + ", ".join(f"{s.metric} {s.value:.3f}" for s in scores))
        written = written.model_copy(update={"scores": scores})
        write_json(job.output / MANIFEST_NAME, written.model_dump(mode="json"))
        write_text(job.output / CARD_NAME, model_card(written, job))
    verdict = yield from _compared_with_base(run, written, making)
    if verdict is not None:
        verdict.write(job.output)
        shutil.copytree(making.run_folder / PICTURES_NAME, job.output / PICTURES_NAME, dirs_exist_ok=True)
        write_text(job.output / CARD_NAME, model_card(written, job, verdict))


def _compared_with_base(
    run: FineTuning, manifest: Manifest, making: Making
) -> Generator[Event, None, Verdict | None]:
    """Judge the new model against the one it was made from, on pictures that neither was taught."""
    job, data = making.job, making.data
    if job.base_model is None or not data.held_out:
        return None
    place = segmenting_base(find_model(job.base_model))
    if place is None:
        yield Notice(
            f"{job.base_model} cannot segment yet and the model it was adapted from is not at hand, so there "
            "is nothing to compare with"
        )
        return None
    base = load_model(place, run.device)
    return (yield from judge(base, model_of(run, manifest), for_scoring(data.held_out), making.run_folder))


def segmenting_base(folder: Path) -> Path | None:
    """Find the model that a new one replaces: the base, or what that was adapted from.

    A network whose decoder has not followed its adaptation segments badly; whatever is made from it would
    seem better.

    Parameters
    ----------
    folder : Path
        Of the base model.

    Returns
    -------
    Path or None
        None if it is not among the models at hand.
    """
    manifest = read_manifest(folder)
    if not manifest.needs_teaching:
        return folder
    earlier = parent_of(manifest, list_models()[0])
    return segmenting_base(earlier.folder) if earlier is not None else None


def model_of(run: FineTuning, manifest: Manifest) -> SegmentationModel:
    """Make what a training has so far ready to segment.

    Parameters
    ----------
    run : FineTuning
        Its result is brought into evaluation mode; the next step brings it back.
    """
    network = run.result.eval()
    if not isinstance(network, Segmenter):
        raise TypeError(f"a {type(network).__name__} cannot segment")
    return SegmentationModel(manifest, network, run.objective, run.device)


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
    shown = ("ap_0.5", "ap_0.75", "seg", "det", "mma")
    data_set = "1 held-out image" if len(pairs) == 1 else f"{len(pairs)} held-out images"
    return tuple(Score(data_set=data_set, split="held out", metric=name, value=mean[name]) for name in shown)
