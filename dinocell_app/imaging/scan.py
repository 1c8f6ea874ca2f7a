"""Find the images in files and folders, and say what was left out and why."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.errors import Cancelled, InvalidParameterError
from dinocell_app.base.file_names import composed
from dinocell_app.base.files import PARTIAL_SUFFIX
from dinocell_app.base.odd_files import why_unusable
from dinocell_app.imaging.file_formats import FORMAT_OF_SUFFIX, FileFormat, is_zarr_folder
from dinocell_app.imaging.ome_sets import COMPANION_SUFFIX, SetsMet
from dinocell_app.imaging.zarr_layout import ZarrKind, images_in, zarr_node

_OURS, _CELLPOSE, _BOTH = "this application", "Cellpose", "this application or Cellpose"

RESULT_ENDINGS: tuple[tuple[str, str], ...] = (
    ("_labels", _OURS),
    ("_overlay", _OURS),
    ("_rois", _BOTH),
    ("_outlines", _BOTH),
    ("_masks", _CELLPOSE),
    ("_cp_masks", _CELLPOSE),
    ("_cp_output", _CELLPOSE),
    ("_cp_outlines", _CELLPOSE),
    ("_flows", _BOTH),
    ("_flows_0", _CELLPOSE),
    ("_flows_1", _CELLPOSE),
    ("_flows_2", _CELLPOSE),
    ("_dp", _CELLPOSE),
    ("_cellprob", _BOTH),
    ("_cell_probability", _OURS),
    ("_seg", _BOTH),
)
"""Ends of file names, in lower case and without suffix, that mark results, and who writes them."""

_COMPOUND_SUFFIXES = (".ome.tif", ".ome.tiff", ".ome.btf", ".ome.zarr")
_PROJECT_SUFFIX = ".dinocell"


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not segmented.

    Parameters
    ----------
    path : Path
        Where it is.
    reason : str
        Why, as part of a sentence.
    """

    path: Path
    reason: str


@dataclass(frozen=True)
class ScanReport:
    """What was found.

    Parameters
    ----------
    images : tuple of Path
        Image files and OME-Zarr folders, each once: inputs in their order, within a folder by name
        with numbers by value. A set of files is there once, under its first member; fields of a plate
        are images of their own; a file that holds several images is there once (`reading.list_scenes`).
    left_out : tuple of LeftOut
        Everything else that was looked at, in the same order.
    """

    images: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def scan_folder(folder: Path | str, *, recursive: bool = False) -> ScanReport:
    """Find the images of one folder.

    Parameters
    ----------
    folder : Path or str
        A folder.
    recursive : bool
        Whether folders inside it are searched too.

    Returns
    -------
    ScanReport
        Its images and what was left out.

    Raises
    ------
    InvalidParameterError
        If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InvalidParameterError("is no folder", path=folder, remedy="Name an existing folder of images")
    return scan_inputs([folder], recursive=recursive)


def scan_inputs(
    inputs: Iterable[Path | str], *, recursive: bool = False, should_stop: Callable[[], bool] = lambda: False
) -> ScanReport:
    """Find the images among files and folders in any mixture.

    Parameters
    ----------
    inputs : iterable of Path or str
        Files, OME-Zarr folders and folders of images. Results are left out also where they are
        named, because patterns such as `*.tif` name them too.
    recursive : bool
        Whether folders inside the folders are searched too.
    should_stop : callable
        Asked for each file.

    Returns
    -------
    ScanReport
        Images and what was left out; an image that is reached twice is listed once.

    Raises
    ------
    InvalidParameterError
        If an input does not exist.
    Cancelled
        If asked to stop.
    """
    images: dict[Path, Path] = {}
    left_out: list[LeftOut] = []
    sets = SetsMet()
    for given in inputs:
        path = Path(given)
        if not os.path.lexists(path):
            raise InvalidParameterError("does not exist", path=path, remedy="Check the spelling of the input")
        is_folder = path.is_dir() and not is_zarr_folder(path)
        for found in _walk(path, recursive=recursive) if is_folder else _judge(path):
            if should_stop():
                raise Cancelled
            if isinstance(found, LeftOut):
                left_out.append(found)
                continue
            place = Path(os.path.realpath(found))
            if place in images:
                left_out.append(LeftOut(found, "the same file as " + str(images[place])))
            elif (first := earlier_member(sets, found)) is not None:
                left_out.append(LeftOut(found, f"a part of the same data set as {first.name}"))
            else:
                images[place] = found
    return ScanReport(tuple(images.values()), tuple(left_out))


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key by which `image2` comes before `image10`.

    Parameters
    ----------
    name : str
        A file or folder name.

    Returns
    -------
    tuple
        Runs of digits by value, text without regard to case; the name itself breaks ties.
    """
    parts = re.split(r"([0-9]+)", composed(name))
    key: list[tuple[int, int | str]] = [
        (0, int(part)) if part[0] in "0123456789" else (1, part.casefold()) for part in parts if part
    ]
    return (*key, (2, name))


