"""Images and results as layers of napari, without napari: tuples of data, keywords and the kind of layer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.export.names import SUFFIXES
from dinocell_app.export.plane_record import PlaneRecord, read_record
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, resolve_channel, select_planes
from dinocell_app.imaging.reading import open_image

_logger = logging.getLogger(__name__)

LayerData = tuple[Any, dict[str, Any], str]
"""Pixels or labels, keywords of the layer, and "image" or "labels"."""


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[LayerData]] | None:
    """Answer napari whether these are results that `read_results` can open.

    Parameters
    ----------
    path : str or sequence of str
        Several when they are opened as a stack.

    Returns
    -------
    callable or None
        None for anything but records of results of this application.
    """
    paths = [path] if isinstance(path, str) else list(path)
    known = all(each.endswith(SUFFIXES["sidecar"]) and read_record(Path(each)) is not None for each in paths)
    return read_results if paths and known else None


def read_results(path: str | Sequence[str]) -> list[LayerData]:
    """Read results by their records (`..._segmentation.json`).

    Returns
    -------
    list of LayerData
        The channels of each image where it is found, then its labels with the table of cells as features.

    Raises
    ------
    UserFacingError
        If labels or table cannot be read.
    """
    paths = [path] if isinstance(path, str) else path
    return [layer for each in paths for layer in result_layers(Path(each))]


def result_layers(sidecar: Path) -> Iterator[LayerData]:
    """Read the plane of a result, its labels and its table.

    Parameters
    ----------
    sidecar : Path
        Record of the result.

    Yields
    ------
    LayerData
        Scaled in um where the pixel size is known.

    Raises
    ------
    UserFacingError
        If labels or table cannot be read. An image that is gone is left out.
    """
    from dinocell_app.measurement.columns import units_of
    from dinocell_app.reexport.labelled_results import read_saved

    stem = PurePosixPath(sidecar.name.removesuffix(SUFFIXES["sidecar"]))
    labelled, record = read_saved(sidecar.parent, stem, frozenset({"csv"}))
    yield from _image_of(record)
    table = labelled.table
    features = table.assign(index=table["label"]) if table is not None else None
    units = units_of(table.columns, record.channels) if table is not None else {}
    yield (
        labelled.labels,
        {
            "name": f"{record.name} cells",
            **_scale(record.pixel_size_um, 2),
            "features": features,
            "metadata": {"model": record.model_id, "units": units, "record": str(sidecar)},
        },
        "labels",
    )


def _image_of(record: PlaneRecord) -> list[LayerData]:
    """Channels of the plane that was segmented, the one that was looked at visible."""
    chosen = record.image_selection
    where = PlaneChoice.parse(str(chosen.get("plane", "each"))).at(record.plane)
    scale = _scale(record.pixel_size_um, 2)
    try:
        with open_image(record.input_path, str(chosen.get("axes", ""))) as reader:
            shown = resolve_channel(reader.metadata, ChannelChoice.parse(str(chosen.get("channel", "0"))))
            return [
                (
                    pixels,
                    {"name": name, **scale, **kind, "visible": shown in (index, "colour", "grey", "mean")},
                    "image",
                )
                for index, (name, pixels, kind) in enumerate(
                    _channels(reader.metadata, partial(_plane, reader, where))
                )
            ]
    except UserFacingError as error:
        _logger.warning("the image of a result is left out: %s", error)
        return []


def image_layers(path: Path, axes: str = "", pixel_size_um: float | None = None) -> Iterator[LayerData]:
    """Read an image without result; planes of a stack are decoded when they are looked at.

    Parameters
    ----------
    axes : str
        What its stored axes are, where the file says something else.
    pixel_size_um : float or None
        In place of what the file says.

    Yields
    ------
    LayerData
        A colour image, or one a channel; (t, z,) row and column without axes of length 1.

    Raises
    ------
    UserFacingError
        If it cannot be read.
    """
    with open_image(path, axes) as reader:
        metadata = reader.metadata
    for name, pixels, kind in _channels(metadata, partial(_stack, path, axes, metadata)):
        n_axes = pixels.ndim - (1 if kind["rgb"] else 0)
        scale = _scale(pixel_size_um or metadata.pixel_size_um, n_axes)
        yield pixels, {"name": name, **scale, **kind}, "image"


def _channels(
    metadata: ImageMetadata, read: Callable[[int], Any]
) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Give name, pixels and colours of each layer that an image needs."""
    name = metadata.path.name
    if metadata.is_rgb:
        colours = [read(channel) for channel in range(metadata.n_channels)]
        yield name, np.stack(colours, axis=-1), {"rgb": True}
        return
    for channel, channel_name in enumerate(metadata.channel_names):
        known = f"{name} {channel_name}" if metadata.n_channels > 1 else name
        blending = "additive" if metadata.n_channels > 1 else "translucent"
        yield known, read(channel), {"rgb": False, "blending": blending}


def _plane(reader: ImageReader, where: PlaneChoice, channel: int) -> NDArray[Any]:
    return next(select_planes(reader, where, ChannelChoice(channel))).pixels


def _stack(path: Path, axes: str, metadata: ImageMetadata, channel: int) -> Any:  # noqa: ANN401 - dask or NumPy
    def read(t: int, z: int) -> NDArray[Any]:
        with open_image(path, axes) as reader:
            return reader.read_plane(t, z, channel)

    if metadata.n_times * metadata.n_slices == 1:
        return read(0, 0)
    # A dependency of napari, and loaded when a stack is opened in it.
    from dask.array import from_delayed, stack
    from dask.delayed import delayed

    shape = (metadata.height, metadata.width)
    times = [
        stack([from_delayed(delayed(read)(t, z), shape, metadata.dtype) for z in range(metadata.n_slices)])
        for t in range(metadata.n_times)
    ]
    whole = stack(times)
    return whole.squeeze(tuple(axis for axis in (0, 1) if whole.shape[axis] == 1))


def _scale(pixel_size_um: float | None, n_axes: int) -> dict[str, Any]:
    """Size of a step along each axis: um along rows and columns, plain numbers along times and slices."""
    if pixel_size_um is None:
        return {}
    return {
        "scale": (*[1.0] * (n_axes - 2), pixel_size_um, pixel_size_um),
        "units": (*["pixel"] * (n_axes - 2), "um", "um"),
    }
