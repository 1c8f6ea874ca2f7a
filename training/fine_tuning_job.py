"""Fine-tuning as a job: labelled folders in, a model folder with manifest, card and held-out scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from dinocell_app.errors import InvalidParameterError
from dinocell_app.events import Event, InputLeftOut, JobFinished, Notice
from dinocell_app.files import write_text
from dinocell_app.jobs import FineTuneJob
from dinocell_app.model.manifest import MANIFEST_NAME, Score
from dinocell_app.model.model_folder import SegmentationModel, save_model
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.model.segmenter import Segmenter
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from training.datasets import LabelledPair
from training.evaluation import evaluate_labels, summarise
from training.fine_tuning import FineTuning, FineTuningParameters
from training.fine_tuning_data import crops, read_data
from training.model_card import CARD_NAME, model_card
from training.processes import training_device
from training.starting_point import describe_data, starting_point


def fine_tune(job: FineTuneJob, run_folder: Path, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Teach a network and make a model folder of it.

    Parameters
    ----------
    job : FineTuneJob
    run_folder : Path
        Its checkpoints are resumed from and written to.
    should_stop : callable
        Asked before every step.

    Yields
    ------
    Event
        Those of `FineTuning.run`; at last JobFinished with the model folder.

    Raises
    ------
    UserFacingError
        If data, base model or device cannot be used, or the model folder exists and may not be replaced.
    """
    if (job.output / MANIFEST_NAME).exists() and not job.overwrite:
        raise InvalidParameterError(
            "a model is there already",
            path=job.output,
            remedy="Choose another folder for the model, or allow replacing it with --overwrite",
        )
    device = training_device(job.device)
    data = read_data(job)
    for path, reason in data.unpaired:
        yield InputLeftOut(str(path), reason)
    for notice in data.notices:
        yield Notice(notice)
    network, manifest = starting_point(job)
    objective = objective_by_name(manifest.objective)
    manifest = describe_data(manifest, job, data)
    parameters = FineTuningParameters(**job.training.model_dump())
    run = FineTuning(network, objective, crops(job, data, objective, manifest), parameters, device)
    for event in run.run(run_folder, should_stop):
        if not isinstance(event, JobFinished) or event.stopped:
            yield event
        elif run.rank == 0:
            trained = SegmentationModel(manifest, _ready(run.result), objective, device)
            scores = held_out_scores(trained, data.held_out)
            if scores:
                yield Notice("Held-out images: " + ", ".join(f"{s.metric} {s.value:.3f}" for s in scores))
            written = save_model(run.result, manifest.model_copy(update={"scores": scores}), job.output)
            write_text(job.output / CARD_NAME, model_card(written, job))
            yield replace(event, outputs=(str(job.output),))


def held_out_scores(model: SegmentationModel, pairs: Sequence[LabelledPair]) -> tuple[Score, ...]:
    """Score a model on labelled images, with the measured cell diameter.

    Parameters
    ----------
    model : SegmentationModel
    pairs : sequence of LabelledPair

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
        found = segment_image(pixels, model, SegmentationParameters())
        scores.append(evaluate_labels(found.labels, labels, ignore=pair.read_ignore_region(labels.shape)))
    mean = summarise(scores).mean
    shown = ("ap_0.5", "ap_0.75", "seg", "det", "mma")
    data_set = f"{len(pairs)} held-out images"
    return tuple(Score(data_set=data_set, split="held out", metric=name, value=mean[name]) for name in shown)


def _ready(network: torch.nn.Module) -> Segmenter:
    if not isinstance(network, Segmenter):
        raise TypeError(f"a {type(network).__name__} cannot segment")
    return network.eval()
