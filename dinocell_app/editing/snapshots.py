"""Labels on disk, compressed: the model's result that corrections begin from, and snapshots in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.files import replacing
from dinocell_app.editing.deltas import Labels

BASE_NAME = "model_result.tif"
_LARGEST_EXPANSION = 1100
"""More than zlib ever packs."""
_SNAPSHOT = "snapshot_{number}.tif"


def write_labels(path: Path, labels: NDArray[np.unsignedinteger]) -> None:
    """Write labels, whole or not at all.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint
    """
    fits = int(labels.max(initial=0)) <= np.iinfo(np.uint16).max
    with replacing(path) as beside:
        tifffile.imwrite(
            beside,
            labels.astype(np.uint16 if fits else np.uint32),
            compression="zlib",
            compressionargs={"level": 1},
            tile=(512, 512),
        )


def read_labels(path: Path) -> Labels:
    """Read labels.

    Returns
    -------
    ndarray of shape (M, N), uint32

    Raises
    ------
    UserFacingError
        If the file is damaged.
    """
    try:
        return _read(path)
    except OSError:
        raise
    except Exception as error:  # the codecs of TIFF fail in as many ways as there are
        raise UserFacingError(
            "The labels that the corrections begin from are damaged",
            path=path,
            remedy="Restore the project from a copy",
        ) from error


def _read(path: Path) -> Labels:
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        if page.ndim != 2 or page.nbytes > _LARGEST_EXPANSION * max(path.stat().st_size, 1 << 16):
            raise ValueError("labels of a size that the file cannot hold")
        return np.ascontiguousarray(page.asarray(), np.uint32)


def write_snapshot(folder: Path, number: int, labels: Labels) -> None:
    """Keep labels so that opening is quick; a failure costs only time later.

    Parameters
    ----------
    number : int
        Of the last journal entry that they contain.
    labels : ndarray of shape (M, N), uint32
    """
    try:
        write_labels(folder / _SNAPSHOT.format(number=number), labels)
        for other in folder.glob(_SNAPSHOT.format(number="*")):
            if other.name != _SNAPSHOT.format(number=number):
                other.unlink(missing_ok=True)
    except OSError:
        return


def read_snapshot(folder: Path, shape: tuple[int, ...]) -> tuple[int, Labels] | None:
    """Read the newest snapshot.

    Parameters
    ----------
    shape : tuple of int
        Of the labels.

    Returns
    -------
    number : int
    labels : ndarray of shape (M, N), uint32
        None in place of both when there is none that can be used.
    """
    numbers = [int(path.stem.rpartition("_")[2]) for path in folder.glob("snapshot_[0-9]*.tif")]
    for number in sorted(numbers, reverse=True):
        try:
            labels = read_labels(folder / _SNAPSHOT.format(number=number))
        except (OSError, UserFacingError):
            continue
        if labels.shape == shape:
            return number, labels
    return None
