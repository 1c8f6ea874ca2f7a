"""The data-set doctor: which pictures with labels there are, and what is wrong with them, with a remedy each.

Nothing is changed. It is a generator: pictures come as they are read, findings about all of them at the end.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dinocell_app.errors import UserFacingError
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.overlay import write_overlay
from dinocell_app.imaging.reading import read_metadata
from dinocell_app.model.manifest import Manifest
from dinocell_app.segmentation.scale import typical_diameter
from training.datasets import LabelledPair, binary_as_components, labelled_pairs
from training.diagnosis import ProblemKind
from training.splitting import content_hash

FEW_PICTURES = 5
"""With fewer labelled pictures there is hardly anything to teach and to judge by."""
FEW_CELLS = 200
"""Cells in all pictures. Cellpose 2.0 needed 500 to 1,000 outlined cells, and 100 to 200 where a person
corrected its masks (Pachitariu and Stringer 2022, Nature Methods 19:1634-1641)."""
LARGEST_SIZE_RATIO = 1.5
"""Pixel sizes that differ by more show the same cells at clearly different sizes."""

Severity = Literal["stops", "warns", "tells"]

_SEVERITIES: Mapping[ProblemKind, Severity] = {
    ProblemKind.UNREADABLE: "stops",
    ProblemKind.SIZE_MISMATCH: "stops",
    ProblemKind.EMPTY: "tells",
    ProblemKind.SEVERAL_SOURCES: "tells",
    ProblemKind.SEVERAL_PLANES: "tells",
}
"""Problems of a picture that are not named here warn; those that stop cost that picture only."""


@dataclass(frozen=True)
class PictureFound:
    """A picture with labels.

    Parameters
    ----------
    image, labels : Path
    label_kind : str
        The convention by which the labels were found.
    n_cells : int
        As connected components where the mask is black and white.
    diameter_px : float or None
        Typical cell diameter; None with too few cells.
    pixel_size_um : float or None
        As the file says.
    height, width : int
        0 when it cannot be read.
    usable : bool
        Whether it can be taught.
    is_binary : bool
        Whether its labels say only where cells are.
    content : str
        Fingerprint of its pixels; empty when it cannot be read.
    overlay : Path or None
        The picture with its cells drawn in, where that was asked for.
    """

    image: Path
    labels: Path
    label_kind: str
    n_cells: int
    diameter_px: float | None
    pixel_size_um: float | None
    height: int
    width: int
    usable: bool
    is_binary: bool
    content: str
    overlay: Path | None = None


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or worth knowing.

    Parameters
    ----------
    kind : str
        For counting and filtering: values of `diagnosis.ProblemKind`, or those of this module.
    severity : {"stops", "warns", "tells"}
        "stops": the pictures named, or the training where none are, cannot be used.
    sentence, remedy : str
    images : tuple of Path
        That it is about; empty for all.
    """

    kind: str
    severity: Severity
    sentence: str
    remedy: str
    images: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ExaminationFinished:
    """The end.

    Parameters
    ----------
    n_pictures, n_usable, n_cells : int
    can_train : bool
        Whether there is anything to teach.
    sentence : str
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
    yield from _duplicates(pictures, _contents(held_out))
    usable = [picture for picture in pictures if picture.usable]
    yield from _amounts(usable)
    yield from _pixel_sizes(usable)
    if base is not None:
        yield from _cell_sizes(usable, base)
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


def _duplicates(pictures: Sequence[PictureFound], held_out: Mapping[str, Path]) -> Iterator[Finding]:
    same: dict[str, list[Path]] = defaultdict(list)
    for picture in pictures:
        if picture.content:
            same[picture.content].append(picture.image)
    for content, paths in same.items():
        if len(paths) > 1:
            yield Finding(
                "duplicate",
                "warns",
                f"{paths[0].name} and {_others(paths[1:])} show the same",
                "Keep one of them; until then they are taught or held out together",
                tuple(paths),
            )
        if content in held_out:
            yield Finding(
                "duplicate across the split",
                "warns",
                f"{paths[0].name} shows the same as {held_out[content].name}, which is for scoring",
                "Remove one of them, for a score on a picture that was taught says nothing; until then it is "
                "held out",
                (*paths, held_out[content]),
            )


def _amounts(usable: Sequence[PictureFound]) -> Iterator[Finding]:
    different = {picture.content for picture in usable}
    n_cells = sum(picture.n_cells for picture in usable)
    if not usable or not n_cells:
        yield Finding(
            "nothing",
            "stops",
            "There is no picture with labelled cells",
            "Outline cells in some pictures, for example by correcting masks, and save the masks beside them",
        )
        return
    if len(different) < FEW_PICTURES:
        yield Finding(
            "few pictures",
            "warns",
            f"{_count(len(different), 'different picture')} cannot teach much",
            f"Label at least {FEW_PICTURES}, better 15 to 20, from different days or wells",
        )
    if n_cells < FEW_CELLS:
        yield Finding(
            "few cells",
            "warns",
            f"There are only {_count(n_cells, 'cell')} in all pictures together",
            f"Label more: {FEW_CELLS} cells and more give a training something to learn",
        )


def _pixel_sizes(usable: Sequence[PictureFound]) -> Iterator[Finding]:
    known = [picture for picture in usable if picture.pixel_size_um]
    sizes = sorted({round(picture.pixel_size_um or 0, 4) for picture in known})
    if sizes and sizes[-1] > LARGEST_SIZE_RATIO * sizes[0]:
        yield Finding(
            "mixed pixel sizes",
            "tells",
            f"Pixel sizes go from {sizes[0]:g} to {sizes[-1]:g} µm",
            "Nothing has to be done: cells are brought to one size by their diameter",
            tuple(picture.image for picture in known),
        )


def _cell_sizes(usable: Sequence[PictureFound], base: Manifest) -> Iterator[Finding]:
    low, high = base.cell_diameter_range_px
    # The range is without resampling; pictures of twice that are blurred or lose detail.
    far = [
        picture
        for picture in usable
        if picture.diameter_px is not None and not low / 2 <= picture.diameter_px <= high * 2
    ]
    if far:
        diameters = [picture.diameter_px or 0.0 for picture in far]
        yield Finding(
            "cell size",
            "tells",
            f"In {_count(len(far), 'picture')} cells are {_range(min(diameters), max(diameters))} pixels "
            f"across; {base.name} was made for {low:g} to {high:g}",
            "Pictures are resampled for it; cells below 10 pixels are hard to outline, so use a higher "
            "magnification if there is one",
            tuple(picture.image for picture in far),
        )


def _end(pictures: Sequence[PictureFound], usable: Sequence[PictureFound]) -> ExaminationFinished:
    n_cells = sum(picture.n_cells for picture in usable)
    can_train = bool(usable) and n_cells > 0
    words = f"{_count(len(usable), 'picture')} with {_count(n_cells, 'cell')} can be used"
    if len(usable) < len(pictures):
        words += f", {len(pictures) - len(usable):,} cannot"
    return ExaminationFinished(len(pictures), len(usable), n_cells, can_train, words + ".")


def _others(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} others"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _range(low: float, high: float) -> str:
    return f"about {low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
