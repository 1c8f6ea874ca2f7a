"""Where images stand in the overview: a row for each folder, or the wells of a plate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dinocell_app.tables.cell_store import CellSource

_WELL = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:well[ _-]?)?([A-P])[ _-]?(0?[1-9]|1[0-9]|2[0-4])(?![0-9A-Za-z])", re.I
)
_TOP_FOLDER = "(top folder)"
_SEVERAL_PLATES = " · "


@dataclass(frozen=True)
class OverviewLayout:
    """A grid of images.

    Parameters
    ----------
    sources : mapping of (int, int) to int
        Which source stands in which row and column; others are empty.
    """

    row_titles: tuple[str, ...]
    column_titles: tuple[str, ...]
    sources: Mapping[tuple[int, int], int]


def overview_layout(sources: Sequence[CellSource]) -> OverviewLayout:
    """Lay images out as a plate when each is named for a well of its own, else by folder.

    Returns
    -------
    OverviewLayout
        Plates of several folders stand below each other.
    """
    return _plate(sources) or _folders(sources)


def well_of(name: str) -> tuple[int, int] | None:
    """Read the well from a file name.

    Parameters
    ----------
    name : str
        Such as "run3_B04.tif".

    Returns
    -------
    (int, int) or None
        Row and column counted from 0; None when the name has no well or several.
    """
    found = {(match.group(1).upper(), int(match.group(2))) for match in _WELL.finditer(name)}
    if len(found) != 1:
        return None
    ((letter, number),) = found
    return ord(letter) - ord("A"), number - 1


def _folders(sources: Sequence[CellSource]) -> OverviewLayout:
    rows: dict[str, list[int]] = {}
    for place, source in enumerate(sources):
        rows.setdefault(source.folder or _TOP_FOLDER, []).append(place)
    placed = {
        (row, column): place
        for row, places in enumerate(rows.values())
        for column, place in enumerate(places)
    }
    widest = max(map(len, rows.values()), default=0)
    return OverviewLayout(tuple(rows), tuple(str(number + 1) for number in range(widest)), placed)


def _plate(sources: Sequence[CellSource]) -> OverviewLayout | None:
    wells: dict[tuple[str, int, int], int] = {}
    for place, source in enumerate(sources):
        well = well_of(source.image.rsplit(".", 1)[0])
        if well is None or (source.folder, *well) in wells:
            return None
        wells[(source.folder, *well)] = place
    if len(wells) < 2:
        return None
    plates = list(dict.fromkeys(folder for folder, _, _ in wells))
    n_rows = max(row for _, row, _ in wells) + 1
    n_columns = max(column for _, _, column in wells) + 1
    titles = [
        f"{plate}{_SEVERAL_PLATES}{chr(ord('A') + row)}" if len(plates) > 1 else chr(ord("A") + row)
        for plate in plates
        for row in range(n_rows)
    ]
    placed = {
        (plates.index(folder) * n_rows + row, column): place for (folder, row, column), place in wells.items()
    }
    return OverviewLayout(tuple(titles), tuple(str(number + 1) for number in range(n_columns)), placed)
