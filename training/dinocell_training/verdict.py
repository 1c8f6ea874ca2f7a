"""Whether a new model is better than the one it was made from, on pictures it was never taught.

The answer is one of three, and its sentence always says how sure it is: better, not better, cannot tell.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.export.label_files import write_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.overlay import write_overlay
from dinocell_app.jobs.events import Event, Notice
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segmenting
from dinocell_training.datasets import LabelledPair
from dinocell_training.evaluation import ImageScores, evaluate_labels
from dinocell_training.verdict_interval import PairedUnits, interval_of, pair_units
from dinocell_training.verdict_words import (
    Outcome,
    outcome_of,
    sentence_of,
    sentence_of_optimism,
    sentence_to_keep_base,
)

VERDICT_NAME = "verdict.json"
PICTURES_NAME = "verdict"
"""Folder of the label images and overlays of both models."""

METRIC_IOU = 0.5


@dataclass(frozen=True)
class PictureScores:
    """Scores of one model on one picture; `dinocell_training.scores` has the definitions.

    Parameters
    ----------
    n_missed, n_split, n_merged, n_false : int
        Cells.
    det : float or None
        None in verdicts of earlier versions.
    """

    ap_50: float
    ap_75: float
    seg: float
    mma: float
    n_missed: int
    n_split: int
    n_merged: int
    n_false: int
    det: float | None = None


@dataclass(frozen=True)
class JudgedPicture:
    """A held-out picture under both models.

    Parameters
    ----------
    n_true : int
        Reference cells.
    true_picture, base_picture, new_picture : str
        Overlays of the reference and of both models, relative to the folder of the verdict.
    base_labels, new_labels : str
        Label images, relative to the folder of the verdict.
    """

    path: str
    n_true: int
    base: PictureScores
    new: PictureScores
    true_picture: str
    base_picture: str
    new_picture: str
    base_labels: str
    new_labels: str


@dataclass(frozen=True)
class Verdict:
    """The answer, and what it rests on.

    Parameters
    ----------
    outcome : {"better", "not better", "cannot tell"}
    base_score, new_score : float
        Means over the pictures.
    difference, low, high : float
        New less base, with its 95 % interval.
    images : tuple of JudgedPicture
        Those that got worse first.
    keep_base : bool
        Whether the new model is not offered, because it does not beat the base.
    share : float
        Of the taught weights in the new model; the rest are those of the base.
    optimism : float
        Taken off the difference and its interval, because the new model was chosen on these pictures.
    """

    outcome: Outcome
    sentence: str
    metric: str
    base_score: float
    new_score: float
    difference: float
    low: float
    high: float
    n_images: int
    n_cells: int
    images: tuple[JudgedPicture, ...]
    keep_base: bool = False
    share: float = 1.0
    optimism: float = 0.0

    def write(self, folder: Path) -> None:
        """Write the verdict into a run folder or model folder."""
        write_json(folder / VERDICT_NAME, {"schema_version": 1, **asdict(self)})

    @classmethod
    def read(cls, folder: Path) -> Verdict | None:
        """Read a verdict.

        Returns
        -------
        Verdict or None
            None when there is none.

        Raises
        ------
        UnreadableFileError
            If it cannot be read.
        """
        path = folder / VERDICT_NAME
        try:
            content: dict[str, Any] = parse_json(path.read_text(encoding="utf-8"))
            content.pop("schema_version", None)
            images = tuple(
                JudgedPicture(
                    **image | {"base": PictureScores(**image["base"]), "new": PictureScores(**image["new"])}
                )
                for image in content.pop("images")
            )
            return cls(**content, images=images)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UnreadableFileError(
                "the verdict cannot be read", path=path, remedy="Compare the models again"
            ) from error


@dataclass(frozen=True)
class HowChosen:
    """How a new model was chosen on the pictures that it is judged by.

    Parameters
    ----------
    share : float
        Of the taught weights in it.
    optimism : float
        As `candidates.Candidates.optimism` gives it.
    beaten : bool
        Whether the base was better already when the choice was made.
    """

    share: float = 1.0
    optimism: float = 0.0
    beaten: bool = False


Judged = tuple[JudgedPicture, PairedUnits]


def judge(
    base: SegmentationModel,
    new: SegmentationModel,
    pairs: Sequence[LabelledPair],
    folder: Path,
    how: HowChosen | None = None,
) -> Generator[Event, None, Verdict | None]:
    """Let two models segment pictures that neither was taught, and say which is better.

    Parameters
    ----------
    pairs : sequence of LabelledPair
        Held-out pictures with their labels.
    folder : Path
        For `VERDICT_NAME`, and label images and overlays below `PICTURES_NAME`.
    how : HowChosen, optional
        For a new model that was chosen on these pictures; one that does not beat its base is not offered.

    Yields
    ------
    Event
        TilesPredicted, and at last a Notice with the sentence.

    Returns
    -------
    Verdict or None
        None without pictures.
    """
    judged: list[Judged] = []
    for number, pair in enumerate(pairs):
        judged.append((yield from judge_picture((base, new), pair, folder, number)))
    if not judged:
        return None
    verdict = verdict_on(judged, how)
    verdict.write(folder)
    yield Notice(verdict.sentence)
    return verdict


def judge_picture(
    models: tuple[SegmentationModel, SegmentationModel], pair: LabelledPair, folder: Path, number: int
) -> Generator[Event, None, Judged]:
    """Let base and new model segment one picture.

    Parameters
    ----------
    models : tuple of SegmentationModel
        Base and new.
    number : int
        Of the picture, for the names of the files that are written.

    Yields
    ------
    Event
        TilesPredicted.
    """
    pixels, labels = pair.read()
    ignore = pair.read_ignore_region(labels.shape)
    name = pair.image_path.name
    stem = f"{number:03d}_{pair.image_path.stem}"
    found: dict[str, NDArray[np.integer]] = {"true": labels}
    for kind, model in zip(("base", "new"), models, strict=True):
        segmentation = yield from segmenting(
            pixels, model, SegmentationParameters(), f"{name} ({kind} model)"
        )
        found[kind] = segmentation.labels
    pictures = folder / PICTURES_NAME
    pictures.mkdir(parents=True, exist_ok=True)
    for kind, those in found.items():
        image = LabelledImage(those, name, pixels=pixels)
        write_overlay(pictures / f"{stem}_{kind}.png", image)
        write_labels(pictures / f"{stem}_{kind}_labels.tif", image)
    scores = {kind: evaluate_labels(found[kind], labels, ignore=ignore) for kind in ("base", "new")}
    judged = JudgedPicture(
        path=str(pair.image_path),
        n_true=scores["new"].n_reference,
        base=_scores(scores["base"]),
        new=_scores(scores["new"]),
        true_picture=f"{PICTURES_NAME}/{stem}_true.png",
        base_picture=f"{PICTURES_NAME}/{stem}_base.png",
        new_picture=f"{PICTURES_NAME}/{stem}_new.png",
        base_labels=f"{PICTURES_NAME}/{stem}_base_labels.tif",
        new_labels=f"{PICTURES_NAME}/{stem}_new_labels.tif",
    )
    return judged, pair_units(found["base"], found["new"], labels, ignore, METRIC_IOU)


def verdict_on(judged: Sequence[Judged], how: HowChosen | None = None) -> Verdict:
    """Put the judged pictures together.

    Parameters
    ----------
    judged : sequence of tuple
        At least one, from `judge_picture`.
    how : HowChosen, optional
        None to compare two models as they are.
    """
    pictures = [picture for picture, _ in judged]
    interval = interval_of([units for _, units in judged])
    if how is not None:
        interval = interval.lowered(how.optimism)
    keep_base = how is not None and (how.beaten or interval.difference <= 0)
    outcome: Outcome = "not better" if keep_base else outcome_of(interval, len(pictures))
    base_score = float(np.mean([picture.base.ap_50 for picture in pictures]))
    new_score = float(np.mean([picture.new.ap_50 for picture in pictures]))
    n_cells = sum(picture.n_true for picture in pictures)
    scores, counts = (base_score, new_score), (len(pictures), n_cells)
    optimism = how.optimism if how is not None else 0.0
    sentence = (
        sentence_to_keep_base(interval, scores, counts)
        if keep_base
        else sentence_of(outcome, interval, scores, counts) + sentence_of_optimism(optimism)
    )
    return Verdict(
        outcome=outcome,
        sentence=sentence,
        metric="ap_0.5",
        base_score=base_score,
        new_score=new_score,
        difference=interval.difference,
        low=interval.low,
        high=interval.high,
        n_images=len(pictures),
        n_cells=n_cells,
        images=tuple(sorted(pictures, key=lambda picture: picture.new.ap_50 - picture.base.ap_50)),
        keep_base=keep_base,
        share=how.share if how is not None else 1.0,
        optimism=optimism,
    )


def _scores(scores: ImageScores) -> PictureScores:
    return PictureScores(
        ap_50=scores.ap[0.5],
        ap_75=scores.ap[0.75],
        seg=scores.seg,
        mma=scores.mma,
        n_missed=scores.n_missed,
        n_split=scores.n_split,
        n_merged=scores.n_merged,
        n_false=scores.n_false,
        det=scores.det,
    )
