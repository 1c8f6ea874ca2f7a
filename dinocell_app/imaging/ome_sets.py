"""Sets of files that are one data set: found from any member, with what is missing."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.imaging.ome_xml import is_ome, master_name, own_uuid, referenced_files
from dinocell_app.imaging.tiff_directories import first_description

COMPANION_SUFFIX = ".companion.ome"
_MOST_DESCRIPTION_BYTES = 256 << 20
_ND_TIFF = re.compile(r"NDTiffStack.*\.tiff?", re.IGNORECASE)
_MICRO_MANAGER = re.compile(r"(.*)_MMStack.*\.tiff?", re.IGNORECASE)


@dataclass(frozen=True)
class OtherDescription:
    """Where the description of a file is, when it is not in the file.

    Parameters
    ----------
    path : Path
        A TIFF file of the same set, or a companion file of XML alone; it may not exist.
    text : str or None
        The XML of a companion file that exists.
    """

    path: Path
    text: str | None


def description_elsewhere(text: str, path: Path) -> OtherDescription | None:
    """Find the file that a description of a single reference points to; None where it is whole itself.

    Parameters
    ----------
    text : str
        OME-XML of `path`.
    path : Path
    """
    name = master_name(text)
    if not name:
        return None
    # A reference that leads out of the folder is not followed.
    other = path.parent / Path(name.replace("\\", "/")).name
    if other == path or not other.is_file() or not _is_xml(other):
        return None if other == path else OtherDescription(other, None)
    with other.open("rb") as file:
        return OtherDescription(other, file.read(_MOST_DESCRIPTION_BYTES).decode("utf-8", "replace"))


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(256).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def missing_members(text: str, path: Path) -> tuple[str, ...]:
    """Name the files of a set that are not in the folder of the one that describes it.

    A file that was renamed knows itself by its identifier.
    """
    uuid = own_uuid(text)
    return tuple(
        reference.name
        for reference in referenced_files(text)
        if not (uuid and reference.uuid == uuid) and not (path.parent / reference.name).is_file()
    )


def set_key(path: Path) -> frozenset[str] | None:
    """Identify the set that a TIFF file belongs to: equal for all its members.

    Returns
    -------
    frozenset of str or None
        None for a file that is a data set by itself.
    """
    text = first_description(path)
    if is_ome(text):
        elsewhere = description_elsewhere(text, path)
        if elsewhere is not None:
            if not elsewhere.path.is_file():
                return None  # what belongs together is not known
            text = elsewhere.text if elsewhere.text is not None else first_description(elsewhere.path)
            path = elsewhere.path
        uuid = own_uuid(text)
        members = {
            str(path if uuid and reference.uuid == uuid else path.parent / reference.name)
            for reference in referenced_files(text)
        }
        if len(members) > 1:
            return frozenset(members)
    return _micro_manager_key(path)


def _micro_manager_key(path: Path) -> frozenset[str] | None:
    """Identify sets of Micro-Manager, which tifffile reads as one, by their names and numbers of planes."""
    if _ND_TIFF.match(path.name) and (path.parent / "NDTiff.index").is_file():
        return frozenset({str(path.parent / "NDTiff.index")})
    named = _MICRO_MANAGER.fullmatch(path.name)
    if named is None:
        return None
    from tifffile.tifffile import TiffFile, read_micromanager_metadata

    if not hasattr(TiffFile, "is_mmstack"):  # before tifffile 2023.3, which reads each file by itself
        return None

    try:
        with path.open("rb") as file:
            found = read_micromanager_metadata(file)
        lengths = [
            int(found["Summary"].get(name) or 1) for name in ("Channels", "Slices", "Frames", "Positions")
        ]
        is_part = math.prod(lengths) > len(found["IndexMap"])
    except (AttributeError, KeyError, OSError, TypeError, ValueError, struct.error):
        return None
    return frozenset({str(path.parent / named[1]), "MMStack"}) if is_part else None


class SetsMet:
    """The sets of which a member was met, each with that one."""

    def __init__(self) -> None:
        self._firsts: dict[frozenset[str], Path] = {}

    def earlier_member(self, path: Path) -> Path | None:
        """Give the member of the same set that was met first; None where this is the first, or no set."""
        key = set_key(path)
        if key is None:
            return None
        first = self._firsts.setdefault(key, path)
        return None if first == path else first
