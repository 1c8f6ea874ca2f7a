"""What is wrong with labelled pictures taken together: too few, twice the same, sizes far from each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dinocell_app.jobs.holding_out import sentence_of_rule
from dinocell_app.model.manifest import Manifest

FEW_PICTURES = 5
"""With fewer labelled pictures there is hardly anything to teach and to judge by."""
FEW_CELLS = 200
"""Cells in all pictures. Cellpose 2.0 needed 500 to 1,000 outlined cells, and 100 to 200 where a person
corrected its masks (Pachitariu and Stringer 2022, Nature Methods 19:1634-1641)."""
LARGEST_SIZE_RATIO = 1.5
"""Pixel sizes that differ by more show the same cells at clearly different sizes."""

Severity = Literal["stops", "warns", "tells"]


@dataclass(frozen=True)
class PictureFound:
    """A picture with labels.

    Parameters
    ----------
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
    images : tuple of Path
        That it is about; empty for all.
    """

    kind: str
    severity: Severity
    sentence: str
    remedy: str
    images: tuple[Path, ...] = ()


def duplicates(pictures: Sequence[PictureFound], held_out: Mapping[str, Path]) -> Iterator[Finding]:
    """Find pictures that show the same.

    Parameters
    ----------
    held_out : mapping of str to Path
        Pictures for scoring only, by the fingerprint of their pixels.
    """
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


def amounts(usable: Sequence[PictureFound]) -> Iterator[Finding]:
    """Judge whether there is enough to teach."""
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
            f"{counted(len(different), 'different picture')} cannot teach much",
            f"Label at least {FEW_PICTURES}, better 15 to 20, from different days or wells",
        )
    if n_cells < FEW_CELLS:
        yield Finding(
            "few cells",
            "warns",
            f"There are only {counted(n_cells, 'cell')} in all pictures together",
            f"Label more: {FEW_CELLS} cells and more give a training something to learn",
        )


def judging(usable: Sequence[PictureFound]) -> Iterator[Finding]:
    """Say how many pictures will be kept for judging.

    Yields
    ------
    Finding
    """
    different = {picture.content for picture in usable}
    if different:
        yield Finding(
            "judging",
            "tells",
            sentence_of_rule(len(different)),
            "Name pictures with --held-out-images, or a share with --validation-share, to choose yourself",
        )


def pixel_sizes(usable: Sequence[PictureFound]) -> Iterator[Finding]:
    """Compare pixel sizes."""
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


def cell_sizes(usable: Sequence[PictureFound], base: Manifest) -> Iterator[Finding]:
    """Compare cell sizes with those that a model was made for."""
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
            f"In {counted(len(far), 'picture')} cells are {_range(min(diameters), max(diameters))} pixels "
            f"across; {base.name} was made for {low:g} to {high:g}",
            "Pictures are resampled for it; cells below 10 pixels are hard to outline, so use a higher "
            "magnification if there is one",
            tuple(picture.image for picture in far),
        )


def _others(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} others"


def counted(number: int, what: str) -> str:
    """Write a number with its noun.

    Parameters
    ----------
    what : str
        In the singular.
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _range(low: float, high: float) -> str:
    return f"about {low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
