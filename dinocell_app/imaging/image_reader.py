"""What every reader of image files has in common: planes on demand, one kind of failure, a size limit."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.disk_errors import unreadable
from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError, UserFacingError
from dinocell_app.imaging.metadata import ImageMetadata

_logger = logging.getLogger(__name__)

LARGEST_DECODED_BYTES = 8 * 2**30
"""Most bytes that decoding one plane may need; more is taken for a corrupt header."""

MOST_LISTED_PLANES = 1 << 21
"""Of an image that is not whole."""

MOST_PLANES, MOST_CHANNELS = 1 << 21, 4096
"""Of one image: more is taken for a corrupt header."""

ALWAYS_PLAUSIBLE_BYTES, LARGEST_EXPANSION = 256 << 20, 20_000
"""Up to so many bytes a plane is decoded whatever the file holds of it; beyond, no more times that."""

_CORRUPT_REMEDY = "The file is corrupt or incomplete: copy or export it again"


class ImageReader(ABC):
    """An open image whose planes are decoded one by one.

    Use it as a context manager; `dinocell_app.imaging.reading.open_image` gives one.

    Parameters
    ----------
    metadata : ImageMetadata
        What the file says about itself.
    """

    is_file = True
    """Whether there is a file (or a folder) whose bytes say all about the image."""

    def __init__(self, metadata: ImageMetadata) -> None:
        self.metadata = metadata
        self._whole: dict[tuple[int, int, int], NDArray[Any]] = {}
        self._close_file: Callable[[], None] | None = None

    @property
    def rows_together(self) -> int:
        """Rows that are decoded together at least; the height where planes are decoded as a whole."""
        return self.metadata.height

    def read_plane(self, t: int = 0, z: int = 0, c: int = 0) -> NDArray[Any]:
        """Decode one plane.

        Parameters
        ----------
        t, z, c : int
            Time, slice and channel, counted from 0.

        Returns
        -------
        ndarray of shape (M, N)
            The pixels in the file's own dtype, native byte order.

        Raises
        ------
        InvalidParameterError
            If the image has no such plane.
        UnreadableFileError
            If the plane cannot be decoded.
        """
        self._check_place(t, z, c)
        with reading_failures(self.metadata.path):
            plane = self._decode_plane(t, z, c)
        return self._checked(plane, self.metadata.height)

    def read_rows(self, first: int, end: int, t: int = 0, z: int = 0, c: int = 0) -> NDArray[Any]:
        """Decode some rows of one plane, and no more of the file than they need where its format allows.

        Parameters
        ----------
        first, end : int
            Rows from the first one to before the end.
        t, z, c : int
            Time, slice and channel, counted from 0.

        Returns
        -------
        ndarray of shape (end - first, N)
            As `read_plane` gives them.

        Raises
        ------
        InvalidParameterError
            If the image has no such plane or rows.
        UnreadableFileError
            If they cannot be decoded.
        """
        self._check_place(t, z, c)
        if not 0 <= first < end <= self.metadata.height:
            raise InvalidParameterError(
                f"there are no rows {first} to {end - 1}",
                path=self.metadata.path,
                remedy=f"The last one is {self.metadata.height - 1}, counted from 0",
            )
        with reading_failures(self.metadata.path):
            rows = self._decode_rows(first, end, (t, z, c))
        return self._checked(rows, end - first)

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        """Cut rows out of a plane; the channels at its place are kept for the rows that follow."""
        if place not in self._whole:
            self._whole = {known: plane for known, plane in self._whole.items() if known[:2] == place[:2]}
            self._whole[place] = self.read_plane(*place)
        return self._whole[place][first:end]

    def _check_place(self, t: int, z: int, c: int) -> None:
        metadata = self.metadata
        for axis, index, length in (
            ("time point", t, metadata.n_times),
            ("slice", z, metadata.n_slices),
            ("channel", c, metadata.n_channels),
        ):
            if not 0 <= index < length:
                raise InvalidParameterError(
                    f"there is no {axis} {index}",
                    path=metadata.path,
                    remedy=f"The last one is {length - 1}, counted from 0",
                )
        if (t, z, c) in metadata.missing:
            raise UnreadableFileError(
                f"the plane at time {t}, slice {z}, channel {c} is announced and is not there",
                path=metadata.path,
                remedy="Put all files of its set into one folder"
                if metadata.missing_files
                else "Leave it out",
            )

    def _checked(self, pixels: NDArray[Any], height: int) -> NDArray[Any]:
        metadata = self.metadata
        if pixels.shape != (height, metadata.width):
            raise UnreadableFileError(
                f"a plane has {pixels.shape} pixels where {height} x {metadata.width} are declared",
                path=metadata.path,
                remedy=_CORRUPT_REMEDY,
            )
        return np.ascontiguousarray(pixels, dtype=metadata.dtype)

    @abstractmethod
    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        """Give the pixels of one existing plane, of any byte order."""

    def close(self) -> None:
        """Let go of the image, and of its file if it was opened for this image alone.

        Planes read before stay valid.
        """
        self._whole = {}
        if self._close_file is not None:
            self._close_file()

    def close_with(self, close_file: Callable[[], None]) -> None:
        """Close the file together with this image."""
        self._close_file = close_file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def reading_failures(path: Path) -> Iterator[None]:
    """Turn whatever a reader or codec raises into one sentence, and its warnings into log lines.

    Parameters
    ----------
    path : Path
        The file being read.

    Yields
    ------
    None
        Once: what is done meanwhile is watched.

    Raises
    ------
    UnreadableFileError
        Instead of any other exception.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except UserFacingError:
            raise
        except MemoryError as error:
            raise UnreadableFileError(
                "does not fit into memory", path=path, remedy="Crop the image or close other programs"
            ) from error
        except Exception as error:  # codecs of eight formats raise anything on corrupt bytes
            if isinstance(error, OSError) and (refused := unreadable(error, path)) is not None:
                raise refused from error
            _logger.info("%s cannot be decoded", path, exc_info=True)
            detail = " ".join(f"{type(error).__name__} {error}".split())[:160].rstrip(".")
            raise UnreadableFileError(
                f"cannot be read as an image ({detail})", path=path, remedy=_CORRUPT_REMEDY
            ) from error
        finally:
            for warning in caught:
                if not issubclass(warning.category, DeprecationWarning | PendingDeprecationWarning):
                    _logger.warning("%s: %s", path, warning.message)


