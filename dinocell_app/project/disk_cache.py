"""What is kept on disk only to be quick: thumbnails and tables read before; all of it can be made again."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHARED_NAME = "DINOCell cache"
"""Folder made in the place a person chose, so that nothing else there is ever touched."""
MEGABYTE = 1_000_000

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DiskCache:
    """Where a project's cache is.

    Parameters
    ----------
    thumbnails, tables : Path
        Folders, which need not exist.
    writable : bool
        Whether anything may be added.
    """

    thumbnails: Path
    tables: Path
    writable: bool

    def files(self) -> Iterator[Path]:
        """List the files of the cache and no others."""
        yield from self.thumbnails.glob("*.png")
        yield from self.tables.glob("cells-*.parquet")


def cache_of(project_folder: Path, place: str, *, read_only: bool) -> DiskCache:
    """Say where the cache of a project is.

    Parameters
    ----------
    project_folder : Path
        Absolute.
    place : str
        Folder for the caches of all projects; "" to keep each with its project.
    read_only : bool
        Whether the project must not be written to; a place of its own still may.
    """
    if not place:
        return DiskCache(project_folder / "thumbnails", project_folder / "cache", not read_only)
    digest = hashlib.sha256(str(project_folder).encode()).hexdigest()[:12]
    folder = Path(place) / SHARED_NAME / f"{project_folder.stem}-{digest}"
    return DiskCache(folder / "thumbnails", folder / "cache", True)


def all_caches(cache: DiskCache, place: str) -> list[DiskCache]:
    """List the caches that share the space of one.

    Parameters
    ----------
    place : str
        As for `cache_of`.

    Returns
    -------
    list of DiskCache
        Those of all projects in the place; only the given one when it lies with its project.
    """
    if not place:
        return [cache]
    try:
        folders = [folder for folder in (Path(place) / SHARED_NAME).iterdir() if folder.is_dir()]
    except OSError:
        return [cache]
    return [DiskCache(folder / "thumbnails", folder / "cache", True) for folder in folders]


def size_of(caches: list[DiskCache]) -> int:
    """Measure what caches take on disk.

    Returns
    -------
    int
        Bytes.
    """
    return sum(size for _age, size, _file in _found(caches))


def trim(caches: list[DiskCache], most_bytes: int) -> int:
    """Remove the files used longest ago until the rest fits.

    Parameters
    ----------
    most_bytes : int
        0 to remove all.

    Returns
    -------
    int
        Bytes that were freed; what cannot be removed stays.
    """
    found = sorted(_found(caches))
    excess = sum(size for _age, size, _file in found) - most_bytes
    freed = 0
    for _age, size, file in found:
        if freed >= excess:
            break
        try:
            file.unlink()
        except OSError as error:
            _logger.info("a file of the cache stays: %s", error)
            continue
        freed += size
    return freed


def _found(caches: list[DiskCache]) -> list[tuple[float, int, Path]]:
    """List age, size and path; a file that went meanwhile is left out."""
    found = []
    for cache in caches:
        for file in cache.files():
            try:
                status = file.stat()
            except OSError:
                continue
            found.append((max(status.st_mtime, status.st_atime), status.st_size, file))
    return found
