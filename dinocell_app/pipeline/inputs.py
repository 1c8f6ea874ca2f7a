"""Which images a job takes, and where the results of each go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dinocell_app.errors import InvalidParameterError
from dinocell_app.export.names import SUFFIXES, output_stems
from dinocell_app.imaging.scan import LeftOut, scan_inputs


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
    images : tuple of PlannedImage
    left_out : tuple of LeftOut
        Files that were found and not taken, with the reason.
    """

    images: tuple[PlannedImage, ...]
    left_out: tuple[LeftOut, ...]


def plan_images(inputs: Sequence[Path], output: Path, *, recursive: bool) -> Plan:
    """Find the images of a job.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders.
    output : Path
        Folder for results; what lies in it is not taken, unless it is an input itself.
    recursive : bool
        Whether folders inside the inputs are searched.

    Returns
    -------
    Plan

    Raises
    ------
    InvalidParameterError
        If an input does not exist or there is no image at all.
    """
    report = scan_inputs(inputs, recursive=recursive)
    roots = [path for path in inputs if path.is_dir()]
    taken, left_out = _without_results(report.images, output, inputs)
    stems = output_stems(taken, roots)
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


def _without_results(
    images: Sequence[Path], output: Path, inputs: Sequence[Path]
) -> tuple[list[Path], list[LeftOut]]:
    """Leave out what this application wrote: the output folder, and OME-Zarr labels beside the images."""
    target = output.resolve()
    named = {path.resolve() for path in inputs}
    taken: list[Path] = []
    left_out: list[LeftOut] = []
    for path in images:
        parents = path.resolve().parents
        if target in parents and target not in named and path.resolve() not in named:
            left_out.append(LeftOut(path, "in the output folder"))
        elif path.name.endswith(SUFFIXES["ome-zarr"]) and _has_sidecar(path):
            left_out.append(LeftOut(path, "a result of this application"))
        else:
            taken.append(path)
    return taken, left_out


def _has_sidecar(path: Path) -> bool:
    stem = path.name.removesuffix(SUFFIXES["ome-zarr"])
    return path.with_name(stem + SUFFIXES["sidecar"]).exists()


def _listed(inputs: Sequence[Path]) -> str:
    shown = ", ".join(str(path) for path in inputs[:3])
    return f"{shown} and {len(inputs) - 3} more" if len(inputs) > 3 else shown
