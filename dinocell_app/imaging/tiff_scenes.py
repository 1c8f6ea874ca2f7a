"""Which images a TIFF file holds: series and stage positions, without previews, labels and macro pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from dinocell_app.imaging.ome_xml import OmeImage

_POSITION_AXES = {"mmstack": "R", "lsm": "PM"}
"""Axes that run over images of their own, by the kind of series."""

_ASIDE = re.compile(
    r"(label|macro|thumbnail|overview|preview|map|barcode|probability)( image)?", re.IGNORECASE
)
"""How slide scanners name what they save beside the image."""


_SLIDES = ("svs", "ndpi", "qpi", "avs")
_SAME_FORM, _FAR_WEAKER = 0.02, 5
_OBJECTIVE = re.compile(r"<objective>\s*([0-9.]+)\s*</objective>")


@dataclass(frozen=True)
class TiffScene:
    """One image of a TIFF file.

    Parameters
    ----------
    series : tifffile.TiffPageSeries
    fixed : tuple of (int, int)
        Place and index of axes that run over images.
    name : str
        "" when it has none.
    ome : OmeImage or None
        What OME-XML says about it.
    """

    series: Any
    fixed: tuple[tuple[int, int], ...]
    name: str
    ome: OmeImage | None


def scenes_of(tiff: Any, described: tuple[OmeImage, ...]) -> tuple[list[TiffScene], list[str]]:  # noqa: ANN401
    """Give the images of a file, and the names of what lies beside them.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    described : tuple of OmeImage
        In the order of the description.

    Notes
    -----
    A page that is marked as a reduced copy is one as long as another page is not.
    """
    series = list(tiff.series)
    overviews = _overviews_of_scn(tiff, series)
    largest = max(series, key=_area, default=None)
    kept = [
        one
        for number, one in enumerate(series)
        if not (
            _is_reduced(one)
            or _ASIDE.fullmatch(one.name.strip())
            or number in overviews
            or _is_smaller_copy(one, largest)
        )
    ]
    if not kept:
        kept = [max(series, key=_area)] if series else []
    aside = [_aside_name(one) for one in series if not any(one is other for other in kept)]
    scenes: list[TiffScene] = []
    matches = _matched(kept, described)
    for one, ome in zip(kept, matches, strict=True):
        scenes.extend(_positions(tiff, one, ome))
    return scenes, aside


def _is_reduced(series: Any) -> bool:  # noqa: ANN401
    return bool(series.keyframe.is_reduced)


def _is_smaller_copy(series: Any, largest: Any) -> bool:  # noqa: ANN401
    """Whether a page of a slide scanner is a level of the pyramid that was not marked as one."""
    page, whole = series.keyframe, largest.keyframe
    factor = whole.imagewidth / page.imagewidth
    same_form = abs(whole.imagelength / page.imagelength / factor - 1) < _SAME_FORM
    return series.kind in _SLIDES and factor >= 2 and same_form


def _overviews_of_scn(tiff: Any, series: list[Any]) -> set[int]:  # noqa: ANN401
    """Find the images of a Leica SCN file that were taken through a far weaker objective than others."""
    if not tiff.is_scn:
        return set()
    powers = [float(power) for power in _OBJECTIVE.findall(str(tiff.pages.first.description))]
    if len(powers) != len(series):
        return set()
    return {number for number, power in enumerate(powers) if power * _FAR_WEAKER <= max(powers)}


def _area(series: Any) -> int:  # noqa: ANN401
    return int(series.keyframe.imagelength) * int(series.keyframe.imagewidth)


def _aside_name(series: Any) -> str:  # noqa: ANN401
    page = series.keyframe
    return series.name.strip().lower() or f"a preview of {page.imagelength} x {page.imagewidth} pixels"


def _matched(series: list[Any], described: tuple[OmeImage, ...]) -> list[OmeImage | None]:
    """Find the description of each series: tifffile skips images that have no page, or names none."""
    found: list[OmeImage | None] = []
    remaining = list(described)
    for one in series:
        if one.kind not in ("ome", "mmstack"):
            found.append(None)
            continue
        size = (int(one.keyframe.imagewidth), int(one.keyframe.imagelength))
        fitting = [
            image
            for image in remaining
            if (image.width, image.height) == size and (one.kind != "ome" or image.name == one.name.strip())
        ]
        chosen = fitting[0] if fitting else None
        if chosen is not None and one.kind == "ome":
            remaining = remaining[remaining.index(chosen) + 1 :]
        found.append(chosen)
    return found


def _positions(tiff: Any, series: Any, ome: OmeImage | None) -> list[TiffScene]:  # noqa: ANN401
    """Part a series by the first axis that runs over stage positions."""
    codes = _POSITION_AXES.get(series.kind, "")
    places = [place for place, code in enumerate(series.axes) if code in codes]
    name = series.name.strip() or (ome.name if ome else "")
    if not places:
        return [TiffScene(series, (), name, ome)]
    names = _position_names(tiff)
    lengths = [series.shape[place] for place in places]
    indices: list[tuple[int, ...]] = [()]
    for length in lengths:
        indices = [(*before, index) for before in indices for index in range(length)]
    return [
        TiffScene(
            series,
            tuple(zip(places, index, strict=True)),
            names[number] if len(names) == len(indices) else f"Pos{number}",
            ome,
        )
        for number, index in enumerate(indices)
    ]


def _position_names(tiff: Any) -> list[str]:  # noqa: ANN401
    if not tiff.is_micromanager:
        return []
    summary = (tiff.micromanager_metadata or {}).get("Summary") or {}
    positions = summary.get("InitialPositionList") or summary.get("StagePositions") or []
    return [str(position.get("Label") or "") for position in positions if isinstance(position, dict)]
