"""Labels of a plane of a project's image, measured in every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plane_address import PlaneAddress, plane_suffix
from dinocell_app.project.records import ImageRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dinocell_app.imaging.image_reader import ImageReader


@dataclass(frozen=True)
class MeasuredLabels:
    """A table of cells and what it says about the image.

    Parameters
    ----------
    table : pandas.DataFrame
        As `measurement.table.measure_cells` makes it.
    summary : mapping of str to object
        By column of the table of images; None where a number is not known.
    """

    table: Any
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class LabelledPlane:
    """Labels with the pixels that they are of.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    channels : mapping of str to ndarray of shape (M, N)
    name : str
        Of the image, in tables.
    edited : frozenset of int
        Labels of cells that somebody corrected.
    texture : bool
        Whether texture is measured.
    """

    labels: NDArray[np.integer]
    channels: Mapping[str, NDArray[Any]]
    name: str
    pixel_size_um: float | None = None
    edited: frozenset[int] = frozenset()
    texture: bool = False


def measure_labels(plane: LabelledPlane) -> MeasuredLabels:
    """Measure the cells of a plane."""
    import math

    from dinocell_app.measurement.summary import SummaryContext, summarise_image
    from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells
    from dinocell_app.measurement.texture import TextureParameters

    labels = plane.labels
    request = MeasurementRequest(
        labels,
        plane.channels,
        plane.name,
        plane.pixel_size_um,
        texture=TextureParameters() if plane.texture else None,
        edited=plane.edited,
    )
    table = measure_cells(request)
    context = SummaryContext(plane.name, (labels.shape[0], labels.shape[1]), plane.pixel_size_um)
    summary = summarise_image(table, columns_of(request), context)
    known = {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in summary.items()}
    return MeasuredLabels(table, known)


def only_plane(image: ImageRecord, address: PlaneAddress) -> PlaneAddress:
    """Complete the address of a plane: an image of one time or slice has no other.

    Raises
    ------
    InvalidParameterError
        If the image has several planes and the address says not which.
    """
    if (address.t is None and image.n_times > 1) or (address.z is None and image.n_slices > 1):
        raise _several_planes(image, image.n_times * image.n_slices)
    return address_in(image, address.t or 0, address.z or 0)


def _several_planes(image: ImageRecord, n_planes: int) -> InvalidParameterError:
    return InvalidParameterError(
        f"{image.name} has {n_planes} planes and the labels are for one",
        remedy="Name the labels after their plane, as in image_t0000_z001_labels.tif",
    )


def address_in(image: ImageRecord, t: int, z: int) -> PlaneAddress:
    """Say which plane of an image is at a time and a slice."""
    suffix = plane_suffix(t if image.n_times > 1 else None, z if image.n_slices > 1 else None)
    return PlaneAddress(t, z, suffix=suffix)


def read_channels(reader: ImageReader, t: int, z: int) -> dict[str, NDArray[Any]]:
    """Read every channel of a plane; names that would be the same in ASCII are numbered.

    Returns
    -------
    dict of str to ndarray of shape (M, N)
    """
    from dinocell_app.imaging.planes import PlaneChoice, channel_at

    where = PlaneChoice(z=z, t=t)
    return {
        name: channel_at(reader, where, index).pixels for index, name in enumerate(_channel_names(reader))
    }


def _channel_names(reader: ImageReader) -> list[str]:
    from dinocell_app.measurement.channel_names import ascii_channel_name

    names = reader.metadata.channel_names
    endings = [ascii_channel_name(name) for name in names]
    return [
        name if endings.count(ending) == 1 else f"{ending}_{index}"
        for index, (name, ending) in enumerate(zip(names, endings, strict=True))
    ]


def read_labelled(
    reader: ImageReader, image: ImageRecord, plane: PlaneAddress, chosen: str
) -> dict[str, NDArray[Any]]:
    """Read every channel of what labels are of: a plane, or several planes put together as they were then.

    Parameters
    ----------
    chosen : str
        The choice of planes that the labels were made with, as `PlaneChoice` writes it; may be empty.

    Returns
    -------
    dict of str to ndarray of shape (M, N)
        As `read_channels`.

    Raises
    ------
    InvalidParameterError
        If neither says which plane.
    """
    from dinocell_app.imaging.planes import EACH, MEAN, ChannelChoice, PlaneChoice, channel_at, count_planes

    where = PlaneChoice.parse(chosen or EACH).at(plane)
    if (n_planes := count_planes(reader.metadata, where, ChannelChoice(MEAN))) > 1:
        raise _several_planes(image, n_planes)
    return {
        name: channel_at(reader, where, index).pixels for index, name in enumerate(_channel_names(reader))
    }


def shown_pixels(image: ImageRecord, channels: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Give what an overlay is drawn on.

    Parameters
    ----------
    channels : mapping of str to ndarray of shape (M, N)

    Returns
    -------
    ndarray of shape (M, N) or (M, N, 3)
    """
    import numpy as np

    planes = list(channels.values())
    return np.dstack(planes) if image.is_rgb else planes[0]
