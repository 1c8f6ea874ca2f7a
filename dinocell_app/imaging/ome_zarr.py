"""OME-Zarr images (NGFF 0.1 to 0.5) and plain arrays on disk, full resolution, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import MissingDependencyError, UnreadableFileError
from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size, check_plane_count
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.ome_xml import ome_images
from dinocell_app.imaging.pixel_size import length_um, seconds_in, square_pixel_um
from dinocell_app.imaging.plane_axes import PlaneAxes
from dinocell_app.imaging.zarr_blosc import use_checked_blosc
from dinocell_app.imaging.zarr_chunks import check_chunks
from dinocell_app.imaging.zarr_layout import ZarrKind, ZarrNode, well_of, zarr_node

_OLD_AXES = ("t", "c", "z", "y", "x")
"""The fixed axes of NGFF 0.1 and 0.2, which do not name them."""

_CODES = {"t": "T", "c": "C", "z": "Z", "y": "Y", "x": "X", "time": "T", "channel": "C"}
_SAMPLES = (3, 4)
_REMEDY = "Name one of the images inside it"


@dataclass(frozen=True)
class StoredImage:
    """An array and what is said about it.

    Parameters
    ----------
    node : ZarrNode
        The group of a multiscale image, or the array itself.
    name : str
        "" when it has none.
    """

    node: ZarrNode
    name: str


class OmeZarrImageFile(ImageFile):
    """The images of a Zarr folder: one, the series of bioformats2raw, or the arrays of a group.

    Plates are refused: their fields are images of their own, which a scan of folders lists.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        node = zarr_node(path)
        _check_format(node)
        self._images = _stored_images(node)
        super().__init__(path, [image.name for image in self._images])

    def _open(self, scene: int) -> ImageReader:
        return OmeZarrReader(self, self._images[scene], scene)


class OmeZarrReader(ImageReader):
    """One image at its first, full, resolution.

    Parameters
    ----------
    file : ImageFile
    image : StoredImage
    scene : int
        Its index in the file.
    """

    def __init__(self, file: ImageFile, image: StoredImage, scene: int) -> None:
        path = file.path
        described = _described(image.node)
        self._pixels = described.pixels
        names = described.axes
        shape = tuple(int(length) for length in self._pixels.shape)
        dtype = np.dtype(self._pixels.dtype).newbyteorder("=")
        if not {"x", "y"} <= set(names):
            raise UnreadableFileError(
                f"has the axes {', '.join(names)}", path=path, remedy="Only images with y and x can be read"
            )
        codes = "".join(_CODES.get(name, "S" if name == "s" else "Q") for name in names)
        self._axes = axes = PlaneAxes(codes, shape)
        self._n_samples = min(axes.n_samples, 3)
        check_declared_size(path, (axes.height, axes.width), dtype)
        n_channels = axes.n_channels * self._n_samples
        check_plane_count(path, axes.n_times * axes.n_slices, n_channels)
        check_chunks(path, self._pixels, (axes.height, axes.width), (axes.rows or 0, axes.columns or 0))
        scale = described.scale
        is_rgb = self._n_samples == n_channels == 3
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=axes.n_times,
                n_slices=axes.n_slices,
                n_channels=n_channels,
                height=axes.height,
                width=axes.width,
                dtype=dtype,
                channel_names=name_channels(n_channels, described.channel_names, is_rgb=is_rgb),
                pixel_size_um=square_pixel_um(scale.get("x"), scale.get("y"), path),
                is_rgb=is_rgb,
                scene=scene,
                n_scenes=len(file.scenes),
                scene_name=image.name,
                z_step_um=scale.get("z") if axes.n_slices > 1 and axes.has_only_slices else None,
                times_s=tuple(scale["t"] * t for t in range(axes.n_times))
                if "t" in scale and axes.n_times > 1
                else (),
                well=well_of(path),
            )
        )

    @property
    def rows_together(self) -> int:
        """Rows of a chunk."""
        return int(self._pixels.chunks[self._axes.rows or 0])

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        return self._decode_rows(0, self.metadata.height, (t, z, c))

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        t, z, c = place
        selection = list(self._axes.selection(t, z, *divmod(c, self._n_samples)))
        selection[self._axes.rows or 0] = slice(first, end)
        rows = np.asarray(self._pixels[tuple(selection)])
        return rows.T if self._axes.columns_come_first else rows


@dataclass(frozen=True)
class _Described:
    """An open array, the names of its axes, and what is known of them."""

    pixels: Any
    axes: tuple[str, ...]
    channel_names: tuple[str, ...]
    scale: Mapping[str, float]
    """um by x, y and z, seconds by t; without the unknown ones."""


