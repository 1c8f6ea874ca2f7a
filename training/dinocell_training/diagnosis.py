"""What may be wrong with the labels of an image, said before anything is trained on them.

Nothing is repaired here: each problem says what was seen and what the user can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from dinocell_app.imaging.tiff_opening import opened_tiff

TINY_AREA = 15
"""Pixels; smaller objects are removed when cells are decoded, so they cannot be learnt."""
_TIFF_SUFFIXES = {".tif", ".tiff"}


class ProblemKind(StrEnum):
    """The problems that are looked for."""

    UNREADABLE = "unreadable"
    SIZE_MISMATCH = "size mismatch"
    RGB = "rgb"
    FLOAT = "float"
    EMPTY = "empty"
    BOXES_ONLY = "boxes only"
    BINARY = "binary"
    DISCONNECTED = "disconnected"
    TINY = "tiny"
    SEVERAL_PLANES = "several planes"
    SEVERAL_SOURCES = "several sources"


BLOCKING = frozenset({ProblemKind.UNREADABLE, ProblemKind.SIZE_MISMATCH, ProblemKind.BOXES_ONLY})
"""With one of these a pair cannot be read at all."""


@dataclass(frozen=True)
class LabelProblem:
    """One observation about the labels of one image.

    Parameters
    ----------
    kind : ProblemKind
        For counting and filtering.
    what : str
        What was seen, as a sentence without the full stop.
    remedy : str
        What can be done, as a sentence without the full stop.
    """

    kind: ProblemKind
    what: str
    remedy: str

    @property
    def is_blocking(self) -> bool:
        """Whether the pair cannot be used as it is."""
        return self.kind in BLOCKING

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}."


def diagnose_labels(labels: NDArray[np.integer]) -> tuple[LabelProblem, ...]:
    """Look at labels as they were read.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        0 = background.

    Returns
    -------
    tuple of LabelProblem
        Empty, binary, disconnected or tiny; none when the labels look right.
    """
    areas = np.unique(labels[labels != 0], return_counts=True)[1]
    if len(areas) == 0:
        return (
            LabelProblem(
                ProblemKind.EMPTY,
                "The labels hold no cell",
                "Keep the image only if it really shows none; it then teaches what background looks like",
            ),
        )
    problems = []
    # Pixels of different ids stay apart even where cells touch.
    components = connected_components(labels, connectivity=2)  # type: ignore[no-untyped-call]
    pieces = np.bincount(components.ravel())[1:]
    if len(areas) == 1 and len(pieces) > 1:
        problems.append(
            LabelProblem(
                ProblemKind.BINARY,
                f"All {len(pieces)} separate objects have the same value, so this is a binary mask and one "
                "single cell to a reader of labels",
                "Use connected components as cells (touching cells will be one) or export label images",
            )
        )
    elif 2 * _n_in_pieces(labels, components) > len(areas):
        problems.append(
            LabelProblem(
                ProblemKind.DISCONNECTED,
                f"More than half of the {len(areas)} ids consist of separate pieces ({len(pieces)} in all), "
                "as in masks whose values are classes",
                "Use connected components as cells or export label images with one value a cell",
            )
        )
    typical = float(np.median(pieces if problems else areas))
    if typical < TINY_AREA:
        problems.append(
            LabelProblem(
                ProblemKind.TINY,
                f"Half of the cells have {typical:g} pixels or fewer; {TINY_AREA} or more can be learnt",
                "Check that the masks were not scaled, or enlarge images and masks",
            )
        )
    return tuple(problems)


def diagnose_storage(path: Path) -> tuple[LabelProblem, ...]:
    """Look at how a label image is stored, without reading its pixels.

    Parameters
    ----------
    path : Path
        A TIFF, PNG, BMP or `.npy` file.

    Returns
    -------
    tuple of LabelProblem
        Colour or floating-point storage; none when integers are stored or the file cannot be opened.
    """
    try:
        is_colour, dtype = _stored_form(path)
    except Exception:  # noqa: BLE001 - anything, for damaged files; reading the labels reports that properly
        return ()
    if is_colour:
        return (
            LabelProblem(
                ProblemKind.RGB,
                "The labels are stored as a colour picture",
                "They are used only if all channels are equal; better export one grey value a cell",
            ),
        )
    if dtype.kind == "f":
        return (
            LabelProblem(
                ProblemKind.FLOAT,
                f"The labels are stored as {dtype} numbers",
                "They are used only if all values are whole; better export integers",
            ),
        )
    return ()


def _n_in_pieces(labels: NDArray[np.integer], components: NDArray[np.integer]) -> int:
    """Count ids that have more than one connected component."""
    first_pixel = np.unique(components, return_index=True)[1]
    ids = labels.ravel()[first_pixel]
    n_pieces = np.unique(ids[ids != 0], return_counts=True)[1]
    return int((n_pieces > 1).sum())


def _stored_form(path: Path) -> tuple[bool, np.dtype[np.generic]]:
    """Whether a picture has colours (a palette's indices are no colours), and its type of number."""
    suffix = path.suffix.lower()
    if suffix in _TIFF_SUFFIXES:
        with opened_tiff(path) as file:
            series = file.series[0]
            return len(series.shape) == 3 and series.shape[-1] in (3, 4), np.dtype(series.dtype)
    if suffix == ".npy":
        array = npy_format.open_memmap(path, mode="r")
        return array.ndim == 3 and array.shape[-1] in (3, 4), array.dtype
    import imageio.v3 as iio

    with path.open("rb") as content, iio.imopen(content, "r", plugin="pillow") as picture:
        mode = str(picture.metadata()["mode"])
    return mode in {"RGB", "RGBA", "CMYK", "YCbCr"}, np.dtype(np.float32 if mode == "F" else np.uint16)
