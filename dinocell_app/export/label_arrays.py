"""Whether an array from elsewhere is a label image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.labelled_image import compact_labels

_EXPORT_REMEDY = "Export the masks as one grey image in which each cell has its own whole number"


def labels_from_array(values: NDArray[Any], path: Path) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Check that an array is a label image and bring it to uint16 or uint32.

    Parameters
    ----------
    values : ndarray
        Of any shape and type.
    path : Path
        The file it comes from, named in errors.

    Returns
    -------
    ndarray of shape (M, N), uint16 or uint32

    Raises
    ------
    UnreadableFileError
        If it is no single plane of whole numbers from 0 to 4,294,967,295.
    """
    plane = _single_plane(values, path)
    if plane.dtype.kind not in "uibf":
        raise UnreadableFileError(
            f"pixels of type {plane.dtype} are no labels", path=path, remedy=_EXPORT_REMEDY
        )
    if plane.size == 0:
        return plane.astype(np.uint16)
    if plane.dtype.kind == "f" and not (np.isfinite(plane).all() and np.array_equal(plane, np.rint(plane))):
        raise UnreadableFileError(
            "the masks hold fractions, so they are probabilities or an image rather than labels",
            path=path,
            remedy=_EXPORT_REMEDY,
        )
    if plane.min() < 0 or plane.max() > np.iinfo(np.uint32).max:
        raise UnreadableFileError(
            f"labels run from {plane.min():.0f} to {plane.max():.0f}, outside 0 to 4294967295",
            path=path,
            remedy="Number the cells from 1 and use 0 for the background",
        )
    return compact_labels(plane.astype(np.uint32))


def _single_plane(values: NDArray[Any], path: Path) -> NDArray[Any]:
    plane = values
    while plane.ndim > 2 and 1 in plane.shape[:-2] + plane.shape[-1:]:
        plane = plane.squeeze(axis=plane.shape.index(1) if 1 in plane.shape[:-2] else -1)
    if plane.ndim == 2:
        return plane
    if plane.ndim == 3 and plane.shape[-1] in {3, 4}:
        if (plane[..., 1:3] == plane[..., :1]).all():
            return plane[..., 0]
        raise UnreadableFileError(
            "the masks are a colour picture, where shades do not tell cells apart reliably",
            path=path,
            remedy=_EXPORT_REMEDY,
        )
    raise UnreadableFileError(
        f"an array of shape {'x'.join(map(str, values.shape))} is no single label image",
        path=path,
        remedy="Save one two-dimensional label image a file",
    )
