"""Images that are arrays: NumPy, and what is sliced and turned into NumPy alike (dask, xarray, zarr)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.axes import AXIS_NAMES, StoredAxes, check_axes
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size
from dinocell_app.imaging.metadata import RGB_CHANNEL_NAMES, ImageMetadata, name_channels

_UNNAMED = Path("image")


class ArrayReader(ImageReader):
    """An array whose planes are asked for one by one; a lazy array computes no more than these.

    Parameters
    ----------
    array : array_like
        Pixels, 2 to 5 axes.
    axes : str
        One letter an axis, as in "CYX" (`imaging.axes`). When left out, the names of the array's own
        dimensions are taken where it has some (xarray); else 2 axes are rows and columns, and 3 axes of
        which the last has 3 or 4 entries are a colour image.

    Raises
    ------
    InvalidParameterError
        If the axes are not known, or do not fit the array.
    UnreadableFileError
        If its entries are no real numbers, or there are none.
    """

    is_file = False

    def __init__(self, array: ArrayLike, axes: str = "") -> None:
        self._array = _sliceable(array)
        # Names of dask arrays are made up; where dimensions have names (xarray), a person gave the array's.
        name = getattr(array, "name", None) if hasattr(array, "dims") else None
        path = Path(name.replace("/", "_")) if isinstance(name, str) and name else _UNNAMED
        shape = tuple(int(length) for length in self._array.shape)
        self._axes = axes or _own_axes(array) or _usual_axes(shape)
        if not self._axes:
            lengths = " x ".join(str(length) for length in shape)
            raise InvalidParameterError(
                f"The array has {len(shape)} axes ({lengths}), and it is not known what they are",
                remedy="Give one letter for each axis (T times, Z slices, C channels, Y rows, X columns), as "
                'in axes="CYX"',
            )
        check_axes(self._axes, StoredAxes("?" * len(shape), shape), path)
        if len(set(self._axes)) < len(self._axes) or {"C", "S"} <= set(self._axes):
            raise InvalidParameterError(
                f"'{self._axes}' names an axis twice", remedy="Give each axis a letter of its own"
            )
        length = dict(zip(self._axes, shape, strict=True))
        n_colours = length.get("S", 0)
        is_rgb = n_colours in (3, 4)
        n_channels = len(RGB_CHANNEL_NAMES) if is_rgb else length.get("C", n_colours or 1)
        check_declared_size(path, (length["Y"], length["X"]), self._array.dtype)
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=length.get("T", 1),
                n_slices=length.get("Z", 1),
                n_channels=n_channels,
                height=length["Y"],
                width=length["X"],
                dtype=self._array.dtype.newbyteorder("="),
                channel_names=name_channels(n_channels, is_rgb=is_rgb),
                pixel_size_um=None,
                is_rgb=is_rgb,
            )
        )

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        at = {"T": t, "Z": z, "C": c, "S": c}
        plane = np.asarray(self._array[tuple(at.get(axis, slice(None)) for axis in self._axes)])
        return plane if self._axes.index("Y") < self._axes.index("X") else plane.T


def _sliceable(array: ArrayLike) -> Any:  # noqa: ANN401 - any array there is
    """Leave alone what knows its shape and type and can be sliced; make an array of anything else."""
    known = isinstance(getattr(array, "dtype", None), np.dtype) and hasattr(array, "shape")
    return array if known and hasattr(array, "__getitem__") else np.asarray(array)


def _own_axes(array: object) -> str:
    """Names of the dimensions as xarray gives them, where each is a letter of `AXIS_NAMES`."""
    names = [str(name).upper() for name in getattr(array, "dims", ())]
    return "".join(names) if names and all(name in AXIS_NAMES for name in names) else ""


def _usual_axes(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return "YX"
    return "YXS" if len(shape) == 3 and shape[-1] in (3, 4) else ""
