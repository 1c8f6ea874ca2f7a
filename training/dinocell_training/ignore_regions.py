"""Painted regions in which labels say nothing: `x_ignore.tif` or `.png` beside the labels or the image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.label_files import read_labels

IGNORE_ENDING = "_ignore"
IGNORE_SUFFIXES = (".tif", ".tiff", ".png")


def ignore_file(image_path: Path, labels_path: Path, endings: tuple[str, ...] = ()) -> Path | None:
    """Find the painted region of a labelled image.

    Parameters
    ----------
    endings : tuple of str
        Markers at the end of names of images or labels, such as "_img", that the region's name lacks.
    """
    names = [image_path.stem.removesuffix(".ome"), labels_path.stem.removesuffix(".ome")]
    names += [name.removesuffix(ending) for name in names for ending in endings]
    for folder in dict.fromkeys((labels_path.parent, image_path.parent)):
        for name in dict.fromkeys(names):
            for suffix in IGNORE_SUFFIXES:
                path = folder / f"{name}{IGNORE_ENDING}{suffix}"
                if path.is_file():
                    return path
    return None


def read_ignore_file(path: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Read a painted region.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    ndarray of shape `shape`, bool
        True where anything was painted.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read or has another size than the image.
    """
    painted: NDArray[np.bool_] = read_labels(path) != 0
    if painted.shape != shape:
        raise UnreadableFileError(
            "The painted region is {}x{} (rows x columns), the image {}x{}".format(*painted.shape, *shape),
            path=path,
            remedy="Paint the region on a picture of the image's size, or remove the file",
        )
    return painted
