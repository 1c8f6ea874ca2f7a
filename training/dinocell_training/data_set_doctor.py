"""The data-set doctor: which pictures with labels there are, and what is wrong with them, with a remedy each.

Nothing is changed. It is a generator: pictures come as they are read, findings about all of them at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.overlay import write_overlay
from dinocell_app.imaging.reading import read_metadata
from dinocell_app.model.manifest import Manifest
from dinocell_app.segmentation.scale import typical_diameter
from dinocell_training.data_set_findings import (
    Finding,
    PictureFound,
    Severity,
    amounts,
    cell_sizes,
    counted,
    duplicates,
    judging,
    pixel_sizes,
)
from dinocell_training.datasets import LabelledPair, binary_as_components, labelled_pairs
from dinocell_training.diagnosis import ProblemKind
from dinocell_training.splitting import content_hash

_SEVERITIES: Mapping[ProblemKind, Severity] = {
    ProblemKind.UNREADABLE: "stops",
    ProblemKind.SIZE_MISMATCH: "stops",
    ProblemKind.BOXES_ONLY: "stops",
    ProblemKind.EMPTY: "tells",
    ProblemKind.SEVERAL_SOURCES: "tells",
    ProblemKind.SEVERAL_PLANES: "tells",
}
"""Problems of a picture that are not named here warn; those that stop cost that picture only."""


@dataclass(frozen=True)
class ExaminationFinished:
    """The end.

    Parameters
    ----------
    can_train : bool
        Whether there is anything to teach.
    """

    n_pictures: int
    n_usable: int
    n_cells: int
    can_train: bool
    sentence: str


Examined = PictureFound | Finding | ExaminationFinished


def examine(
    folders: Sequence[Path],
    *,
    held_out: Sequence[Path] = (),
    base: Manifest | None = None,
    overlays: Path | None = None,
) -> Iterator[Examined]:
    """Look at every picture and its labels.

    Parameters
    ----------
    folders : sequence of Path
        Of pictures with labels, searched with all below them.
    held_out : sequence of Path
        Folders of pictures for scoring only, which must not show what the others show.
    base : Manifest, optional
        The model a training would start from.
    overlays : Path, optional
        Folder for every picture with its cells drawn in.

    Yields
    ------
    PictureFound, Finding or ExaminationFinished
        ExaminationFinished once, at the end.

    Raises
    ------
    UnreadableFileError
        If a folder does not exist.
    """
    pictures: list[PictureFound] = []
    for folder in folders:
        for item in _folder(folder, overlays):
            if isinstance(item, PictureFound):
                pictures.append(item)
            yield item
    yield from duplicates(pictures, _contents(held_out))
    usable = [picture for picture in pictures if picture.usable]
    yield from amounts(usable)
    if not held_out:
        yield from judging(usable)
    yield from pixel_sizes(usable)
    if base is not None:
        yield from cell_sizes(usable, base)
    yield _end(pictures, usable)


def _folder(folder: Path, overlays: Path | None) -> Iterator[PictureFound | Finding]:
    found = labelled_pairs(folder)
    for path, reason in ((each.path, each.reason) for each in found.unpaired):
        yield Finding(
            "unpaired",
            "warns",
            f"{path.name} is left out: {reason}",
            "Name labels after their image, as in x.tif and x_masks.tif, or put them into images and masks",
            (path,),
        )
    for pair in found.pairs:
        picture, findings = _picture(pair, overlays)
        yield picture
        yield from findings


def _picture(pair: LabelledPair, overlays: Path | None) -> tuple[PictureFound, list[Finding]]:
    problems = pair.diagnosis
    findings = [
        Finding(
            problem.kind.value,
            _SEVERITIES.get(problem.kind, "warns"),
            f"{pair.image_path.name}: {problem.what}",
            problem.remedy,
            (pair.image_path,),
        )
        for problem in problems
    ]
    usable = not any(problem.is_blocking for problem in problems)
    n_cells, diameter, shape, content, size = 0, None, (0, 0), "", None
    overlay = None
    if usable:
        try:
            pixels, labels = binary_as_components([pair])[0].read()
            n_cells, diameter = len(np.unique(labels[labels > 0])), typical_diameter(labels)
            shape, content = pixels.shape, content_hash(pixels)
            size = read_metadata(pair.image_path).pixel_size_um
            overlay = _draw(overlays, pair, pixels, labels) if overlays else None
        except UserFacingError as error:
            usable = False
            sentence = f"{pair.image_path.name}: {error.what}"
            findings.append(Finding("unreadable", "stops", sentence, error.remedy, (pair.image_path,)))
    picture = PictureFound(
        image=pair.image_path,
        labels=pair.label_source.path,
        label_kind=pair.label_source.format.value,
        n_cells=n_cells,
        diameter_px=diameter,
        pixel_size_um=size,
        height=shape[0],
        width=shape[1],
        usable=usable,
        is_binary=any(problem.kind is ProblemKind.BINARY for problem in problems),
        content=content,
        overlay=overlay,
    )
    return picture, findings


def _draw(folder: Path, pair: LabelledPair, pixels: NDArray[Any], labels: NDArray[np.int32]) -> Path:
    """Write a picture with its cells drawn in, under a name of its own."""
    name = hashlib.sha256(str(pair.image_path).encode()).hexdigest()[:16]
    path = folder / f"{name}.png"
    folder.mkdir(parents=True, exist_ok=True)
    write_overlay(path, LabelledImage(labels, pair.image_path.name, pixels=pixels))
    return path


def _contents(folders: Sequence[Path]) -> dict[str, Path]:
    """Fingerprint the pictures that are only for scoring; those that cannot be read are told elsewhere."""
    found = {}
    for folder in folders:
        for pair in labelled_pairs(folder).pairs:
            try:
                found[content_hash(pair.read_pixels())] = pair.image_path
            except UserFacingError:
                continue
    return found


def _end(pictures: Sequence[PictureFound], usable: Sequence[PictureFound]) -> ExaminationFinished:
    n_cells = sum(picture.n_cells for picture in usable)
    can_train = bool(usable) and n_cells > 0
    words = f"{counted(len(usable), 'picture')} with {counted(n_cells, 'cell')} can be used"
    if len(usable) < len(pictures):
        words += f", {len(pictures) - len(usable):,} cannot"
    return ExaminationFinished(len(pictures), len(usable), n_cells, can_train, words + ".")