def check_plane_count(path: Path, n_planes: int, n_channels: int) -> None:
    """Refuse numbers of planes and channels that no image has, before lists of them are made.

    Parameters
    ----------
    path : Path
        The file that declares them.
    n_planes, n_channels : int
        Slices times time points, and channels.

    Raises
    ------
    UnreadableFileError
        If there are more than `MOST_PLANES` or `MOST_CHANNELS`.
    """
    if n_planes > MOST_PLANES or n_channels > MOST_CHANNELS:
        raise UnreadableFileError(
            f"declares {n_planes:,} planes of {n_channels:,} channels", path=path, remedy=_CORRUPT_REMEDY
        )


def missing_planes(
    path: Path, lengths: tuple[int, int, int], is_there: Callable[[int, int, int], bool]
) -> frozenset[tuple[int, int, int]]:
    """Find the planes that a file announces and does not hold, once it is known that there are some.

    Parameters
    ----------
    path : Path
    lengths : tuple of int
        Of T, Z and C.
    is_there : callable
        Of t, z and c.

    Raises
    ------
    UnreadableFileError
        If more are announced than `MOST_LISTED_PLANES`.
    """
    n_announced = math.prod(lengths)
    if n_announced > MOST_LISTED_PLANES:
        raise UnreadableFileError(
            f"declares {n_announced:,} planes and does not hold them all", path=path, remedy=_CORRUPT_REMEDY
        )
    n_times, n_slices, n_channels = lengths
    places = itertools.product(range(n_times), range(n_slices), range(n_channels))
    return frozenset((t, z, c) for t, z, c in places if not is_there(t, z, c))


def check_plausible_size(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], n_stored: int) -> None:
    """Refuse dimensions that a few bytes cannot fill: a small file may declare gigabytes.

    Parameters
    ----------
    path : Path
        The file that declares them.
    dtype : dtype
    n_stored : int
        Bytes of the pixels as they are stored, compressed or not.

    Raises
    ------
    UnreadableFileError
        If the pixels would be more than `LARGEST_EXPANSION` times as large.
    """
    needed = math.prod(shape) * dtype.itemsize
    if needed > max(ALWAYS_PLAUSIBLE_BYTES, LARGEST_EXPANSION * n_stored):
        dimensions = " x ".join(str(length) for length in shape)
        raise UnreadableFileError(
            f"declares {dimensions} pixels, {needed >> 20:,} MiB, and holds {n_stored:,} bytes of them",
            path=path,
            remedy=_CORRUPT_REMEDY,
        )


def check_declared_size(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse impossible dimensions before memory is taken for them.

    Parameters
    ----------
    path : Path
        The file that declares them.
    shape : tuple of int
        Shape of what is decoded at once; the last two or the two before the samples are rows and columns.
    dtype : dtype
        Its pixel type.

    Raises
    ------
    UnreadableFileError
        If a dimension is 0, the pixels are no real numbers, or more than `LARGEST_DECODED_BYTES` are needed.
    """
    if dtype.kind not in "buif":
        raise UnreadableFileError(
            f"its pixels are of type {dtype}, not numbers on a grey scale",
            path=path,
            remedy="Export it with 8, 16 or 32 bits a pixel",
        )
    if any(length < 1 for length in shape):
        raise UnreadableFileError("declares no pixels", path=path, remedy=_CORRUPT_REMEDY)
    needed = math.prod(shape) * dtype.itemsize
    if needed > LARGEST_DECODED_BYTES:
        dimensions = " x ".join(str(length) for length in shape)
        raise UnreadableFileError(
            f"declares {dimensions} pixels, which would need {needed / 2**30:,.0f} GiB of memory",
            path=path,
            remedy="If it is not corrupt, save it in smaller pieces",
        )
