"""Which files of two folders belong together: images with labels, or predicted with true labels."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.file_names import composed
from dinocell_app.base.odd_files import why_unusable
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.foreign_labels import JPEG_SUFFIXES, SUFFIXES
from dinocell_app.export.names import output_stems
from dinocell_app.imaging.scan import LeftOut, image_stem, natural_key, result_ending, scan_folder

_LABEL_ENDING = re.compile(r"(_cp)?(_labels?|_masks?|_seg|_rois?|_roiset)$", re.IGNORECASE)
_PLANE_ENDING = re.compile(r"(_s\d+)?(_t\d+)?(_z\d+)?$", re.IGNORECASE)

Key = tuple[str, str]
"""Folder below the one given and name without ending, letters composed."""


@dataclass(frozen=True)
class FilePair:
    """Two files that belong together.

    Parameters
    ----------
    first, labels : Path
        An image or predicted labels, and labels.
    stem : PurePosixPath
        Folder and name below the folders given.
    planes : tuple of (PlaneAddress, Path)
        Labels by plane, where an image has a file for each; else empty.
    """

    first: Path
    labels: Path
    stem: PurePosixPath
    planes: tuple[tuple[PlaneAddress, Path], ...] = ()

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
    found = list(scan_folder(images, recursive=recursive).images)
    marked = _label_files(labels, recursive=recursive, only_marked=images == labels)
    return _paired(found, marked, images, labels)


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


def _label_files(folder: Path, *, recursive: bool, only_marked: bool = False) -> list[Path]:
    """Find label files; where a folder holds images too, those named as labels are taken."""
    files = folder.rglob("*") if recursive else folder.iterdir()
    return [
        path
        for path in sorted(files, key=lambda path: natural_key(path.name))
        if _may_be_labels(path) and (_is_marked(path) or not only_marked)
    ]


def _may_be_labels(path: Path) -> bool:
    stem, suffix = image_stem(path), path.suffix.lower()
    is_result = result_ending(path) is not None and not _is_marked(path)
    is_array = suffix == ".npy" and not stem.lower().endswith(("_seg", "_masks", "_labels"))
    known = suffix in SUFFIXES or (suffix in JPEG_SUFFIXES and _is_marked(path))
    usable = known and why_unusable(path) is None and path.is_file()
    return usable and not (path.name.startswith(".") or is_result or is_array)


def _is_marked(path: Path) -> bool:
    return _LABEL_ENDING.search(image_stem(path)) is not None


def _key(path: Path, folder: Path) -> Key:
    below = path.relative_to(folder).parent.as_posix()
    return composed(below), _LABEL_ENDING.sub("", composed(image_stem(path)))


def _folded(key: Key) -> Key:
    return key[0].casefold(), key[1].casefold()


class _Labels:
    """Label files by the names of the images that they may be for."""

    def __init__(self, files: Sequence[Path], folder: Path) -> None:
        self._exact: dict[Key, list[Path]] = {}
        self._folded: dict[Key, list[Path]] = {}
        self._planes: dict[Key, list[tuple[PlaneAddress, Path]]] = {}
        # Files that are named as labels come before others of the same name.
        for path in sorted(files, key=lambda path: not _is_marked(path)):
            key = _key(path, folder)
            self._exact.setdefault(key, []).append(path)
            self._folded.setdefault(_folded(key), []).append(path)
            ending = _PLANE_ENDING.search(key[1])
            if ending is not None and ending.group():
                bare = key[0], key[1].removesuffix(ending.group())
                address = PlaneAddress.of_suffix(ending.group().lower())
                self._planes.setdefault(_folded(bare), []).append((address, path))

    def of(self, path: Path, folder: Path) -> tuple[list[Path], tuple[tuple[PlaneAddress, Path], ...]]:
        """List the files that fit an image, the best first, and those of single planes."""
        below, stem = _key(path, folder)
        # Of images that differ in their suffix alone, results are named with it.
        long = f"{stem}_{path.suffix.lstrip('.')}"
        for known, fold in ((self._exact, lambda key: key), (self._folded, _folded)):
            for name in (long, stem):
                fitting = known.get(fold((below, name)), [])
                if fitting:
                    return sorted(fitting, key=lambda labels: labels.suffix != path.suffix), ()
        for name in (long, stem):
            planes = self._planes.get(_folded((below, name)), [])
            if planes:
                return [], tuple(sorted(planes, key=lambda pair: pair[0].order))
        return [], ()


def _paired(first: Sequence[Path], labels: Sequence[Path], folder: Path, other: Path) -> Pairs:
    known = _Labels(labels, other)
    fitting = {path: known.of(path, folder) for path in first}
    claimed: dict[Path, list[Path]] = {}
    for path, (files, _) in fitting.items():
        for file in files[:1]:
            claimed.setdefault(file, []).append(path)
    stems = output_stems(first, [folder])
    pairs, left_out, used = [], [], set[Path]()
    for path, (files, planes) in fitting.items():
        stem = stems[path]
        if planes:
            pairs.append(FilePair(path, planes[0][1], stem, planes))
            used.update(file for _, file in planes)
        elif not files:
            left_out.append(LeftOut(path, "nothing in the other folder belongs to it by its name"))
        elif path != (owner := _owner(claimed[files[0]], files[0])):
            reason = f"{files[0].name} is taken for the labels of {owner.name}, which has the same name"
            left_out.append(LeftOut(path, reason))
        else:
            pairs.append(FilePair(path, files[0], stem))
            used.add(files[0])
            left_out += [LeftOut(file, f"{files[0].name} is taken instead") for file in files[1:]]
            used.update(files[1:])
    if not pairs:
        raise InvalidParameterError(
            f"No file of {folder} ({len(first)} files) belongs by its name to one of {other} "
            f"({len(labels)} files)",
            remedy="Name labels like their images, or with _labels or _masks added",
        )
    alone = [file for file in labels if file not in used]
    left_out += [LeftOut(file, "nothing in the other folder belongs to it by its name") for file in alone]
    return Pairs(tuple(pairs), tuple(left_out))


def _owner(images: Sequence[Path], labels: Path) -> Path:
    """Choose among images of the same name: the one of the labels' kind of file, else the first."""
    return next((path for path in images if path.suffix == labels.suffix), images[0])
