"""OME-Zarr images (NGFF 0.1 to 0.5, multiscales) on disk, full resolution, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size, check_plane_count
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.pixel_size import length_um, square_pixel_um
from dinocell_app.imaging.zarr_blosc import use_checked_blosc
from dinocell_app.imaging.zarr_chunks import check_chunks

_OLD_AXES = ("t", "c", "z", "y", "x")
"""The fixed axes of NGFF 0.1 and 0.2, which do not name them."""


class OmeZarrReader(ImageReader):
    """The first multiscale image of an OME-Zarr folder at its first, full, resolution.

    Parameters
    ----------
    path : Path
        The folder. Plates are refused: their fields are images of their own.
    """

    def __init__(self, path: Path) -> None:
        import zarr

        use_checked_blosc()
        # zarr 2 has no types and zarr 3 too wide ones.
        group: Any = zarr.open_group(str(path), mode="r")
        attributes: dict[str, Any] = dict(group.attrs)
        # NGFF 0.5 moved everything below the key "ome".
        attributes = dict(attributes.get("ome", attributes))
        if not attributes.get("multiscales"):
            what = "is a plate" if "plate" in attributes else "holds no multiscale image"
            raise UnreadableFileError(what, path=path, remedy="Name one of the images inside it")
        image = attributes["multiscales"][0]
        dataset = image["datasets"][0]
        self._pixels = group[dataset["path"]]
        self._axes = _axis_names(image, self._pixels.ndim)
        shape = tuple(int(length) for length in self._pixels.shape)
        dtype = np.dtype(self._pixels.dtype).newbyteorder("=")
        length = dict(zip(self._axes, shape, strict=True))
        unknown = set(self._axes) - set(_OLD_AXES)
        if unknown or not {"x", "y"} <= set(self._axes):
            raise UnreadableFileError(
                f"has the axes {', '.join(self._axes)}", path=path, remedy="Only t, c, z, y and x can be read"
            )
        check_declared_size(path, (length["y"], length["x"]), dtype)
        n_channels = length.get("c", 1)
        check_plane_count(path, length.get("t", 1) * length.get("z", 1), n_channels)
        places = (self._axes.index("y"), self._axes.index("x"))
        check_chunks(path, self._pixels, (length["y"], length["x"]), places)
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=length.get("t", 1),
                n_slices=length.get("z", 1),
                n_channels=n_channels,
                height=length["y"],
                width=length["x"],
                dtype=dtype,
                channel_names=name_channels(n_channels, _channel_labels(attributes)),
                pixel_size_um=_pixel_size(image, dataset, self._axes),
                is_rgb=False,
            )
        )

    @property
    def rows_together(self) -> int:
        """Rows of a chunk."""
        return int(self._pixels.chunks[self._axes.index("y")])

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        return self._decode_rows(0, self.metadata.height, (t, z, c))

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        index: dict[str, int | slice] = {**dict(zip("tzc", place, strict=True)), "y": slice(first, end)}
        rows = np.asarray(self._pixels[tuple(index.get(axis, slice(None)) for axis in self._axes)])
        return rows.T if self._axes.index("x") < self._axes.index("y") else rows


def _axis_names(image: Mapping[str, Any], n_axes: int) -> tuple[str, ...]:
    """Give one name an axis: 0.3 lists names, later versions objects with a name."""
    axes = image.get("axes") or _OLD_AXES[-n_axes:]
    return tuple(str(axis["name"] if isinstance(axis, Mapping) else axis).lower() for axis in axes)


def _channel_labels(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    channels = (attributes.get("omero") or {}).get("channels") or ()
    return tuple(str(channel.get("label") or "") for channel in channels)


def _pixel_size(image: Mapping[str, Any], dataset: Mapping[str, Any], axes: tuple[str, ...]) -> float | None:
    """Multiply the scales of the data set and of the image; an axis without a unit has no size."""
    scale = [1.0] * len(axes)
    for transformation in (
        *(dataset.get("coordinateTransformations") or ()),
        *(image.get("coordinateTransformations") or ()),
    ):
        if transformation.get("type") == "scale" and len(transformation.get("scale", ())) == len(axes):
            scale = [a * float(b) for a, b in zip(scale, transformation["scale"], strict=True)]
    units = {
        str(axis["name"]).lower(): axis.get("unit")
        for axis in image.get("axes") or ()
        if isinstance(axis, Mapping)
    }
    sizes = (length_um(scale[axes.index(axis)], units.get(axis)) for axis in ("x", "y"))
    return square_pixel_um(*sizes)
