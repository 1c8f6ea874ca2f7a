"""How well a network segments held-out images while it is taught: AP of the cells it finds, not a loss.

The losses of a few crops hardly know which epoch is best; cells that are found and missed do.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.scale import TrainedScale
from dinocell_training.crops import median_diameter
from dinocell_training.datasets import LabelledPair
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou
from dinocell_training.sample_prediction import busiest_window

AP_NAME = "ap_0.5"
"""Of the mean over the images, among the values of an epoch."""

METRIC_IOU = 0.5

MOST_IMAGES = 8
"""Of more held-out images, so many are looked at after each epoch; the verdict looks at all."""

NETWORK_PIXELS = 2 << 20
"""Of all of them together, at the scale of the network: half a minute on two cores. Where they have more, the
window with most cells is taken of each."""


@dataclass(frozen=True)
class _View:
    pixels: NDArray[np.generic]
    labels: NDArray[np.integer]
    ignored: NDArray[np.bool_]
    diameter: float | None


class DecodedScores:
    """Held-out images, ready to be segmented again and again.

    Parameters
    ----------
    pairs : sequence of LabelledPair
        As `fine_tuning_data.for_scoring` gives them.
    manifest : Manifest
        Of the model to be, for its scale.
    """

    def __init__(self, pairs: Sequence[LabelledPair], manifest: Manifest) -> None:
        step = max(1.0, len(pairs) / MOST_IMAGES)
        self._pairs = [pairs[int(step * number)] for number in range(min(MOST_IMAGES, len(pairs)))]
        self._n_images = len(self._pairs)
        self._scale = TrainedScale(manifest.cell_diameter_px, *manifest.cell_diameter_range_px)
        self._views: list[_View] = []

    def __len__(self) -> int:
        return len(self._pairs)

    def first(self) -> DecodedScores:
        """Give the first image alone, to measure how long one takes."""
        alone = copy.copy(self)
        alone._pairs, alone._views = self._pairs[:1], []
        return alone

    def of(self, model: SegmentationModel, should_stop: Callable[[], bool]) -> tuple[float, ...] | None:
        """Segment the images, at the size of their labelled cells.

        Parameters
        ----------
        should_stop : callable
            Asked before every image.

        Returns
        -------
        tuple of float or None
            AP of each image, 0 to 1; None when it was asked to stop before the end.
        """
        if not self._views:
            self._views = [self._view(pair) for pair in self._pairs]
        scores = []
        for view in self._views:
            if should_stop():
                return None
            diameter = None if view.diameter is None else max(1.0, view.diameter)
            found = segment_image(view.pixels, model, SegmentationParameters(diameter_px=diameter))
            scores.append(average_precision(found.labels, view.labels, view.ignored))
        return tuple(scores)

    def _view(self, pair: LabelledPair) -> _View:
        pixels, labels = pair.read()
        ignored = pair.read_ignore_region((labels.shape[0], labels.shape[1]))
        diameter = median_diameter(labels)
        factor = self._scale.factor(diameter)
        budget = NETWORK_PIXELS / self._n_images
        if labels.size * factor**2 > budget and labels.any():
            rows, columns = busiest_window(labels, int(budget**0.5 / factor))
            pixels, labels, ignored = pixels[rows, columns], labels[rows, columns], ignored[rows, columns]
        return _View(pixels, labels, ignored, diameter)


def average_precision(
    found: NDArray[np.integer], labels: NDArray[np.integer], ignored: NDArray[np.bool_]
) -> float:
    """Give TP / (TP + FP + FN) at `METRIC_IOU`; 1 where there is nothing to find and nothing is found.

    Parameters
    ----------
    found, labels : ndarray of shape (M, N), int
        0 is background.
    ignored : ndarray of shape (M, N), bool
        Where nothing is counted.
    """
    overlaps = count_overlaps(found, labels, ignore=ignored)
    hits = len(match_by_iou(overlaps, METRIC_IOU))
    counted = overlaps.n_reference + overlaps.n_predicted - hits
    return hits / counted if counted else 1.0
