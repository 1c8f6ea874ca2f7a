"""How long strokes take on a large image full of cells, beside saving the whole label image after each.

python tests/benchmarks/editing.py [edge in pixels] [number of cells]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dinocell_app.editing.cell_changes import cells_in_box, delete, merge, split
from dinocell_app.editing.cell_shapes import fill_holes, grow, shrink, smooth
from dinocell_app.editing.deltas import Box, Delta, Labels
from dinocell_app.editing.edit_history import EditHistory
from dinocell_app.editing.snapshots import write_labels
from dinocell_app.editing.strokes import erase, fill_outline, paint

ROUNDS = 15


def main() -> None:
    edge = int(sys.argv[1]) if len(sys.argv) > 1 else 8192
    n_cells = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    labels = drawn(edge, n_cells)
    with tempfile.TemporaryDirectory() as folder:
        history = EditHistory(Path(folder) / "edits", lambda: labels, who="benchmark")
        started = time.perf_counter()
        history.apply("brush", *some(paint(history.canvas, history.next_label, [(5, 5)], 3)))
        print(
            f"{edge} x {edge}, {n_cells:,} cells: first edit {1000 * (time.perf_counter() - started):.0f} ms"
        )
        started = time.perf_counter()
        write_labels(Path(folder) / "whole.tif", history.labels)
        whole = time.perf_counter() - started
        print(f"{'saving all labels once':<24} {1000 * whole:8.1f} ms")
        for name, tool in tools(history, np.random.default_rng(1)).items():
            times = [seconds(history, name, tool) for _ in range(ROUNDS)]
            middle = statistics.median(times)
            print(
                f"{name:<24} {1000 * middle:8.1f} ms, {1000 * max(times):8.1f} ms at most, "
                f"{middle / whole:.4f} of saving all"
            )
        for name, step in (("undo", history.undo), ("redo", history.redo)):
            times = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                step()
                times.append(time.perf_counter() - started)
            print(
                f"{name:<24} {1000 * statistics.median(times):8.1f} ms, {1000 * max(times):8.1f} ms at most"
            )
        history.close()
        started = time.perf_counter()
        EditHistory(Path(folder) / "edits", lambda: labels, who="benchmark")
        print(f"{'opening again':<24} {1000 * (time.perf_counter() - started):8.1f} ms")


def drawn(edge: int, n_cells: int) -> Labels:
    """Draw discs on a grid."""
    labels = np.zeros((edge, edge), np.uint32)
    across = int(np.ceil(np.sqrt(n_cells)))
    step = edge // across
    radius = max(2, int(step * 0.4))
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc = rows**2 + columns**2 <= radius**2
    for number in range(n_cells):
        top, left = (number // across) * step, (number % across) * step
        labels[top : top + 2 * radius + 1, left : left + 2 * radius + 1][disc] = number + 1
    return labels


def some(delta: Delta | None) -> tuple[Delta, ...]:
    return () if delta is None else (delta,)


def tools(history: EditHistory, random: np.random.Generator) -> dict[str, Callable[[], Delta | None]]:
    """Give each tool, used on a cell that is drawn by lot."""
    canvas = history.canvas
    cells = sorted(canvas.cells)

    def cell() -> tuple[int, float, float]:
        while True:
            label = int(random.choice(cells))
            box = canvas.box_of(label)
            if box is not None and canvas.area(label) > 50:
                return label, box.top + box.height / 2, box.left + box.width / 2

    def stroke(row: float, column: float) -> list[tuple[float, float]]:
        return [(row + 2 * np.sin(step / 4), column + 2 * step) for step in range(40)]

    def on_cell(change: Callable[[int, float, float], Delta | None]) -> Callable[[], Delta | None]:
        return lambda: change(*cell())

    return {
        "brush": on_cell(lambda n, r, c: paint(canvas, n, stroke(r, c), 6)),
        "eraser": on_cell(lambda _, r, c: erase(canvas, stroke(r, c), 6)),
        "outline": on_cell(lambda n, r, c: fill_outline(canvas, n, [(r, c), (r + 60, c), (r, c + 60)])),
        "fill holes": on_cell(lambda n, r, c: fill_holes(canvas, n)),
        "grow": on_cell(lambda n, r, c: grow(canvas, n, 2)),
        "shrink": on_cell(lambda n, r, c: shrink(canvas, n, 1)),
        "smooth": on_cell(lambda n, r, c: smooth(canvas, n)),
        "split": on_cell(lambda n, r, c: split(canvas, n, [(r - 50, c), (r + 50, c)], history.next_label)),
        "merge with the next": on_cell(lambda n, r, c: merge(canvas, [n, n + 1])),
        "delete": on_cell(lambda n, r, c: delete(canvas, [n])),
        "delete all in a box": on_cell(
            lambda _, r, c: delete(canvas, cells_in_box(canvas, Box(int(r), int(c), 300, 300)))
        ),
    }


def seconds(history: EditHistory, name: str, tool: Callable[[], Delta | None]) -> float:
    started = time.perf_counter()
    history.apply(name, *some(tool()))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
