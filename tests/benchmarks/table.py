"""Time the table of cells at a million rows: `python -m tests.benchmarks.table`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from dinocell_app.tables.row_order import Arrangement, arranged_rows
from dinocell_app.ui.results.cell_table import CellTable
from dinocell_app.ui.results.shown_cells import ShownCells
from dinocell_app.ui.workers import run_synchronously
from tests.ui.results.results_stand_ins import made_store

N_ROWS = 1_000_000
N_SCROLLS = 50


def main() -> None:
    """Print the times."""
    application = QApplication.instance() or QApplication([])
    store = made_store(N_ROWS, 1000)
    cells = ShownCells()
    with run_synchronously():
        cells.set_store(store)
        table = CellTable(cells)
        table.resize(1000, 700)
        table.show()
        bar = table.view.verticalScrollBar()

        def scroll() -> None:
            for step in range(N_SCROLLS):
                bar.setValue(bar.maximum() * step // N_SCROLLS)
                table.grab()
                application.processEvents()

        print(f"{N_ROWS:,} rows, {len(store.columns)} columns")
        tell(f"draw {N_SCROLLS} places", scroll, "ms in the window")
        sort = Arrangement(sort_by="circularity", ascending=False)
        tell("sort by a number", lambda: arranged_rows(store, sort), "ms on a worker")
        words = Arrangement(sort_by="image")
        tell("sort by a name", lambda: arranged_rows(store, words), "ms on a worker")
        condition = Arrangement("circularity > 0.5 and not touches_border and area_px2 / 2 < 800")
        tell("filter by a condition", lambda: arranged_rows(store, condition), "ms on a worker")
        rows = arranged_rows(store, sort)
        tell("show another order", lambda: cells._on_arranged(rows), "ms in the window")
        table.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        tell("find the chosen cell", lambda: cells.choose(N_ROWS // 2), "ms in the window")
        table.close()


def tell(what: str, work: Callable[[], object], unit: str) -> None:
    """Print how long something takes."""
    print(f"{what:<24}{timed(work) * 1000:8.1f} {unit}")


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
