"""What every writer of results is given: one segmented image with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

LARGEST_UINT16_LABEL = 65_535
"""Label images are uint16 up to this id and uint32 above."""


@dataclass(frozen=True)
class LabelledImage:
    """Cells of one image plane.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background; ids need not be consecutive.
    name : str
        How tables and collections call the image: its path below the input folder with forward slashes,
        and the plane's suffix where there are several.
    pixel_size_um : float, optional
        Edge length of a pixel; None when unknown.
    pixels : ndarray of shape (M, N) or (M, N, 3), optional
        The image that was segmented, of any depth; overlays are drawn on it.
    table : pandas.DataFrame, optional
        One row a cell with a column `label`.
    flows : ndarray of shape (2, M, N), float32, optional
        Unit flows (dy, dx).
    cell_probability : ndarray of shape (M, N), float32, optional
        Probability that a pixel belongs to a cell, 0 to 1.
    source : Path, optional
        The image file.
    diameter_px : float, optional
        The cell diameter the segmentation was made with.
    """

    labels: NDArray[np.integer]
    name: str
    pixel_size_um: float | None = None
    pixels: NDArray[np.generic] | None = None
    table: pd.DataFrame | None = None
    flows: NDArray[np.float32] | None = None
    cell_probability: NDArray[np.float32] | None = None
    source: Path | None = None
    diameter_px: float | None = None

    def cell_types(self) -> dict[int, str]:
        """Give the types of the cells that have one.

        Returns
        -------
        dict of int to str
            By label; empty where cells were not compared with reference cells of types.
        """
        if self.table is None or not {"label", "cell_type"} <= set(self.table.columns):
            return {}
        pairs = zip(self.table["label"].tolist(), self.table["cell_type"].tolist(), strict=True)
        return {int(label): kind for label, kind in pairs if isinstance(kind, str) and kind}

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.labels.dtype.kind not in "uib":
            raise ValueError(f"labels are {self.labels.dtype} of shape {self.labels.shape}")
        for frame in (self.pixels, self.cell_probability):
            if frame is not None and frame.shape[:2] != self.labels.shape:
                raise ValueError(f"shape {frame.shape} differs from that of the labels {self.labels.shape}")
        if self.flows is not None and self.flows.shape != (2, *self.labels.shape):
            raise ValueError(f"flows of shape {self.flows.shape} for labels {self.labels.shape}")


def compact_labels(labels: NDArray[np.integer]) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Labels in the smaller of uint16 and uint32 that holds every id.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        No id is negative.

    Returns
    -------
    ndarray of shape (M, N), uint16 or uint32
        The same ids in native byte order.
    """
    largest = int(labels.max(initial=0))
    if largest > LARGEST_UINT16_LABEL:
        return labels.astype(np.uint32)
    return labels.astype(np.uint16)


def label_ids(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Ids of the cells in a label image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 is background.

    Returns
    -------
    ndarray of shape (n,), int64
        In ascending order, without 0.
    """
    largest = int(labels.max(initial=0))
    if largest <= 4 * labels.size:  # counting beats sorting unless ids are far larger than the image
        ids = np.flatnonzero(np.bincount(labels.ravel(), minlength=1))
    else:
        ids = np.unique(labels)
    return ids[ids > 0].astype(np.int64)
