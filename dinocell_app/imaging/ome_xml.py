"""What OME-XML says about each image: names, scale, times, and the files of a set."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from xml.etree import ElementTree

from dinocell_app.imaging.pixel_size import length_um, seconds_in, square_pixel_um

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OmeImage:
    """One image of a description.

    Parameters
    ----------
    name : str
        "" when it has none.
    width, height : int
        Pixels; 0 when the description does not say.
    channel_names : tuple of str
        "" for a channel without a name.
    times_s : tuple of float
        From the first time point; empty when unknown.
    """

    name: str
    width: int
    height: int
    channel_names: tuple[str, ...]
    pixel_size_um: float | None
    z_step_um: float | None
    times_s: tuple[float, ...]


@dataclass(frozen=True)
class FileReference:
    """A file that a description names.

    Parameters
    ----------
    name : str
        Of the file, in the folder of the one that holds the description.
    uuid : str
        By which a file knows itself under another name.
    """

    name: str
    uuid: str


def ome_images(text: str | None, source: object) -> tuple[OmeImage, ...]:
    """Read the images of a description, in their order; none where it is no XML.

    Parameters
    ----------
    source : object
        The file, for the log.
    """
    try:
        root = ElementTree.fromstring(text or "")
    except ElementTree.ParseError as error:
        _logger.warning("%s: OME-XML cannot be parsed: %s", source, error)
        return ()
    return tuple(
        _image(element, pixels, source)
        for element in root
        if _local_name(element) == "Image"
        for pixels in element
        if _local_name(pixels) == "Pixels"
    )


def _image(element: ElementTree.Element, pixels: ElementTree.Element, source: object) -> OmeImage:
    sizes = [_size_um(pixels, axis, source) for axis in "XYZ"]
    return OmeImage(
        name=(element.get("Name") or "").strip(),
        width=_whole(pixels, "SizeX"),
        height=_whole(pixels, "SizeY"),
        channel_names=tuple(child.get("Name", "") for child in pixels if _local_name(child) == "Channel"),
        pixel_size_um=square_pixel_um(sizes[0], sizes[1], source),
        z_step_um=sizes[2],
        times_s=_times(pixels),
    )


def _size_um(pixels: ElementTree.Element, axis: str, source: object) -> float | None:
    size = pixels.get(f"PhysicalSize{axis}")
    try:
        return None if size is None else length_um(float(size), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    except ValueError:
        _logger.warning("%s: PhysicalSize%s is '%s', not a number", source, axis, size)
        return None


def _times(pixels: ElementTree.Element) -> tuple[float, ...]:
    """Take when the first plane of each time was taken, else multiples of the increment."""
    n_times = _whole(pixels, "SizeT")
    if n_times < 2:
        return ()
    taken: dict[int, float] = {}
    for plane in pixels:
        if _local_name(plane) == "Plane" and (delta := _seconds(plane, "DeltaT", signed=True)) is not None:
            t = _whole(plane, "TheT")
            taken[t] = min(taken.get(t, delta), delta)
    if taken.keys() >= set(range(n_times)) and len(set(taken.values())) > 1:
        return tuple(taken[t] - taken[0] for t in range(n_times))
    step = _seconds(pixels, "TimeIncrement")
    return tuple(step * t for t in range(n_times)) if step else ()


def _seconds(element: ElementTree.Element, name: str, *, signed: bool = False) -> float | None:
    factor = seconds_in(element.get(f"{name}Unit", "s"))
    try:
        value = float(element.get(name, "nan"))
    except ValueError:
        return None
    if factor is None or value != value or abs(value) == float("inf") or (value < 0 and not signed):
        return None
    return value * factor


def _whole(element: ElementTree.Element, name: str) -> int:
    try:
        return int(element.get(name, "0"))
    except ValueError:
        return 0


def _local_name(element: ElementTree.Element) -> str:
    """Name without namespace, which differs between versions of the schema."""
    return element.tag.rpartition("}")[2]


_REFERENCE = re.compile(r"<(?:\w+:)?UUID\b([^>]*)>\s*([^<]*?)\s*</")
_FILE_NAME = re.compile(r"""\bFileName\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ROOT_UUID = re.compile(r"""<(?:\w+:)?OME\b[^>]*\bUUID\s*=\s*["']([^"']*)["']""")
_MASTER = re.compile(r"""<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def is_ome(text: str) -> bool:
    """Whether the description of a TIFF file is OME-XML."""
    return text.rstrip("\x00 \r\n\t").endswith("OME>")


def own_uuid(text: str) -> str:
    """By which the file of a description is named in it; "" when there is none."""
    found = _ROOT_UUID.search(text)
    return found[1] if found else ""


def master_name(text: str) -> str:
    """Name of the file that holds the description in place of this one; "" when this one does."""
    found = _MASTER.search(text)
    return unescape(found[1] or found[2] or "") if found else ""


def referenced_files(text: str) -> Iterator[FileReference]:
    """Name each file of a set once, in the order of the description."""
    seen: set[str] = set()
    for attributes, uuid in _REFERENCE.findall(text):
        named = _FILE_NAME.search(attributes)
        name = unescape(named[1] or named[2] or "") if named else ""
        if name and name not in seen:
            seen.add(name)
            yield FileReference(name, uuid)
