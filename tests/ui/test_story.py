"""What the window is for, from a dropped folder to a table of cells: shipped model, real processes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from dinocell_app.base.resource_files import resource_path
from dinocell_app.project.records import PixelSizeScope
from dinocell_app.ui import quitting
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all

PATIENCE_SECONDS = 150
"""A busy machine may take long; a quiet one needs a minute."""

PIXEL_SIZE_UM = 0.5


def run_event_loop(milliseconds: int) -> None:
    """Let the window work for a while.

    An event loop and not `QTest.qWait`, which keeps the interpreter's lock while it sleeps: threads
    of the window would stand still.
    """
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(condition, what):
    """Let the window work until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        run_event_loop(50)


@pytest.fixture
def plate(tmp_path):
    """A folder with sub-folders of real pictures."""
    folder = tmp_path / "plate 1"
    for place, name in (
        ("control", "nuclei_histology.tif"),
        ("drug", "nuclei_fluorescence.tif"),
        ("drug", "blood_smear.png"),
    ):
        (folder / place).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(resource_path("samples", name), folder / place / name)
    return folder


@pytest.fixture
def open_windows(qapp):
    """Opens windows as the application does, and closes them after the test."""
    opened = []

    def open_window():
        session = Session()
        problems = []
        session.problem_reported.connect(problems.append)
        window = MainWindow(session)
        window.resize(1280, 800)
        window.show()
        opened.append((window, session))
        return window, session, problems

    yield open_window
    for window, session in opened:
        session.shut_down()
        window.deleteLater()
        session.deleteLater()
    wait_for_all()


def drop(window, folder):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    event = QDropEvent(
        QPointF(200, 200),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)


def drag_line(viewer, start, end):
    """Drag with the left button between two places (x, y) of the picture."""
    view = viewer.view

    def point(x, y) -> QPoint:
        return view.mapFromScene(viewer.box.mapViewToScene(QPointF(x, y)))

    target = view.viewport()
    QTest.mousePress(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point(*start))
    for share in (0.3, 0.6, 1.0):
        x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        QTest.mouseMove(target, point(x, y))
        run_event_loop(30)
    QTest.mouseRelease(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point(*end))


def newest(session):
    return session.project.results.latest()


def is_descending(cells, column):
    values = np.array([cells.store.columns[column].value(int(row)) for row in cells.rows], float)
    return len(values) > 1 and bool((np.diff(values) <= 0).all())


@pytest.mark.timeout(4 * PATIENCE_SECONDS)
def test_from_a_dropped_folder_to_a_table_in_um_and_back_again(plate, open_windows, monkeypatch, tmp_path):
    window, session, problems = open_windows()

    drop(window, plate)
    until(lambda: session.project is not None and len(session.project.images.all()) == 3, "the images")
    assert session.project.folder == plate.with_name("plate 1.dinocell")
    images = {image.name: image for image in session.project.images.all()}
    assert {image.folder for image in images.values()} == {"control", "drug"}
    session.project.images.set_pixel_size(PixelSizeScope.project(), PIXEL_SIZE_UM)
    session.refresh_images([image.id for image in images.values()])

    chosen = images["nuclei_histology.tif"]
    window.panels.images.tree.setCurrentIndex(window.panels.images.model.index_of(chosen.id))
    viewer = window.panels.viewer.viewer
    until(lambda: viewer.image is not None and viewer.image.shape == (chosen.height, chosen.width), "it")
    assert session.current_image.id == chosen.id

    form = window.panels.segment.form
    form.channel.setCurrentIndex(form.channel.findData("grey"))
    form.cell_size.draw.click()
    run_event_loop(500)  # the picture is fitted once the docks have their sizes
    drag_line(viewer, (60, 60), (90, 60))
    until(lambda: form.settings().diameter is not None, "the drawn cell size")
    assert form.settings().diameter.value == pytest.approx(15, abs=1)

    results = []
    session.engine.previewed.connect(lambda _number, result: results.append(result))
    session.engine.failed.connect(lambda _number, sentence: pytest.fail(sentence))
    window.preview()
    until(lambda: results, "the preview")
    assert results[0].n_cells > 30
    top, left = (results[0].region or (0, 0))[:2]
    row, column = np.argwhere(results[0].labels == 1)[0]
    until(lambda: viewer.label_at(int(row) + top, int(column) + left) == 1, "the preview on the image")
    form.cell_probability.number.setValue(0.7)
    until(lambda: len(results) > 1, "the preview with another threshold")
    assert (results[1].labels > 0).sum() < (results[0].labels > 0).sum()
    form.cell_probability.number.setValue(0.5)

    window.run_all()
    until(lambda: any(r.status == "finished" for r in newest(session).values()), "the first image")
    monkeypatch.setattr(quitting, "ask_about_runs", lambda _parent, _count: quitting.KEEP)
    window.close()
    assert session.project is None

    window, session, problems_again = open_windows()
    assert session.settings.recent[0] == str(plate.with_name("plate 1.dinocell"))
    window.projects.open_folder(Path(session.settings.recent[0]))
    until(lambda: len(newest(session)) == 3, "the run that went on alone")
    until(lambda: [run.state for run in session.project.runs.all()] == ["finished"], "its end")
    assert {result.status for result in newest(session).values()} == {"finished"}
    total = sum(result.n_cells for result in newest(session).values())
    settings = window.panels.segment.form.settings()
    assert settings.diameter.value == pytest.approx(15, abs=1)

    results_panel = window.panels.results
    until(lambda: len(results_panel.cells.rows) == total, "the table")
    results_panel.cells.sort_by("area_um2", ascending=False)
    until(lambda: is_descending(results_panel.cells, "area_um2"), "the order")
    session.set_current_image(chosen.id)
    until(lambda: window.panels.viewer.viewer.labels is not None, "the masks")
    session.select_cell(2)
    assert window.panels.viewer.viewer.selected == 2

    out = tmp_path / "for the paper"
    dialog = ExportDialog(session, window)
    dialog.form.folder.setText(str(out))
    until(dialog.export_button.isEnabled, "the plan")
    dialog.export_button.click()
    until(lambda: (out / "cells.csv").exists() and dialog.close_button.isEnabled(), "the export")
    dialog.close()
    lines = (out / "cells.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == total + 1
    assert "area_um2" in lines[0].split(",")
    assert len(list(out.rglob("*_labels.tif"))) == 3
    window.close()

    window, session, problems_last = open_windows()
    window.projects.open_folder(Path(session.settings.recent[0]))
    assert sum(result.n_cells for result in newest(session).values()) == total
    assert {i.pixel_size_um for i in session.project.images.all()} == {PIXEL_SIZE_UM}
    assert window.panels.segment.form.settings() == settings
    assert not [*problems, *problems_again, *problems_last]
    window.close()
