"""Score the label images of two folders: one row an image, and all of them together."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dinocell_app.base.csv_rows import Rows
from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plain_text import printable
from dinocell_app.export.foreign_labels import NEED_AN_IMAGE, ForeignLabels, read_foreign_labels
from dinocell_app.export.writing import whole_file
from dinocell_app.jobs.events import Event, InputLeftOut, JobFinished, JobStarted, Notice
from dinocell_app.jobs.job_kinds import EvaluateJob
from dinocell_app.pipeline.isolation import over_images
from dinocell_app.pipeline.label_pairs import FilePair, pair_labels
from dinocell_app.review.agreement import kappa_of_counts
from dinocell_training.evaluation import ImageScores, evaluate_labels, summarise

SCORES_CSV = "scores.csv"
SUMMARY_CSV = "summary.csv"


def evaluate_images(job: EvaluateJob, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Score predicted labels against true ones.

    Parameters
    ----------
    should_stop : callable
        Asked between two images.

    Yields
    ------
    Event
        JobStarted, a Notice or an ImageFailed for each image, at last JobFinished. `scores.csv` and
        `summary.csv` in the output folder hold the scores.

    Raises
    ------
    UserFacingError
        If nothing belongs together, or scores are there that may not be replaced.
    """
    started = time.monotonic()
    found = pair_labels(job.predicted, job.reference, recursive=job.recursive)
    _refuse_to_replace(job)
    yield JobStarted("evaluate", len(found.pairs))
    for left in found.left_out:
        yield InputLeftOut(printable(str(left.path)), left.reason)
    scores: dict[str, ImageScores] = {}

    def score(pair: FilePair) -> Generator[Event, None, Event]:
        predicted, reference = (_read(path) for path in (pair.first, pair.labels))
        for labels in (predicted, reference):
            if labels.remark:
                yield Notice(labels.remark)
        scores[pair.name] = _score(pair, predicted.labels, reference.labels, job.iou_thresholds)
        return Notice(f"{pair.name}: {_sentence(scores[pair.name].scores())}")

    outcome = yield from over_images(found.pairs, score, should_stop, job.output)
    outputs: tuple[str, ...] = ()
    if scores:
        total = summarise(list(scores.values()))
        rows = [{"image": name, **image.to_row()} for name, image in scores.items()]
        _write_rows(job.output / SCORES_CSV, rows)
        counts = [(image.n_predicted, image.n_reference) for image in scores.values()]
        kappa = kappa_of_counts(*zip(*counts, strict=True))
        _write_rows(job.output / SUMMARY_CSV, [{**row, "count_kappa": kappa} for row in total.to_rows()])
        outputs = (SCORES_CSV, SUMMARY_CSV)
        yield Notice(f"mean over {total.n_images} images: {_sentence(total.mean)}")
        if total.n_images > 1 and not math.isnan(kappa):
            yield Notice(f"numbers of cells agree with Cohen's kappa {kappa:.3f} (quadratic weights)")
    seconds = time.monotonic() - started
    yield JobFinished(outcome.n_finished, len(outcome.failed), seconds, outcome.stopped, outputs)


def _read(path: Path) -> ForeignLabels:
    """Read a label image; what has to be drawn into an image has no size of its own here."""
    if path.suffix.lower() in NEED_AN_IMAGE:
        raise InvalidParameterError(
            "holds outlines, and scores compare label images",
            path=path,
            remedy="Turn it into a label image with “dinocell-app measure IMAGE OUTLINES --formats labels”",
        )
    return read_foreign_labels(path, (0, 0))


def _score(
    pair: FilePair, predicted: NDArray[Any], reference: NDArray[Any], thresholds: Sequence[float]
) -> ImageScores:
    if predicted.shape != reference.shape:
        raise InvalidParameterError(
            f"the predicted labels have {' x '.join(map(str, predicted.shape))} pixels, "
            f"the true ones {' x '.join(map(str, reference.shape))}",
            path=pair.first,
            remedy="Compare labels of the same image at the same size",
        )
    return evaluate_labels(predicted, reference, iou_thresholds=thresholds)


def _refuse_to_replace(job: EvaluateJob) -> None:
    existing = [path for path in (job.output / SCORES_CSV, job.output / SUMMARY_CSV) if path.exists()]
    if existing and not job.overwrite:
        raise InvalidParameterError(
            "scores are there already",
            path=existing[0],
            remedy="Choose another output folder, or allow replacing them with --overwrite",
        )


def _write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(Rows(target), list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _sentence(scores: Mapping[str, float]) -> str:
    shown = {
        name: value
        for name, value in scores.items()
        if name.startswith("ap_") or name in ("seg", "det", "mma")
    }
    return ", ".join(f"{name.upper().replace('_', ' at ')} {value:.3f}" for name, value in shown.items())
