"""Orders in which cells that are likely to be wrong come first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dinocell_app.tables.row_order import Arrangement

REFERENCE_THRESHOLD = 0.5


@dataclass(frozen=True)
class StartingPoint:
    """An order of the cells.

    Parameters
    ----------
    title : str
        For people.
    column : str
        It is by.
    ascending : bool
        Smallest first.
    near : float or None
        Nearest to this value first instead.
    """

    title: str
    column: str
    ascending: bool = True
    near: float | None = None

    def arrangement(self, before: Arrangement) -> Arrangement:
        """Order cells by this, with the filter that is in force.

        Parameters
        ----------
        before : Arrangement

        Returns
        -------
        Arrangement
        """
        return Arrangement(before.expression, before.ranges, self.column, self.ascending, self.near)


SUSPECTS = (
    StartingPoint("Smallest", "area_px2"),
    StartingPoint("Largest", "area_px2", ascending=False),
    StartingPoint("Least circular", "circularity"),
    StartingPoint("Least solid", "solidity"),
    StartingPoint("Lowest confidence", "confidence"),
    StartingPoint("Lowest reference score", "reference_score"),
    StartingPoint("Near the reference threshold", "reference_score", near=REFERENCE_THRESHOLD),
    StartingPoint("Flows that disagree with the mask", "flow_error", ascending=False),
    StartingPoint("Touching the border", "touches_border", ascending=False),
    StartingPoint("Most neighbours touching", "touching_fraction", ascending=False),
)
IN_ORDER = StartingPoint("As in the images", "")


def starting_points(columns: Collection[str]) -> tuple[StartingPoint, ...]:
    """List the orders that cells can be looked through in.

    Parameters
    ----------
    columns : collection of str
        That the cells have.

    Returns
    -------
    tuple of StartingPoint
        Suspects first, then the order of the images.
    """
    return (*(point for point in SUSPECTS if point.column in columns), IN_ORDER)
