"""Which images a job takes, and where the results of each go."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.names import SUFFIXES, output_stems
from dinocell_app.imaging.scan import LeftOut, scan_folder, scan_inputs


@dataclass(frozen=True)
class PlannedImage:
    """An image of a job.

    Parameters
    ----------
    path : Path
        The file, or the folder of an OME-Zarr image.
    stem : PurePosixPath
        Folder and stem of its results below the output folder.
    """

    path: Path
    stem: PurePosixPath

    @property
    def name(self) -> str:
        """How tables and events call it: its name below the input folder, with forward slashes."""
        return (self.stem.parent / self.path.name).as_posix()


@dataclass(frozen=True)
class Plan:
    """What a job will look at.

    Parameters
    ----------
    left_out : tuple of LeftOut
        Files that were found and not taken, with the reason.
    """

    images: tuple[PlannedImage, ...]
    left_out: tuple[LeftOut, ...]


def plan_images(
    inputs: Sequence[Path],
    output: Path,
    *,
    recursive: bool,
    roots: Sequence[Path] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Plan:
    """Find the images of a job.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders.
    output : Path
        Folder for results; what lies in it is not taken, unless it is an input itself.
    recursive : bool
        Whether folders inside the inputs are searched.
    roots : sequence of Path
        Folders that files below them belong to. Such a file is planned also when it is missing, so that it
        fails by itself, and the place of its results does not depend on the other inputs.
    should_stop : callable
        Asked for each file.

    Raises
    ------
    InvalidParameterError
        If an input that is below no root does not exist, or there is no image at all.
    Cancelled
        If asked to stop.
    """
    missing = [path for path in inputs if not os.path.lexists(path) and _root_of(path, roots) is not None]
    gone = set(missing)
    looked_at = [path for path in inputs if path not in gone]
    report = scan_inputs(looked_at, recursive=recursive, should_stop=should_stop)
    taken, left_out = _without_results([*report.images, *missing], output, inputs)
    stems = _stems(taken, [path for path in inputs if path.is_dir()], roots)
    plan = Plan(tuple(PlannedImage(path, stems[path]) for path in taken), (*report.left_out, *left_out))
    if not plan.images:
        folders = any(left.reason.startswith("a folder;") for left in plan.left_out)
        raise InvalidParameterError(
            f"No image was found among {_listed(inputs)} ({len(plan.left_out)} other files and folders)",
            remedy="Add --recursive to search the folders inside"
            if folders
            else "Name images or a folder of them",
        )
    return plan


def _stems(
    images: Sequence[Path], folders: Sequence[Path], roots: Sequence[Path]
) -> dict[Path, PurePosixPath]:
    """Choose the place of each image's results: with its root if it has one, else as `output_stems` does."""
    root_of = {image: _root_of(image, roots) for image in images}
    stems = output_stems([image for image in images if root_of[image] is None], folders)
    for root, home in _homes(roots).items():
        own = [image for image in images if root_of[image] == root]
        # Two images that differ in their suffix only get longer names, also when the job has one of them.
        neighbours = [path for folder in {image.parent for image in own} for path in _images_in(folder)]
        found = output_stems([*own, *neighbours], [root])
        stems |= {image: home / found[image] for image in own}
    return stems


def _root_of(image: Path, roots: Sequence[Path]) -> Path | None:
    around = [root for root in roots if image.is_relative_to(root) and image != root]
    return max(around, key=lambda root: len(root.parts), default=None)


def _homes(roots: Sequence[Path]) -> dict[Path, PurePosixPath]:
    """Name a folder after each root; of those with the same name, later ones are numbered."""
    homes: dict[Path, PurePosixPath] = {}
    taken: set[str] = set()
    for root in dict.fromkeys(roots):
        plain = name = root.name or "images"
        number = 2
        while name.casefold() in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name.casefold())
        homes[root] = PurePosixPath(name)
    return homes


def _images_in(folder: Path) -> tuple[Path, ...]:
    return scan_folder(folder).images if folder.is_dir() else ()


def _without_results(
    images: Sequence[Path], output: Path, inputs: Sequence[Path]
) -> tuple[list[Path], list[LeftOut]]:
    """Leave out what this application wrote: the output folder, and OME-Zarr labels beside the images."""
    target = _real(output)
    named = {_real(path) for path in inputs}
    taken: list[Path] = []
    left_out: list[LeftOut] = []
    for path in images:
        real = _real(path)
        if target in real.parents and target not in named and real not in named:
            left_out.append(LeftOut(path, "in the output folder"))
        elif path.name.endswith(SUFFIXES["ome-zarr"]) and _has_sidecar(path):
            left_out.append(LeftOut(path, "a result of this application"))
        else:
            taken.append(path)
    return taken, left_out


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike `resolve`, whatever links there are


def _has_sidecar(path: Path) -> bool:
    stem = path.name.removesuffix(SUFFIXES["ome-zarr"])
    return path.with_name(stem + SUFFIXES["sidecar"]).exists()


def _listed(inputs: Sequence[Path]) -> str:
    shown = ", ".join(str(path) for path in inputs[:3])
    return f"{shown} and {len(inputs) - 3} more" if len(inputs) > 3 else shown
