"""Labels made elsewhere, in whatever form: how measuring, scoring and importing read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.imagej_rois import read_imagej_rois
from dinocell_app.export.label_files import read_label_stack, read_labels
from dinocell_app.export.outline_files import read_outlines

SUFFIXES = frozenset({".tif", ".tiff", ".btf", ".png", ".bmp", ".npy", ".zip", ".roi", ".geojson", ".json"})
"""In lower case: label images, arrays, ImageJ's regions, and outlines of QuPath and labelme."""

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
_REGIONS, _OUTLINES = (".zip", ".roi"), (".geojson", ".json")
NEED_AN_IMAGE = frozenset({*_REGIONS, *_OUTLINES})
"""Kinds of files that do not say how large their image is."""


@dataclass(frozen=True)
class ForeignLabels:
    """Labels of one plane.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint16 or uint32
        0 is background.
    remark : str
        A sentence about how they were read, where that is not plain; else empty.
    """

    labels: NDArray[np.integer[Any]]
    remark: str = ""


def read_foreign_labels(
    path: Path,
    shape: tuple[int, int],
    plane: PlaneAddress | None = None,
    planes: Sequence[PlaneAddress] = (),
) -> ForeignLabels:
    """Read the labels of one plane of an image.

    Parameters
    ----------
    path : Path
        A label image or stack, a NumPy array, Cellpose's `_seg.npy`, regions of ImageJ, or outlines of
        QuPath or labelme.
    shape : tuple of int
        Rows and columns of the image, in which regions and outlines are drawn.
    plane : PlaneAddress, optional
        Of which the labels are wanted.
    planes : sequence of PlaneAddress
        All planes of the image, in the order of its file; needed where a file holds labels of several.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read, or does not say which of its labels belong to the plane.
    """
    suffix = path.suffix.lower()
    if suffix in _REGIONS:
        return ForeignLabels(read_imagej_rois(path, shape, plane, planes))
    if suffix in _OUTLINES:
        return ForeignLabels(read_outlines(path, shape))
    if suffix in JPEG_SUFFIXES:
        raise UnreadableFileError(
            "JPEG blurs the edges of masks, so cells cannot be told apart",
            path=path,
            remedy="Export the masks as PNG or TIFF",
        )
    if plane is not None and len(planes) > 1:
        stack = read_label_stack(path, len(planes))
        if stack is not None:
            return parts_of_mask(stack[list(planes).index(plane)], path)
    return parts_of_mask(read_labels(path), path)


def parts_of_mask(labels: NDArray[np.integer[Any]], path: Path) -> ForeignLabels:
    """Take the 4-connected parts of a black-and-white mask as cells; leave all other labels as they are.

    Parameters
    ----------
    path : Path
        Named in the remark.
    """
    parts = connected_parts(labels)
    if parts is None:
        return ForeignLabels(labels)
    remark = f"{path.name} is a black-and-white mask: its {parts.max()} separate parts are taken for cells"
    return ForeignLabels(parts, f"{remark}; cells that touch are one.")


def connected_parts(labels: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]] | None:
    """Give each 4-connected part of a mask with one value in several places a number; else None."""
    from scipy import ndimage

    if labels.size == 0 or labels.max() == 0 or ((labels != 0) & (labels != labels.max())).any():
        return None
    parts, n_parts = ndimage.label(labels)
    return parts.astype(np.uint16 if n_parts < 2**16 else np.uint32) if n_parts > 1 else None
