"""How well predicted labels agree with a reference: one image, and many together.

`evaluate_labels` scores one image, `summarise` a set of images in both ways that are in use: the
mean over images (as Cellpose and its successors report AP, and as our model cards do) and pooled
over all cells (as the Cell Tracking Challenge pools a sequence). They differ when images hold
different numbers of cells, so neither is reported without its name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_training.image_scores import ImageScores, MatchingScores, TotalScores, pool
from dinocell_training.label_overlaps import AnyLabels, count_overlaps
from dinocell_training.matching import match_by_iou
from dinocell_training.scores import (
    cell_errors,
    detection_errors,
    maximum_matching_accuracy,
    segmentation_accuracy,
    segmentation_accuracy_of_matched,
)

__all__ = ["ImageScores", "MatchingScores", "TotalScores", "evaluate_labels", "summarise"]


def evaluate_labels(
    predicted: AnyLabels,
    reference: AnyLabels,
    *,
    ignore: NDArray[np.bool_] | None = None,
    iou_thresholds: Sequence[float] = (0.5, 0.75),
) -> ImageScores:
    """Score predicted labels of one image against its reference.

    Parameters
    ----------
    predicted : ndarray of shape (M, N), int
        Predicted labels, 0 = background, any ids.
    reference : ndarray of shape (M, N), int
        Reference labels, 0 = background, any ids.
    ignore : ndarray of shape (M, N), bool, optional
        Where nothing is counted; `dinocell_training.label_overlaps.count_overlaps` has the exact rule.
    iou_thresholds : sequence of float, default (0.5, 0.75)
        Thresholds of AP, precision, recall and F1, each in (0, 1].

    Returns
    -------
    ImageScores
        All scores. Both images empty scores 1 throughout, one of them empty 0.

    Raises
    ------
    ValueError
        If shapes differ, labels are not two-dimensional or a threshold is outside (0, 1].
    TypeError
        If labels are not integers.
    """
    overlaps = count_overlaps(predicted, reference, ignore=ignore)
    n_reference, n_predicted = overlaps.n_reference, overlaps.n_predicted
    matching = []
    for threshold in iou_thresholds:
        tp = len(match_by_iou(overlaps, threshold))
        matching.append(MatchingScores(float(threshold), tp, fp=n_predicted - tp, fn=n_reference - tp))
    return ImageScores(
        n_reference=n_reference,
        n_predicted=n_predicted,
        matching=tuple(matching),
        reference_iou=segmentation_accuracy(overlaps),
        matched_iou=segmentation_accuracy_of_matched(overlaps),
        detection=detection_errors(overlaps),
        matched_area=maximum_matching_accuracy(overlaps),
        errors=cell_errors(overlaps),
    )


def summarise(scores: Sequence[ImageScores]) -> TotalScores:
    """Put the scores of several images together.

    Parameters
    ----------
    scores : sequence of ImageScores
        One an image, all with the same thresholds.

    Returns
    -------
    TotalScores
        Mean over images and pooled over cells.

    Raises
    ------
    InvalidParameterError
        If there is no image, or the images were scored at different thresholds.
    """
    if not scores:
        raise InvalidParameterError(
            "There is no image to summarise scores of", remedy="Choose images that have reference labels"
        )
    thresholds = {image.thresholds for image in scores}
    if len(thresholds) > 1:
        raise InvalidParameterError(
            f"Images were scored at different IoU thresholds: {sorted(thresholds)}",
            remedy="Score all images at the same thresholds",
        )
    rows = [image.scores() for image in scores]
    return TotalScores(
        n_images=len(scores),
        mean={name: float(np.mean([row[name] for row in rows])) for name in rows[0]},
        pooled=pool(scores),
    )
