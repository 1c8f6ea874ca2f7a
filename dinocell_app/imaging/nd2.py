"""Nikon ND2 through nd2, frame by frame; stage positions are images of their own."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import (
    ImageReader,
    check_declared_size,
    check_plane_count,
    check_plausible_size,
    missing_planes,
)
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.pixel_size import length_um, square_pixel_um

_TIME, _POSITION, _SLICE = "T", "P", "Z"
_COLOURS = (2, 1, 0)
"""Where red, green and blue are: colours are stored as blue, green and red, and nd2 gives them so."""


class Nd2ImageFile(ImageFile):
    """The stage positions of a Nikon file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        import nd2

        self._file = file = nd2.ND2File(path)
        try:
            self._sizes = {axis: int(length) for axis, length in _loops(file).items()}
            names = _position_names(file, self._sizes.get(_POSITION, 1))
        except BaseException:
            file.close()
            raise
        super().__init__(path, names)

    def _open(self, scene: int) -> ImageReader:
        return Nd2Reader(self, self._file, self._sizes, scene)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Nd2Reader(ImageReader):
    """One stage position.

    Loops other than times, positions and slices are unrolled into slices.

    Parameters
    ----------
    file : ImageFile
    container : nd2.ND2File
    sizes : dict of str to int
        Lengths of the loops by axis, the outermost first.
    scene : int
        Which position.
    """

    def __init__(self, file: ImageFile, container: Any, sizes: Mapping[str, int], scene: int) -> None:  # noqa: ANN401
        path, self._file, self._sizes = file.path, container, dict(sizes)
        found = container.attributes
        height, width = int(found.heightPx), int(found.widthPx or 0)
        self._n_stored = int(found.channelCount or 1)
        self._n_samples = int(found.componentCount) // self._n_stored
        n_visible = min(self._n_samples, 3)
        self._other = [axis for axis in sizes if axis not in (_TIME, _POSITION, _SLICE)]
        dtype = np.dtype(container.dtype).newbyteorder("=")
        check_declared_size(path, (height, width, int(found.componentCount)), dtype)
        check_plausible_size(path, (height, width, int(found.componentCount)), dtype, path.stat().st_size)
        n_times, n_slices = sizes.get(_TIME, 1), sizes.get(_SLICE, 1)
        n_slices *= math.prod(sizes[axis] for axis in self._other)
        n_channels = self._n_stored * n_visible
        check_plane_count(path, n_times * n_slices * max(1, len(file.scenes)), n_channels)
        self._n_visible = n_visible
        self._last_frame: tuple[int, NDArray[Any]] | None = None
        self._scene = scene
        self._written = _written_frames(container)
        is_rgb = n_visible == n_channels == 3
        x, y, z = (length_um(float(size), "um") for size in container.voxel_size())
        calibrated = _is_calibrated(container)
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=n_times,
                n_slices=n_slices,
                n_channels=n_channels,
                height=height,
                width=width,
                dtype=dtype,
                channel_names=name_channels(n_channels, _channel_names(container), is_rgb=is_rgb),
                pixel_size_um=square_pixel_um(x, y, path) if calibrated else None,
                is_rgb=is_rgb,
                scene=scene,
                n_scenes=len(file.scenes),
                scene_name=file.scenes[scene].name,
                z_step_um=_z_step(container, z) if n_slices > 1 and not self._other else None,
                times_s=self._times(n_times),
                missing=self._missing(path, n_times, n_slices, n_channels),
            )
        )

    def _frame_number(self, t: int, z: int) -> int:
        unrolled = [axis for axis in (*self._other, _SLICE) if axis in self._sizes]
        lengths = tuple(self._sizes[axis] for axis in unrolled)
        inner = np.unravel_index(z, lengths) if lengths else ()
        index = {axis: int(at) for axis, at in zip(unrolled, inner, strict=True)}
        index |= {_TIME: t, _POSITION: self._scene}
        if not self._sizes:
            return 0
        place = [index[axis] for axis in self._sizes]
        return int(np.ravel_multi_index(place, tuple(self._sizes.values())))

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        number = self._frame_number(t, z)
        if self._last_frame is None or self._last_frame[0] != number:
            self._last_frame = None
            m = self._file.attributes
            shape = (self._n_stored, m.heightPx, m.widthPx, self._n_samples)
            # A copy, because nd2 cannot close a file that pixels are still mapped from.
            self._last_frame = number, np.array(self._file.read_frame(number)).reshape(shape)
        channel, sample = divmod(c, self._n_visible)
        if self._n_visible == len(_COLOURS):
            sample = _COLOURS[sample]
        return np.array(self._last_frame[1][channel, :, :, sample])

    def _missing(
        self, path: Path, n_times: int, n_slices: int, n_channels: int
    ) -> frozenset[tuple[int, int, int]]:
        written = self._written
        if written is None or len(written) >= math.prod(self._sizes.values()):
            return frozenset()
        lengths = (n_times, n_slices, n_channels)
        return missing_planes(path, lengths, lambda t, z, _: self._frame_number(t, z) in written)

    def _times(self, n_times: int) -> tuple[float, ...]:
        """Take when the first frame of each time was taken, else multiples of the period."""
        if n_times < 2:
            return ()
        taken = _acquisition_times(self._file)
        numbers = [self._frame_number(t, 0) for t in range(n_times)]
        if taken and max(numbers) < len(taken):
            return tuple((taken[number] - taken[numbers[0]]) / 1000 for number in numbers)
        for loop in self._file.experiment:
            if loop.type == "TimeLoop" and loop.parameters.periodMs:
                return tuple(loop.parameters.periodMs * t / 1000 for t in range(n_times))
        return ()

    def close(self) -> None:
        """Let go of the frame that is kept."""
        self._last_frame = None
        super().close()


