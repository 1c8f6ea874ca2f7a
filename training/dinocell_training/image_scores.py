"""Scores of one image, and of many together, as plain records that turn into table rows.

An `ImageScores` keeps sums and counts; every score is a quotient of them. Pooling images is then
adding records, and the pooled record has the same scores under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from dinocell_training.scores import CellErrors, DetectionErrors, MatchedArea, SummedIou, share

Record = TypeVar("Record", SummedIou, DetectionErrors, MatchedArea, CellErrors)

MEAN_OVER_IMAGES = "mean over images"
POOLED_OVER_CELLS = "pooled over cells"


@dataclass(frozen=True)
class MatchingScores:
    """True and false positives at one IoU threshold.

    Precision, recall, F1 and AP are 1 when there was neither a reference cell nor a prediction, and
    0 when there was only one of the two.

    Parameters
    ----------
    threshold : float
        Smallest IoU of a match.
    tp, fp, fn : int
        Matched pairs, unmatched predictions, unmatched references.
    """

    threshold: float
    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """TP / (TP + FP)."""
        return share(self.tp, self.tp + self.fp, n_cells=self._n_cells)

    @property
    def recall(self) -> float:
        """TP / (TP + FN)."""
        return share(self.tp, self.tp + self.fn, n_cells=self._n_cells)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return share(2 * self.tp, self._n_cells, n_cells=self._n_cells)

    @property
    def ap(self) -> float:
        """TP / (TP + FP + FN), as in Personalized Cell Segmentation, section 4.2."""
        return share(self.tp, self.tp + self.fp + self.fn, n_cells=self._n_cells)

    @property
    def _n_cells(self) -> int:
        return 2 * self.tp + self.fp + self.fn


@dataclass(frozen=True)
class ImageScores:
    """Scores of one image; the definitions stand in `dinocell_training.scores`.

    Parameters
    ----------
    n_reference, n_predicted : int
        Cells counted, those in the ignore region left out.
    matching : tuple of MatchingScores
        One a threshold, in the order asked for.
    reference_iou : SummedIou
        Behind SEG of the Cell Tracking Challenge.
    matched_iou : SummedIou
        Behind SEG as worded in the DINOCell paper.
    detection : DetectionErrors
        Behind DET.
    matched_area : MatchedArea
        Behind MMA.
    errors : CellErrors
        Split, merged, missed and false cells.
    """

    n_reference: int
    n_predicted: int
    matching: tuple[MatchingScores, ...]
    reference_iou: SummedIou
    matched_iou: SummedIou
    detection: DetectionErrors
    matched_area: MatchedArea
    errors: CellErrors

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The IoU thresholds in the order asked for."""
        return tuple(at.threshold for at in self.matching)

    @property
    def ap(self) -> dict[float, float]:
        """AP of each threshold."""
        return {at.threshold: at.ap for at in self.matching}

    @property
    def seg(self) -> float:
        """SEG of the Cell Tracking Challenge: over all reference cells."""
        return self.reference_iou.mean

    @property
    def seg_of_matched(self) -> float:
        """SEG as worded in the DINOCell paper: over matched cells only."""
        return self.matched_iou.mean

    @property
    def det(self) -> float:
        """DET of the Cell Tracking Challenge."""
        return self.detection.accuracy

    @property
    def mma(self) -> float:
        """Maximum matching accuracy."""
        return self.matched_area.accuracy

    @property
    def n_split(self) -> int:
        """Reference cells predicted in several parts."""
        return self.errors.n_split

    @property
    def n_merged(self) -> int:
        """Predictions that cover several reference cells."""
        return self.errors.n_merged

    @property
    def n_missed(self) -> int:
        """Reference cells without a prediction."""
        return self.errors.n_missed

    @property
    def n_false(self) -> int:
        """Predictions without a reference cell."""
        return self.errors.n_false

    def counts(self) -> dict[str, int]:
        """Give cells and errors by column name."""
        return {
            "n_reference": self.n_reference,
            "n_predicted": self.n_predicted,
            "n_split": self.n_split,
            "n_merged": self.n_merged,
            "n_missed": self.n_missed,
            "n_false": self.n_false,
        }

    def scores(self) -> dict[str, float]:
        """Give scores by column name.

        Returns
        -------
        dict of str to float
            In [0, 1]; thresholds are part of the name (`ap_0.5`).
        """
        at_thresholds = {
            f"{name}_{at.threshold:g}": value
            for at in self.matching
            for name, value in (
                ("ap", at.ap),
                ("precision", at.precision),
                ("recall", at.recall),
                ("f1", at.f1),
            )
        }
        return {
            **at_thresholds,
            "seg": self.seg,
            "det": self.det,
            "mma": self.mma,
            "seg_of_matched": self.seg_of_matched,
        }

    def to_row(self) -> dict[str, float | int]:
        """Give one row of a table.

        Returns
        -------
        dict of str to float or int
            Counts, then scores.
        """
        return {**self.counts(), **self.scores()}


@dataclass(frozen=True)
class TotalScores:
    """Scores of a set of images, in both ways of putting images together.

    Parameters
    ----------
    n_images : int
        Images, those without any cell included.
    mean : mapping of str to float
        Every score of `ImageScores.scores`, averaged over images: each image weighs the same.
    pooled : ImageScores
        All images as if they were one: each cell (MMA: each pixel) weighs the same.
    """

    n_images: int
    mean: Mapping[str, float]
    pooled: ImageScores

    def to_rows(self) -> list[dict[str, str | float | int]]:
        """Give two rows of a table, one for each way of putting images together.

        Returns
        -------
        list of dict
            The way is named in column `over`.
        """
        return [
            {"over": over, "n_images": self.n_images, **self.pooled.counts(), **scores}
            for over, scores in ((MEAN_OVER_IMAGES, self.mean), (POOLED_OVER_CELLS, self.pooled.scores()))
        ]


def pool(scores: Sequence[ImageScores]) -> ImageScores:
    """Scores of several images as if they were one large image.

    Parameters
    ----------
    scores : sequence of ImageScores
        At least one, all with the same thresholds.

    Returns
    -------
    ImageScores
        Sums and counts added up.
    """
    return ImageScores(
        n_reference=sum(image.n_reference for image in scores),
        n_predicted=sum(image.n_predicted for image in scores),
        matching=tuple(
            MatchingScores(
                threshold=images[0].threshold,
                tp=sum(image.tp for image in images),
                fp=sum(image.fp for image in images),
                fn=sum(image.fn for image in images),
            )
            for images in zip(*(image.matching for image in scores), strict=True)
        ),
        reference_iou=_added([image.reference_iou for image in scores]),
        matched_iou=_added([image.matched_iou for image in scores]),
        detection=_added([image.detection for image in scores]),
        matched_area=_added([image.matched_area for image in scores]),
        errors=_added([image.errors for image in scores]),
    )


def _added(records: Sequence[Record]) -> Record:
    """Add records field by field."""
    kind = type(records[0])
    return kind(*(sum(getattr(record, field.name) for record in records) for field in fields(kind)))
