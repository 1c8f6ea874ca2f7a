"""Names of result files: one home for suffixes, and names that never collide."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from dinocell_app.base.errors import UserFacingError

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "labels": "_labels.tif",
        "overlay": "_overlay.png",
        "csv": "_cells.csv",
        "roi": "_rois.zip",
        "geojson": ".geojson",
        "coco": "_coco.json",
        "cellpose": "_seg.npy",
        "ome-zarr": ".ome.zarr",
        "parquet": "_cells.parquet",
        "sidecar": "_segmentation.json",
    }
)
"""What follows the stem (and the plane's suffix) of an image in the name of each of its results."""

CELLS_CSV = "cells.csv"
CELLS_PARQUET = "cells.parquet"
IMAGES_CSV = "images.csv"
COLUMNS_CSV = "columns.csv"
COCO_JSON = "coco.json"
METHODS_TXT = "methods.txt"
MOST_BYTES = 255
"""Of one name, on the disks of all systems; letters beyond ASCII have two to four."""
AUDIT_JSON = "audit.json"
REGIONS_CSV = "regions.csv"
CELLPROFILER_CSV = "cellprofiler.csv"

_DOUBLE_SUFFIX = re.compile(r"\.ome(?=\.\w+$)", re.IGNORECASE)
_PLANE_ENDING = re.compile(r"(_t\d+)?(_z\d+)?$", re.IGNORECASE)


def output_stems(images: Sequence[Path], roots: Sequence[Path] = ()) -> dict[Path, PurePosixPath]:
    """Choose where below the output folder the results of each image go.

    Folders below the given ones are mirrored. The stem is the image's name without its suffix, `.ome`
    included. Images of one folder that would share a stem, also where only case differs or where one is
    named like a plane of another, keep their suffix: `a.tif` and `a.png` become `a_tif` and `a_png`.
    Given folders that would write to the same names get a folder each, named after them.

    Parameters
    ----------
    images : sequence of Path
        Files, each once.
    roots : sequence of Path, optional
        The folders the user named. An image outside of them counts as given by itself, and its folder
        is not mirrored.

    Returns
    -------
    dict of Path to PurePosixPath
        Folder and stem relative to the output folder; no two are equal, whatever the disk thinks of case.
        The same for any order of `images`.
    """
    ordered = sorted(dict.fromkeys(images), key=lambda path: (path.as_posix().casefold(), path.as_posix()))
    root_of = {image: _root(image, roots) for image in ordered}
    homes = _homes(ordered, root_of)
    folders: dict[str, list[Path]] = {}
    places = {}
    for image in ordered:
        place = homes[root_of[image]] / PurePosixPath(image.relative_to(root_of[image]).parent.as_posix())
        places[image] = place
        folders.setdefault(place.as_posix().casefold(), []).append(image)
    stems: dict[Path, PurePosixPath] = {}
    for neighbours in folders.values():
        for image, stem in _stems_of_folder(neighbours).items():
            stems[image] = places[image] / stem
    return {image: stems[image] for image in images}


def result_stem(name: str) -> str:
    """Name of a result file without what says its kind.

    Returns
    -------
    str
        The whole name where it is none of a result.
    """
    endings = [ending for ending in SUFFIXES.values() if name.endswith(ending)]
    return name.removesuffix(max(endings, key=len)) if endings else name


def sidecar_beside(result: Path) -> Path:
    """Say where the record of a result is.

    Parameters
    ----------
    result : Path
        Any of its files.
    """
    return result.with_name(result_stem(result.name) + SUFFIXES["sidecar"])


def output_path(folder: Path, stem: PurePosixPath, plane_suffix: str, kind: str) -> Path:
    """Name one result file.

    Parameters
    ----------
    folder : Path
        The output folder.
    stem : PurePosixPath
        From `output_stems`.
    plane_suffix : str
        Such as "_t0003_z001"; empty for an image of one plane.
    kind : str
        A key of `SUFFIXES`.
    """
    return folder.joinpath(*stem.parts[:-1], f"{stem.name}{plane_suffix}{SUFFIXES[kind]}")


def require_short_names(image: Path, stem: PurePosixPath, plane_suffix: str) -> None:
    """Check that the names of all results of an image are as short as disks want them.

    Raises
    ------
    UserFacingError
        Which names the length.
    """
    longest = max(SUFFIXES.values(), key=len)
    length = len(os.fsencode(stem.name + plane_suffix + longest))
    if length > MOST_BYTES:
        raise UserFacingError(
            f"the name of the image has {len(os.fsencode(image.name))} bytes, so that those of "
            f"its results would have up to {length}, and disks take {MOST_BYTES}",
            path=image,
            remedy=f"Shorten the name of the image by {length - MOST_BYTES} or more letters",
        )


def image_stem(image: Path) -> str:
    """Name of an image without its suffix, and without `.ome` before it.

    Parameters
    ----------
    image : Path
        A file or an OME-Zarr folder.
    """
    return Path(_DOUBLE_SUFFIX.sub("", image.name)).stem


def _root(image: Path, roots: Sequence[Path]) -> Path:
    around = [root for root in roots if image.is_relative_to(root) and image != root]
    return max(around, key=lambda root: len(root.parts), default=image.parent)


def _homes(images: Sequence[Path], root_of: Mapping[Path, Path]) -> dict[Path, PurePosixPath]:
    """Folder of each root in the output: none, unless two roots would write to the same place."""
    roots = sorted(set(root_of.values()))
    owners: dict[str, Path] = {}
    clash = False
    for image in images:
        place = image.relative_to(root_of[image]).with_name(image_stem(image)).as_posix().casefold()
        clash |= owners.setdefault(place, root_of[image]) != root_of[image]
    if not clash:
        return dict.fromkeys(roots, PurePosixPath())
    homes: dict[Path, PurePosixPath] = {}
    taken: set[str] = set()
    for root in roots:
        homes[root] = PurePosixPath(_unused(root.name or "images", taken))
    return homes


def _stems_of_folder(images: Sequence[Path]) -> dict[Path, str]:
    plain = [image_stem(image) for image in images]
    known = Counter(stem.casefold() for stem in plain)
    doubtful = [known[stem.casefold()] > 1 or _is_plane_of_another(stem, known) for stem in plain]
    taken: set[str] = {stem.casefold() for stem, doubt in zip(plain, doubtful, strict=True) if not doubt}
    stems = {}
    for image, stem, doubt in zip(images, plain, doubtful, strict=True):
        stems[image] = _unused(image.name.replace(".", "_"), taken) if doubt else stem
    return stems


def _is_plane_of_another(stem: str, known: Container[str]) -> bool:
    shorter = _PLANE_ENDING.sub("", stem)
    return shorter != stem and shorter.casefold() in known


def _unused(name: str, taken: set[str]) -> str:
    """Take the name, numbered if it is taken already."""
    chosen, number = name, 2
    while chosen.casefold() in taken:
        chosen, number = f"{name}_{number}", number + 1
    taken.add(chosen.casefold())
    return chosen
