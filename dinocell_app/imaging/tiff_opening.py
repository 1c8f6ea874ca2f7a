"""TIFF files opened with care: what a damaged or hostile one announces is checked before it is believed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.image_reader import MOST_PLANES, check_plausible_size
from dinocell_app.imaging.ome_sets import description_elsewhere, missing_members
from dinocell_app.imaging.tiff_directories import directories_are_whole

_REMEDY = "Copy or export it again"
_MOST_MISSING_PIECES = 100_000
_ELSEWHERE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|^\w+://")


@contextmanager
def opened_tiff(path: Path) -> Iterator[Any]:
    """Open a TIFF file for the time of a block.

    Yields
    ------
    tifffile.TiffFile
        From `open_tiff`.
    """
    tiff = open_tiff(path)
    try:
        yield tiff
    finally:
        tiff.close()


def open_tiff(path: Path) -> Any:  # noqa: ANN401 - tifffile has no types
    """Open a TIFF file whose pages and description can be looked at.

    Returns
    -------
    tifffile.TiffFile
        To be closed.

    Raises
    ------
    UnreadableFileError
        If pages are cut off, or the OME description asks for what no microscope writes.
    """
    tiff = tifffile.TiffFile(path)
    try:
        _check_pages(path)
        if tiff.is_ome:
            check_ome_description(str(tiff.ome_metadata or ""), path)
    except BaseException:
        tiff.close()
        raise
    return tiff


@dataclass(frozen=True)
class DescribedTiff:
    """An open TIFF file with the description of the set it belongs to.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        The file, or the one of its set that holds the description; to be closed.
    ome_xml : str
        "" for files without.
    missing_files : tuple of str
        Names of files of the set that are not there.
    """

    tiff: Any
    ome_xml: str
    missing_files: tuple[str, ...]


def open_described(path: Path) -> DescribedTiff:
    """Open a TIFF file as one of its set: OME descriptions may lie in another file.

    Raises
    ------
    UnreadableFileError
        As `open_tiff`.
    """
    tiff = open_tiff(path)
    if not tiff.is_ome:
        return DescribedTiff(tiff, "", ())
    text = str(tiff.ome_metadata or "")
    try:
        elsewhere = description_elsewhere(text, path)
        if elsewhere is None:
            return DescribedTiff(tiff, text, missing_members(text, path))
        tiff.close()
        if not elsewhere.path.is_file():
            return DescribedTiff(open_tiff(path), "", (elsewhere.path.name,))
        if elsewhere.text is None:
            tiff = open_tiff(elsewhere.path)
            text = str(tiff.ome_metadata or "")
            return DescribedTiff(tiff, text, missing_members(text, elsewhere.path))
        check_ome_description(elsewhere.text, elsewhere.path)
        tiff = tifffile.TiffFile(path, omexml=elsewhere.text)
        return DescribedTiff(tiff, elsewhere.text, missing_members(elsewhere.text, path))
    except BaseException:
        tiff.close()
        raise


def check_ome_description(text: str, path: Path) -> None:
    """Refuse a description that would fill the memory or leads out of the folder of the file.

    Parameters
    ----------
    text : str
        OME-XML.
    path : Path
        Its file.

    Raises
    ------
    UnreadableFileError
        If it defines entities, announces planes without number, or names files elsewhere.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnreadableFileError(
            "has an OME description with definitions of its own, which are not read",
            path=path,
            remedy="Export it again with another program",
        )
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return  # read as a TIFF file without description
    n_planes = 0
    for element in root.iter():
        kind = str(element.tag).rpartition("}")[2]
        if kind == "Pixels":
            n_planes += math.prod(_count(element, f"Size{axis}", 1) for axis in "CZT")
        elif kind == "TiffData":
            # Each list of pages that the library makes is as long as one of these says.
            n_planes = max(n_planes, _count(element, "PlaneCount", 0), _count(element, "NumPlanes", 0))
        elif kind == "UUID" and _ELSEWHERE.search(element.get("FileName", "")):
            raise UnreadableFileError(
                "belongs to a set of files in other folders",
                path=path,
                remedy="Put all files of the set into one folder and export them again",
            )
        if n_planes > MOST_PLANES:
            raise UnreadableFileError(f"declares {n_planes:,} planes", path=path, remedy=_REMEDY)


def check_pieces(path: Path, page: Any, shape: tuple[int, ...]) -> None:  # noqa: ANN401
    """Refuse a page that is far larger than its strips or tiles can hold.

    Parameters
    ----------
    shape : tuple of int
        Of its pixels.

    Raises
    ------
    UnreadableFileError
        If nearly all pieces are missing, or there are too few bytes for so many pixels.
    """
    n_pieces = math.prod(page.chunked) if page.chunked else 1
    if n_pieces > max(_MOST_MISSING_PIECES, 2 * len(page.dataoffsets)):
        raise UnreadableFileError(
            f"has {len(page.dataoffsets)} of {n_pieces:,} strips or tiles", path=path, remedy=_REMEDY
        )
    check_plausible_size(path, shape, page.dtype, sum(page.databytecounts))
    _check_packing(path, page)


def _check_packing(path: Path, page: Any) -> None:  # noqa: ANN401
    try:
        tifffile.TIFF.DECOMPRESSORS[page.compression]
    except (KeyError, ValueError) as error:
        raise UnreadableFileError(
            f"is packed in a way that is not read here (compression {int(page.compression)})",
            path=path,
            remedy="Save it without compression, or with LZW or Deflate",
        ) from error


def _check_pages(path: Path) -> None:
    if not directories_are_whole(path):
        raise UnreadableFileError("ends before its last page", path=path, remedy=_REMEDY)


def _count(element: ElementTree.Element, name: str, default: int) -> int:
    try:
        return abs(int(element.get(name, default)))
    except ValueError:
        return default
