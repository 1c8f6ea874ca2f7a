"""Where images stand in the overview: a row for each folder, or the wells of a plate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dinocell_app.tables.cell_store import CellSource
from dinocell_app.tables.plate_wells import PlateWell, well_of

_SEVERAL_PLATES = " · "


@dataclass(frozen=True)
class OverviewLayout:
    """A grid of images.

    Parameters
    ----------
    sources : mapping of (int, int) to tuple of int
        Which sources stand in which row and column; others are empty.
    is_plate : bool
        Whether the fields are wells.
    """

    row_titles: tuple[str, ...]
    column_titles: tuple[str, ...]
    sources: Mapping[tuple[int, int], tuple[int, ...]]
    is_plate: bool = False


def overview_layout(sources: Sequence[CellSource], pattern: str = "") -> OverviewLayout:
    """Lay images out as a plate when all are named for wells, two at least, else by folder.

    Parameters
    ----------
    pattern : str
        Of the wells, as in `plate_wells.well_of`.

    Returns
    -------
    OverviewLayout
        Plates of several folders stand below each other. All fields of view of a well stand in it.
    """
    return _plate(sources, pattern) or _folders(sources)


def _folders(sources: Sequence[CellSource]) -> OverviewLayout:
    rows: dict[str, list[int]] = {}
    for place, source in enumerate(sources):
        rows.setdefault(source.folder, []).append(place)
    placed = {
        (row, column): (place,)
        for row, places in enumerate(rows.values())
        for column, place in enumerate(places)
    }
    widest = max(map(len, rows.values()), default=0)
    return OverviewLayout(tuple(rows), tuple(str(number + 1) for number in range(widest)), placed)


def _plate(sources: Sequence[CellSource], pattern: str) -> OverviewLayout | None:
    wells: dict[PlateWell, list[int]] = {}
    for place, source in enumerate(sources):
        well = well_of("/".join(filter(None, (source.folder, source.image))), pattern)
        if well is None:
            return None
        wells.setdefault(well, []).append(place)
    if len(wells) < 2:
        return None
    plates = list(dict.fromkeys(plate for plate, _, _ in wells))
    n_rows = max(row for _, row, _ in wells) + 1
    n_columns = max(column for _, _, column in wells) + 1
    titles = [
        f"{plate}{_SEVERAL_PLATES}{chr(ord('A') + row)}" if len(plates) > 1 else chr(ord("A") + row)
        for plate in plates
        for row in range(n_rows)
    ]
    placed = {
        (plates.index(plate) * n_rows + row, column): tuple(places)
        for (plate, row, column), places in wells.items()
    }
    columns = tuple(str(number + 1) for number in range(n_columns))
    return OverviewLayout(tuple(titles), columns, placed, is_plate=True)
