"""How many cells the shown result has in each region, counted beside the window and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from dinocell_app.project.region_counts import CountRequest, count_result
from dinocell_app.regions.region import COUNT, KIND_TEXTS, Region
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import Task, start

_UM2_PER_MM2 = 1e6
_SMALLEST_IN_MM2 = 1e5
"""Square micrometres from which on an area is told in square millimetres."""


class RegionCounts(QObject):
    """Counts of the regions of the current image."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._task: Task | None = None
        self._asked: CountRequest | None = None
        self._rows: dict[str, dict[str, Any]] = {}

    def count(self, regions: Sequence[Region]) -> None:
        """Count in these regions; `changed` follows once they are counted."""
        asked = self._request(regions)
        if asked == self._asked:
            return
        if self._task is not None:
            self._task.cancel()
        self._asked, self._rows = asked, {}
        if asked is not None:
            self._task = start(lambda: count_result(asked), self._take, self._fail, owner=self)

    def count_again(self, regions: Sequence[Region]) -> None:
        """Count although regions and result are the same: the table of the result was written anew."""
        self._asked = None
        self.count(regions)

    def text_of(self, region: Region) -> str:
        """Describe a region and what is in it.

        Returns
        -------
        str
            Two lines where it was counted.
        """
        title = f"{region.name}: {KIND_TEXTS[region.kind].lower()}"
        row = self._rows.get(region.name) if region.kind == COUNT else None
        return f"{title}\n{sentence(row)}" if row is not None else title

    def _request(self, regions: Sequence[Region]) -> CountRequest | None:
        project, image, result = (
            self._session.project,
            self._session.current_image,
            self._session.current_result,
        )
        if project is None or image is None or result is None:
            return None
        table = project.results.table_path(result)
        if table is None or all(region.kind != COUNT for region in regions):
            return None
        return CountRequest(
            table, tuple(regions), image.name, (image.height, image.width), image.pixel_size_um
        )

    def _take(self, rows: list[dict[str, Any]]) -> None:
        self._rows = {row["region"]: row for row in rows}
        self.changed.emit()

    def _fail(self, _error: Exception) -> None:
        """Say nothing: a table that cannot be read is reported where results are shown."""
        self._rows = {}


def sentence(row: dict[str, Any]) -> str:
    """Say what is in a region.

    Parameters
    ----------
    row : dict
        By the columns of `measurement.regions.region_columns`.
    """
    n_cells = int(row["n_cells"])
    parts = ["1 cell" if n_cells == 1 else f"{n_cells:,} cells"]
    area = row.get("region_area_um2")
    if area is None:
        parts.append(f"{int(row['region_area_px2']):,} px²")
    elif area < _SMALLEST_IN_MM2:
        parts.append(f"{area:,.0f} µm²")
    else:
        parts.append(f"{area / _UM2_PER_MM2:,.2f} mm²")
    if row.get("density_per_mm2") is not None:
        parts.append(f"{row['density_per_mm2']:,.0f} per mm²")
    if row["confluency"] is not None:
        parts.append(f"{row['confluency']:.0%} covered")
    return ", ".join(parts)