def result_ending(path: Path) -> tuple[str, str] | None:
    """Tell whether a file is named like a result.

    Parameters
    ----------
    path : Path
        Any path; only its name is looked at.

    Returns
    -------
    tuple of str or None
        The entry of `RESULT_ENDINGS`.
    """
    stem = composed(image_stem(path)).casefold()
    matching = [entry for entry in RESULT_ENDINGS if stem.endswith(entry[0])]
    return max(matching, key=lambda entry: len(entry[0]), default=None)


def image_stem(path: Path) -> str:
    """Name of an image without its suffix, `.ome.tif` being one.

    Parameters
    ----------
    path : Path
        An image.

    Returns
    -------
    str
        What results are named after.
    """
    for suffix in _COMPOUND_SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def _walk(folder: Path, *, recursive: bool) -> Iterator[Path | LeftOut]:
    try:
        with os.scandir(folder) as entries:
            names = sorted((entry.name for entry in entries), key=natural_key)
    except OSError as error:
        yield LeftOut(folder, f"a folder that cannot be opened ({error.strerror})")
        return
    for name in names:
        path = folder / name
        if (reason := why_unusable(path)) is not None:
            yield LeftOut(path, reason)
        elif not path.is_dir() or is_zarr_folder(path) or name.startswith("."):
            yield from _judge(path)
        elif path.suffix.lower() == _PROJECT_SUFFIX:
            yield LeftOut(path, "a project of this application")
        elif not recursive:
            yield LeftOut(path, "a folder; folders are searched only when asked to")
        elif path.is_symlink():
            # A link upwards would be followed for ever.
            yield LeftOut(path, "a link to another folder; name that folder itself")
        else:
            yield from _walk(path, recursive=True)


def _judge(path: Path) -> Iterator[Path | LeftOut]:
    reason = why_unusable(path) or _why_left_out(path)
    if reason is not None:
        yield LeftOut(path, reason)
    elif path.is_dir() and zarr_node(path).kind in (ZarrKind.PLATE, ZarrKind.WELL, ZarrKind.GROUP):
        inside = list(images_in(zarr_node(path)))
        yield from inside or [path]  # told when it is opened
    else:
        yield path


def earlier_member(sets: SetsMet, path: Path) -> Path | None:
    """Give the image of the same set of files that was met before; None for the first, or no set."""
    if FORMAT_OF_SUFFIX.get(path.suffix.lower()) is not FileFormat.TIFF or not path.is_file():
        return None
    try:
        return sets.earlier_member(path)
    except OSError:  # told when it is opened
        return None


def _why_left_out(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if PARTIAL_SUFFIX in path.suffixes:
        return "an unfinished file"
    if path.name.startswith("."):
        return "hidden"
    ending = result_ending(path)
    if ending is not None and (suffix in FORMAT_OF_SUFFIX or suffix in (".npy", ".zip", ".txt")):
        return f"a result of {ending[1]} ({ending[0]})"
    if path.name.lower().endswith(COMPANION_SUFFIX):
        return "the description of a set of files"
    if suffix not in FORMAT_OF_SUFFIX and not path.is_dir():
        return f"not an image ({suffix})" if suffix else "not an image (no suffix)"
    return None
