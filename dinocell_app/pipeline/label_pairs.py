"""Which files of two folders belong together: images with labels, or predicted with true labels."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.odd_files import why_unusable
from dinocell_app.imaging.scan import LeftOut, image_stem, natural_key, result_ending, scan_folder

_LABEL_SUFFIXES = frozenset({".tif", ".tiff", ".btf", ".png", ".bmp", ".npy"})
_LABEL_ENDING = re.compile(r"(_cp)?(_labels?|_masks?|_seg)$", re.IGNORECASE)

Key = tuple[str, str]
"""Folder below the one given and name without ending, both in lower case."""


@dataclass(frozen=True)
class FilePair:
    """Two files that belong together.

    Parameters
    ----------
    first, labels : Path
        An image or predicted labels, and labels.
    stem : PurePosixPath
        Folder and name below the folders given.
    """

    first: Path
    labels: Path
    stem: PurePosixPath

    @property
    def name(self) -> str:
        """How tables and events call it."""
        return (self.stem.parent / self.first.name).as_posix()

    @property
    def path(self) -> Path:
        """The first file."""
        return self.first


@dataclass(frozen=True)
class Pairs:
    """What two folders hold.

    Parameters
    ----------
    left_out : tuple of LeftOut
        Files without a partner.
    """

    pairs: tuple[FilePair, ...]
    left_out: tuple[LeftOut, ...]


def pair_images(images: Path, labels: Path, *, recursive: bool = False) -> Pairs:
    """Pair images with their labels.

    Parameters
    ----------
    images, labels : Path
        Two files, or two folders; both may be the same.
    recursive : bool
        Whether folders inside are searched.

    Raises
    ------
    InvalidParameterError
        If one does not exist, only one is a folder, or nothing belongs together.
    """
    if _are_files(images, labels):
        return _one_pair(images, labels)
    found = {_key(path, images): path for path in scan_folder(images, recursive=recursive).images}
    return _paired(
        found, _label_files(labels, recursive=recursive, only_marked=images == labels), images, labels
    )


def pair_labels(predicted: Path, reference: Path, *, recursive: bool = False) -> Pairs:
    """Pair predicted labels with true ones.

    Parameters
    ----------
    predicted, reference : Path
        Two files, or two folders.
    recursive : bool
        Whether folders inside are searched.

    Raises
    ------
    InvalidParameterError
        As in `pair_images`.
    """
    if _are_files(predicted, reference):
        return _one_pair(predicted, reference)
    first = _label_files(predicted, recursive=recursive)
    return _paired(first, _label_files(reference, recursive=recursive), predicted, reference)


def _are_files(first: Path, second: Path) -> bool:
    for path in (first, second):
        if not os.path.exists(path):
            raise InvalidParameterError("does not exist", path=path, remedy="Check the spelling")
    if first.is_dir() != second.is_dir():
        raise InvalidParameterError(
            f"{first} and {second} are a file and a folder", remedy="Name two files or two folders"
        )
    return first.is_file()


def _one_pair(first: Path, labels: Path) -> Pairs:
    return Pairs((FilePair(first, labels, PurePosixPath(image_stem(first))),), ())


def _label_files(folder: Path, *, recursive: bool, only_marked: bool = False) -> dict[Key, Path]:
    """Find label files; where a folder holds images too, those named as labels are taken."""
    found: dict[Key, Path] = {}
    for path in sorted(
        folder.rglob("*") if recursive else folder.iterdir(), key=lambda p: natural_key(p.name)
    ):
        stem = image_stem(path)
        marked = _LABEL_ENDING.search(stem) is not None
        is_result = result_ending(path) is not None and not marked
        is_array = path.suffix.lower() == ".npy" and not stem.lower().endswith(("_seg", "_masks", "_labels"))
        if (
            path.suffix.lower() not in _LABEL_SUFFIXES
            or why_unusable(path) is not None
            or not path.is_file()
            or path.name.startswith(".")
            or is_result
            or is_array
            or (only_marked and not marked)
        ):
            continue
        key = _key(path, folder)
        if key not in found or (marked and _LABEL_ENDING.search(image_stem(found[key])) is None):
            found[key] = path
    return found


def _key(path: Path, folder: Path) -> Key:
    below = path.relative_to(folder).parent.as_posix()
    return below.casefold(), _LABEL_ENDING.sub("", image_stem(path)).casefold()


def _paired(first: Mapping[Key, Path], labels: Mapping[Key, Path], folder: Path, other: Path) -> Pairs:
    pairs = tuple(
        FilePair(
            path, labels[key], PurePosixPath(path.relative_to(folder).parent.as_posix()) / image_stem(path)
        )
        for key, path in first.items()
        if key in labels
    )
    if not pairs:
        raise InvalidParameterError(
            f"No file of {folder} ({len(first)} files) belongs by its name to one of {other} "
            f"({len(labels)} files)",
            remedy="Name labels like their images, or with _labels or _masks added",
        )
    alone = [path for key, path in first.items() if key not in labels]
    alone += [path for key, path in labels.items() if key not in first]
    return Pairs(
        pairs, tuple(LeftOut(path, "nothing in the other folder belongs to it by its name") for path in alone)
    )
