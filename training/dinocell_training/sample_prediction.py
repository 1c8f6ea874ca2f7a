"""One crop that is predicted after every epoch, so that a person sees what the network learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import relabel_sequential

from dinocell_app.export.label_files import read_labels, write_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.overlay import write_overlay
from dinocell_app.jobs.events import SamplePredicted
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_training.crops import median_diameter
from dinocell_training.datasets import LabelledPair
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou

SAMPLES_NAME = "samples"
LABELLED_NAME = "labelled.png"
EDGE = 384
"""Pixels of the crop; quick to predict on a laptop, and holds dozens of cells of usual size."""

LOOKED_THROUGH = 5
"""So many pictures are read in search of one that has cells."""


@dataclass(frozen=True)
class Sample:
    """A crop of a labelled picture.

    Parameters
    ----------
    name : str
        Of the picture.
    pixels : ndarray of shape (M, N)
    labels : ndarray of shape (M, N), int32
    """

    name: str
    pixels: NDArray[np.generic]
    labels: NDArray[np.int32]

    @property
    def n_labelled(self) -> int:
        """Cells a person outlined."""
        return len(np.unique(self.labels[self.labels > 0]))


def choose_sample(pairs: Sequence[LabelledPair], edge: int = EDGE) -> Sample | None:
    """Take the crop with most cells of the first picture that has any.

    Parameters
    ----------
    pairs : sequence of LabelledPair
        Held-out pictures, before others.
    edge : int
        Of the crop; smaller pictures are taken whole.

    Returns
    -------
    Sample or None
        None when there are no cells.
    """
    for pair in pairs[:LOOKED_THROUGH]:
        pixels, labels = pair.read()
        if labels.any():
            rows, columns = busiest_window(labels, edge)
            crop: NDArray[np.int32] = relabel_sequential(labels[rows, columns])[0].astype(np.int32)  # type: ignore[no-untyped-call] # untyped there
            return Sample(pair.image_path.name, pixels[rows, columns], crop)
    return None


def predict_sample(sample: Sample, model: SegmentationModel) -> NDArray[np.unsignedinteger]:
    """Segment the crop, with the diameter of its labelled cells.

    Returns
    -------
    ndarray of shape (M, N), uint16 or uint32
    """
    diameter = median_diameter(sample.labels)
    parameters = SegmentationParameters(diameter_px=None if diameter is None else max(1.0, diameter))
    return segment_image(sample.pixels, model, parameters).labels


def write_sample(
    sample: Sample, labels: NDArray[np.unsignedinteger], epoch: int, run_folder: Path
) -> SamplePredicted:
    """Write what was found as labels and as a picture, each whole or absent.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    epoch : int
        0 for the model that the training starts from.
    """
    folder = run_folder / SAMPLES_NAME
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / LABELLED_NAME).exists():
        write_overlay(folder / LABELLED_NAME, LabelledImage(sample.labels, sample.name, pixels=sample.pixels))
    found = LabelledImage(labels, sample.name, pixels=sample.pixels)
    write_labels(folder / f"{_stem(epoch)}_labels.tif", found)
    write_overlay(folder / f"{_stem(epoch)}.png", found)
    return SamplePredicted(
        epoch=epoch,
        image=sample.name,
        n_cells=len(np.unique(labels[labels > 0])),
        n_labelled=sample.n_labelled,
        picture=f"{SAMPLES_NAME}/{_stem(epoch)}.png",
        labels=f"{SAMPLES_NAME}/{_stem(epoch)}_labels.tif",
        labelled_picture=f"{SAMPLES_NAME}/{LABELLED_NAME}",
        n_correct=len(match_by_iou(count_overlaps(labels, sample.labels), 0.5)),
    )


def earlier_sample(epoch: int, run_folder: Path) -> NDArray[np.unsignedinteger] | None:
    """Read what was found after an earlier epoch.

    Returns
    -------
    ndarray of shape (M, N), uint16 or uint32, or None
        None when it was not predicted.
    """
    path = run_folder / SAMPLES_NAME / f"{_stem(epoch)}_labels.tif"
    return read_labels(path) if path.exists() else None


def _stem(epoch: int) -> str:
    return f"epoch_{epoch:04d}"


def busiest_window(labels: NDArray[np.integer], edge: int) -> tuple[slice, slice]:
    """Find the window with most cells; each cell counts where its first pixel is.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        With at least one cell.
    edge : int
        Pixels; smaller images are taken whole.
    """
    ids, first = np.unique(labels, return_index=True)
    places = np.column_stack(np.unravel_index(first[ids > 0], labels.shape))
    last = np.maximum(np.array(labels.shape) - edge, 0)
    corners = np.clip(places[:: max(1, len(places) // 200)] - edge // 2, 0, last)
    counts = [((places >= corner) & (places < corner + edge)).all(axis=1).sum() for corner in corners]
    row, column = corners[int(np.argmax(counts))]
    return slice(int(row), int(row) + edge), slice(int(column), int(column) + edge)
