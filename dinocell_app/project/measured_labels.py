"""Labels of a plane of a project's image, measured in every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dinocell_app.base.errors import InvalidParameterError
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


def plane_of(image: ImageRecord, plane: str) -> tuple[int, int]:
    """Read the time and the slice from the ending of a name.

    Parameters
    ----------
    plane : str
        Such as "_t0003_z001".

    Raises
    ------
    InvalidParameterError
        If the image has several planes and the name says not which.
    """
    t = z = None
    for part in plane.lower().split("_"):
        if part.startswith("t"):
            t = int(part[1:])
        elif part.startswith("z"):
            z = int(part[1:])
    if (t is None and image.n_times > 1) or (z is None and image.n_slices > 1):
        raise InvalidParameterError(
            f"{image.name} has {image.n_times * image.n_slices} planes and the labels are for one",
            remedy="Name the labels after their plane, as in image_t0000_z001_labels.tif",
        )
    return t or 0, z or 0


def plane_suffix(image: ImageRecord, t: int, z: int) -> str:
    """Name a plane.

    Returns
    -------
    str
        Such as "_t0003_z001"; empty for an image of one plane.
    """
    return (f"_t{t:04d}" if image.n_times > 1 else "") + (f"_z{z:03d}" if image.n_slices > 1 else "")


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
    reader: ImageReader, image: ImageRecord, plane: str, chosen: str
) -> dict[str, NDArray[Any]]:
    """Read every channel of what labels are of: a plane, or several planes put together as they were then.

    Parameters
    ----------
    plane : str
        Such as "_t0003_z001"; an axis that was put together is not in it.
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
    from dinocell_app.imaging.planes import EACH, PlaneChoice, channel_at

    made = PlaneChoice.parse(chosen or EACH)
    # An axis taken plane by plane is in the name; the others are as they were chosen.
    missing = f"{plane}_t0" if made.t != EACH and "_t" not in plane else plane
    missing = f"{missing}_z0" if made.z != EACH and "_z" not in plane else missing
    t, z = plane_of(image, missing)
    if missing == plane:
        return read_channels(reader, t, z)
    where = PlaneChoice(
        z=z if made.z == EACH or "_z" in plane else made.z, t=t if made.t == EACH or "_t" in plane else made.t
    )
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