def _check_format(node: ZarrNode) -> None:
    """Say so where the installed zarr is too old, as the pins of aicsimageio make it."""
    import zarr

    if node.format == 3 and int(zarr.__version__.partition(".")[0]) < 3:
        raise MissingDependencyError(
            f"is in Zarr format 3, and zarr {zarr.__version__} reads format 2 alone",
            path=node.path,
            remedy="Install the application without the extra 'vendor-formats', which holds zarr back",
        )


def _stored_images(node: ZarrNode) -> list[StoredImage]:
    kind = node.kind
    if kind in (ZarrKind.IMAGE, ZarrKind.ARRAY):
        return [StoredImage(node, _multiscale_name(node))]
    if kind is ZarrKind.SERIES:
        names = _series_names(node)
        listed = node.child("OME").attributes.get("series")
        found = [node.child(str(name)) for name in listed] if isinstance(listed, list) else []
        found = found or [child for child in node.children() if child.path.name.isdecimal()]
        images = [child for child in found if child.kind is ZarrKind.IMAGE]
        return [
            StoredImage(child, names[number] if len(names) == len(images) else _multiscale_name(child))
            for number, child in enumerate(images)
        ]
    if kind is ZarrKind.ARRAYS:
        return [StoredImage(child, child.path.name) for child in node.planes()]
    what = {ZarrKind.PLATE: "is a plate", ZarrKind.WELL: "is a well of a plate"}.get(kind, "holds no image")
    raise UnreadableFileError(what, path=node.path, remedy=_REMEDY)


def _series_names(node: ZarrNode) -> list[str]:
    xml = node.path / "OME" / "METADATA.ome.xml"
    if not xml.is_file():
        return []
    return [image.name for image in ome_images(xml.read_text("utf-8", "replace"), xml)]


def _multiscale_name(node: ZarrNode) -> str:
    multiscales = node.attributes.get("multiscales")
    first = multiscales[0] if isinstance(multiscales, list) and multiscales else None
    name = first.get("name") if isinstance(first, Mapping) else None
    return str(name).strip("/") if name else ""


def _described(node: ZarrNode) -> _Described:
    import zarr

    use_checked_blosc()
    if node.is_array:
        pixels: Any = zarr.open_array(str(node.path), mode="r")
        return _Described(pixels, _axes_of_array(pixels, node), (), {})
    # zarr 2 has no types and zarr 3 too wide ones.
    group: Any = zarr.open_group(str(node.path), mode="r")
    image = node.attributes["multiscales"][0]
    dataset = image["datasets"][0]
    pixels = group[dataset["path"]]
    axes = _axis_names(image, pixels.ndim)
    return _Described(pixels, axes, _channel_labels(node.attributes), _scale(image, dataset, axes))


def _axis_names(image: Mapping[str, Any], n_axes: int) -> tuple[str, ...]:
    """Give one name an axis: 0.3 lists names, later versions objects with a name."""
    axes = image.get("axes") or _OLD_AXES[-n_axes:]
    return tuple(str(axis["name"] if isinstance(axis, Mapping) else axis).lower() for axis in axes)


def _axes_of_array(pixels: Any, node: ZarrNode) -> tuple[str, ...]:  # noqa: ANN401
    """Name the axes of a plain array: as Zarr 3 or xarray names them, else rows and columns last."""
    named = getattr(getattr(pixels, "metadata", None), "dimension_names", None)
    named = named or node.attributes.get("_ARRAY_DIMENSIONS") or ()
    names = tuple(str(name).lower() for name in named)
    if len(names) == pixels.ndim and {"x", "y"} <= set(names):
        return names
    return _axes_by_shape(tuple(pixels.shape), node.path)


def _axes_by_shape(shape: Sequence[int], path: Path) -> tuple[str, ...]:
    if len(shape) < 2:
        raise UnreadableFileError(
            f"holds an array of {len(shape)} axes",
            path=path,
            remedy="Only arrays with rows and columns can be read",
        )
    if len(shape) > 2 and shape[-1] in _SAMPLES:
        return (*("q",) * (len(shape) - 3), "y", "x", "s")
    return (*("q",) * (len(shape) - 2), "y", "x")


def _channel_labels(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    channels = (attributes.get("omero") or {}).get("channels") or ()
    return tuple(str(channel.get("label") or "") for channel in channels)


def _scale(image: Mapping[str, Any], dataset: Mapping[str, Any], axes: tuple[str, ...]) -> dict[str, float]:
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
    sizes: dict[str, float | None] = {
        axis: length_um(scale[place], units.get(axis)) for place, axis in enumerate(axes) if axis in "xyz"
    }
    if "t" in axes and (second := seconds_in(units.get("t"))) is not None and scale[axes.index("t")] > 0:
        sizes["t"] = scale[axes.index("t")] * second
    return {axis: size for axis, size in sizes.items() if size is not None}
