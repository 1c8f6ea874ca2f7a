"""Time drawing a large image with its cells: `python -m tests.benchmarks.viewer`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from dinocell_app.display.channels import channel_statistics
from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.display.loading import LoadedImage, index_labels
from dinocell_app.display.pyramid import mean_pyramid
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.viewer.image_viewer import ImageViewer

EDGE = 8192
CELL_GRID = 142
"""Cells in a row and in a column: about 20,000 in all."""
N_STEPS = 40


def main() -> None:
    """Print the times."""
    application = QApplication.instance() or QApplication([])  # noqa: F841 - it must stay alive
    random = np.random.default_rng(0)
    plane = random.integers(0, 4096, (EDGE, EDGE), dtype=np.uint16)
    labels = made_labels()
    print(f"{EDGE} x {EDGE} pixels, 16 bits, {labels.max():,} cells")
    levels, seconds = timed(lambda: mean_pyramid(plane))
    print(f"halve the image        {seconds * 1000:8.1f} ms on a worker")
    indexed, seconds = timed(lambda: index_labels(labels))
    print(f"find the cells         {seconds * 1000:8.1f} ms on a worker")
    image = LoadedImage((levels,), ("grey",), (channel_statistics(plane),))
    viewer = ImageViewer()
    viewer.resize(1200, 800)
    viewer.show()
    displays = (ChannelDisplay(0, True, "#ffffff", None, None),)
    tell("show image and cells", viewer, [lambda: show(viewer, image, displays, indexed)])
    viewer.set_label_style(LabelStyle("both", 0.4))
    tell("zoom in", viewer, [lambda: viewer.zoom(1.2)] * N_STEPS)
    tell("zoom out", viewer, [lambda: viewer.zoom(1 / 1.2)] * N_STEPS)
    viewer.fit()
    viewer.zoom(4)
    tell("pan", viewer, [lambda: viewer.box.translateBy(x=60, y=40)] * N_STEPS)
    viewer.fit()
    tell("change contrast", viewer, [lambda: viewer.set_displays(displays)] * N_STEPS)
    tell("choose a cell", viewer, [lambda: viewer.select_cell(viewer.selected + 1)] * N_STEPS)
    viewer.close()


def made_labels() -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Round cells on a grid."""
    pitch = EDGE // CELL_GRID
    across = np.arange(pitch) - pitch / 2
    disc = (across[:, None] ** 2 + across[None, :] ** 2) < (0.45 * pitch) ** 2
    numbers = np.arange(1, CELL_GRID**2 + 1, dtype=np.int32).reshape(CELL_GRID, CELL_GRID)
    labels = np.zeros((EDGE, EDGE), np.int32)
    labels[: CELL_GRID * pitch, : CELL_GRID * pitch] = np.kron(numbers, disc.astype(np.int32))
    return labels


def show(
    viewer: ImageViewer, image: LoadedImage, displays: tuple[ChannelDisplay, ...], labels: object
) -> None:
    """Show everything."""
    viewer.set_image(image, displays)
    viewer.set_labels(labels)


def tell(what: str, viewer: ImageViewer, steps: list[Callable[[], object]]) -> None:
    """Print how long drawing takes after each step, and until nothing is left to draw."""
    drawing, best = [], []
    application = QApplication.instance()
    for step in steps:
        times = []
        step()
        begun = time.perf_counter()
        while not times or not viewer.complete:
            begun_drawing = time.thread_time()
            application.processEvents()
            times.append((time.thread_time() - begun_drawing) * 1000)
            time.sleep(0.001)
        best.append((time.perf_counter() - begun) * 1000)
        drawing.append(max(times))
    print(
        f"{what:<22} {np.median(drawing):8.1f} ms median, {max(drawing):6.1f} ms longest "
        f"of the window's thread; at its best after {np.median(best):6.1f} ms"
    )


def timed(work: Callable[[], object]) -> tuple[object, float]:
    """What something gives, and its seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