def _loops(file: Any) -> dict[str, int]:  # noqa: ANN401
    """Lengths of the loops over frames, by axis, the outermost first."""
    within = {"C", "Y", "X", "S"}
    loops = {str(axis): int(length) for axis, length in file.sizes.items() if axis not in within}
    if any(length < 1 for length in loops.values()):
        raise UnreadableFileError(
            "declares no frames", path=Path(file.path), remedy="Copy or export it again"
        )
    return loops


def _position_names(file: Any, n_positions: int) -> list[str]:  # noqa: ANN401
    check_plane_count(Path(file.path), n_positions, 1)
    for loop in file.experiment:
        if loop.type == "XYPosLoop" and len(loop.parameters.points) == n_positions > 1:
            return [str(point.name or "") for point in loop.parameters.points]
    return [""] * n_positions


def _channel_names(file: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(str(channel.channel.name or "") for channel in file.metadata.channels or ())


def _is_calibrated(file: Any) -> bool:  # noqa: ANN401
    channels = file.metadata.channels or ()
    calibrated = channels[0].volume.axesCalibrated if channels else (False, False, False)
    return bool(calibrated[0] and calibrated[1])


def _z_step(file: Any, of_voxel: float | None) -> float | None:  # noqa: ANN401
    for loop in file.experiment:
        if loop.type == "ZStackLoop" and loop.parameters.stepUm:
            return abs(float(loop.parameters.stepUm))
    return of_voxel


def _written_frames(file: Any) -> frozenset[int] | None:  # noqa: ANN401
    """Numbers of the frames that are in the file: nd2 gives black ones for those of a stopped acquisition."""
    offsets = getattr(getattr(file, "_rdr", None), "_frame_offsets", None)
    return frozenset(offsets) if isinstance(offsets, dict) else None


def _acquisition_times(file: Any) -> list[float]:  # noqa: ANN401
    read = getattr(getattr(file, "_rdr", None), "_cached_frame_times", None)
    if read is None:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there are none
            return [float(value) for value in read()]
    except (LookupError, ValueError, OSError):
        return []
