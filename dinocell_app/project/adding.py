"""Find images to add to a project: pure reading, for a worker thread, ended by closing the generator."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.odd_files import why_unusable
from dinocell_app.imaging.file_formats import is_zarr_folder
from dinocell_app.imaging.ome_sets import SetsMet
from dinocell_app.imaging.reading import read_metadata, stored_axes
from dinocell_app.imaging.scan import LeftOut, earlier_member, natural_key, scan_folder, scan_inputs
from dinocell_app.project.records import FoundImage

_PROJECT_SUFFIX = ".dinocell"


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is.

    Parameters
    ----------
    n_found : int
        Images so far.
    folder : Path
        Where it is looking now.
    """

    n_found: int
    folder: Path


def find_images(
    inputs: Sequence[Path],
    *,
    recursive: bool,
    known: frozenset[Path] = frozenset(),
    folder_axes: Mapping[Path, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[FoundImage | LeftOut | SearchProgress]:
    """Find the images among files and folders, folder by folder, and read what they say about themselves.

    Parameters
    ----------
    inputs : sequence of Path
        Files, OME-Zarr folders and folders of images.
    recursive : bool
        Whether folders inside the folders are searched.
    known : frozenset of Path
        Absolute paths of images that are not wanted again.
    folder_axes : mapping of Path to mapping of str to str
        What axes are in folders whose files are wrong about them (`ImageTable.folder_axes`).

    Yields
    ------
    FoundImage, LeftOut or SearchProgress
        A `SearchProgress` for each folder, and what is in it in the order of the names. An image that
        cannot be read is a `FoundImage` with a problem.

    Raises
    ------
    InvalidParameterError
        If an input does not exist.
    """
    seen = set(known)
    sets = SetsMet()
    n_found = 0
    for given in inputs:
        start = Path(os.path.abspath(given))
        root = start if start.is_dir() and not is_zarr_folder(start) else start.parent
        for found in _walk(start, recursive=recursive) if root == start else _named(start):
            if isinstance(found, Path):
                if found in seen:
                    yield LeftOut(found, "in the project already")
                    continue
                if (first := earlier_member(sets, found)) is not None:
                    yield LeftOut(found, f"a part of the same data set as {first.name}")
                    continue
                seen.add(found)
                n_found += 1
                axes = _remembered(found, folder_axes.get(found.parent))
                image = found_image(found, root, axes)
                yield image
                if image.n_scenes > 1:
                    yield LeftOut(
                        found, f"{image.n_scenes - 1} further images in this file; its first is taken"
                    )
            elif isinstance(found, SearchProgress):
                yield SearchProgress(n_found, found.folder)
            else:
                yield found


def found_image(path: Path, root: Path, axes: str = "") -> FoundImage:
    """Read what an image says about itself.

    Parameters
    ----------
    path : Path
        Absolute.
    root : Path
        The folder it was found through.
    axes : str
        What its stored axes are where the file is wrong (`imaging.axes`).

    Returns
    -------
    FoundImage
        With a problem when it cannot be read.
    """
    try:
        metadata = read_metadata(path, axes)
    except UserFacingError as error:
        remedy = f" {error.remedy}." if error.remedy else ""
        return FoundImage(path, root, problem=f"{path.name} {error.what}.{remedy}", axes=axes)
    return FoundImage(
        path=path,
        root=root,
        n_times=metadata.n_times,
        n_slices=metadata.n_slices,
        n_channels=metadata.n_channels,
        height=metadata.height,
        width=metadata.width,
        dtype=metadata.dtype.name,
        channel_names=metadata.channel_names,
        is_rgb=metadata.is_rgb,
        pixel_size_um=metadata.pixel_size_um,
        axes=axes,
        n_scenes=metadata.n_scenes,
    )


def _remembered(path: Path, by_codes: Mapping[str, str] | None) -> str:
    """Give the axes that files stored like this one have in its folder."""
    if not by_codes:
        return ""
    try:
        stored = stored_axes(path)
    except UserFacingError:
        return ""
    return by_codes.get(stored.codes, "") if stored is not None else ""


def _named(path: Path) -> Iterator[Path | LeftOut | SearchProgress]:
    report = scan_inputs([path])
    yield from report.images
    yield from report.left_out


def _walk(folder: Path, *, recursive: bool) -> Iterator[Path | LeftOut | SearchProgress]:
    yield SearchProgress(0, folder)
    report = scan_folder(folder)
    inside: list[Path] = []
    yield from report.images
    for left in report.left_out:
        if left.path != folder and recursive and _is_searched(left.path):
            inside.append(left.path)
        else:
            yield left
    for path in sorted(inside, key=lambda path: natural_key(path.name)):
        yield from _walk(path, recursive=True)


def _is_searched(path: Path) -> bool:
    # A link upwards would be followed for ever.
    hidden = path.name.startswith(".") or path.suffix.lower() == _PROJECT_SUFFIX
    return not hidden and why_unusable(path) is None and path.is_dir() and not path.is_symlink()
