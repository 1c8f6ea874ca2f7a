"""Regions drawn with a mouse, kept in the project, and used by the next run."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dinocell_app.measurement.table import MeasurementRequest, measure_cells
from dinocell_app.project.adding import found_image
from dinocell_app.project.pixel_sizes import PixelSizeScope
from dinocell_app.project.records import NewResult
from dinocell_app.project.region_edits import RegionEdits
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.regions.region import EXCLUDE, Region
from dinocell_app.regions.region_files import read_regions, write_regions
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))


@pytest.fixture
def window(own_folders, qtbot, tmp_path):
    folder = tmp_path / "plate"
    folder.mkdir()
    for name, width in (("a.tif", 120), ("b.tif", 120), ("c.tif", 60)):
        tifffile.imwrite(folder / name, np.arange(80 * width, dtype=np.uint16).reshape(80, width))
    session = Session()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    session.create_project(tmp_path / "study")
    session.project.images.add([found_image(folder / f"{name}.tif", folder) for name in "abc"])
    session.refresh_images()
    session.set_current_image(session.project.images.all()[0].id)
    qtbot.waitUntil(lambda: window.panels.viewer.viewer.image is not None)
    window.docks["regions"].show()
    window.docks["regions"].raise_()
    QApplication.processEvents()
    yield window
    window.close()
    session.shut_down()
    window.deleteLater()
    session.deleteLater()
    wait_for_all()


def draw(window, *places):
    """Draw an outline with the button held, (row, column) after (row, column)."""
    viewer = window.panels.viewer.viewer
    viewport = viewer.view.viewport()

    def at(row, column):
        return viewer.view.mapFromScene(viewer.box.mapViewToScene(QPointF(column, row)))

    window.panels.regions.draw.click()
    QTest.mousePress(viewport, LEFT, NONE, at(*places[0]))
    for place in places[1:]:
        point = QPointF(at(*place))
        move = QMouseEvent(
            QEvent.Type.MouseMove, point, viewport.mapToGlobal(point), Qt.MouseButton.NoButton, LEFT, NONE
        )
        QApplication.sendEvent(viewport, move)
    QTest.mouseRelease(viewport, LEFT, NONE, at(*places[-1]))


def stored(window, number=0):
    session = window._session
    return session.project.regions.of_image(session.project.images.all()[number].id)


def test_a_region_is_drawn_named_given_a_kind_and_taken_away(window, qtbot):
    panel = window.panels.regions
    draw(window, (10, 10), (10, 60), (50, 60), (50, 10))
    (region,) = stored(window)
    assert region.name == "Region 1"
    assert len(region.corners) >= 4
    assert abs(min(x for x, _ in region.corners) - 10) < 2
    assert not panel.draw.isChecked()
    assert panel._drawing._items
    panel.name.setText("wound")
    panel.name.editingFinished.emit()
    panel.kind.setCurrentIndex(panel.kind.findData(EXCLUDE))
    panel.kind.activated.emit(panel.kind.currentIndex())
    assert [(each.name, each.kind) for each in stored(window)] == [("wound", EXCLUDE)]
    assert panel.list.item(0).text().startswith("wound: ")
    panel.delete.click()
    assert stored(window) == ()
    for expected in (EXCLUDE, "count"):
        panel.undo.click()
        assert stored(window)[0].kind == expected
    window.docks["segment"].raise_()
    qtbot.waitUntil(lambda: not panel._drawing._items)


def test_regions_go_to_selected_images_of_the_same_size_and_into_the_next_run(window):
    session, panel = window._session, window.panels.regions
    images = session.project.images.all()
    draw(window, (10, 10), (10, 60), (50, 60))
    session.set_selection([image.id for image in images])
    panel.copy_to_selected.trigger()
    assert stored(window, 1) == stored(window, 0) != ()
    assert stored(window, 2) == ()
    assert "1 of another size" in panel.message.text()
    job = segment_job(
        session.project, [image.id for image in images], session.project.presets.current(), "set"
    )
    found = read_regions(job.regions)
    assert len(found) == 2
    assert next(iter(found.values()))[0].name == "Region 1"
    again = segment_job(
        session.project, [image.id for image in images], session.project.presets.current(), "set"
    )
    assert again.regions == job.regions
    only = segment_job(session.project, [images[2].id], session.project.presets.current(), "set")
    assert only.regions is None


def test_cells_are_counted_while_regions_change_and_without_a_run(window, qtbot):
    session, panel = window._session, window.panels.regions
    labels = np.zeros((80, 120), np.int32)
    labels[12:18, 12:18], labels[30:36, 30:36], labels[60:70, 100:110] = 1, 2, 3
    image = session.project.images.all()[0]
    table = session.project.results_folder / "cells" / "a_cells.csv"
    table.parent.mkdir(parents=True)
    request = MeasurementRequest(labels, {"signal": labels.astype(np.float32)}, "a", pixel_size_um=2.0)
    measure_cells(request).to_csv(table, index=False)
    tifffile.imwrite(table.with_name("a_labels.tif"), labels)
    names = tuple(f"results/cells/a_{end}" for end in ("labels.tif", "cells.csv"))
    session.project.results.record(NewResult(image.id, "cells", n_cells=3, files=names))
    session.project.images.set_pixel_size(PixelSizeScope("image", image.id), 2.0)
    session.refresh_images()
    session.set_current_image(session.project.images.all()[1].id)
    session.set_current_image(image.id)
    draw(window, (5, 5), (5, 50), (50, 50), (50, 5))
    qtbot.waitUntil(lambda: "2 cells" in panel.list.item(0).text())
    area = float(panel.list.item(0).text().split(", ")[1].removesuffix(" µm²").replace(",", ""))
    assert abs(area - 45 * 45 * 4) < 0.1 * 45 * 45 * 4
    draw(window, (20, 2), (20, 60), (60, 60), (60, 2))
    panel.kind.setCurrentIndex(panel.kind.findData(EXCLUDE))
    panel.kind.activated.emit(panel.kind.currentIndex())
    qtbot.waitUntil(lambda: "1 cell," in panel.list.item(0).text())
    assert "cell" not in panel.list.item(1).text().split(":")[1].replace("leave out cells inside", "")


def test_regions_are_given_to_all_images_of_the_size(window):
    panel = window.panels.regions
    draw(window, (10, 10), (10, 60), (50, 60))
    panel.copy_to_all.trigger()
    assert stored(window, 1) == stored(window, 0) != ()
    assert stored(window, 2) == ()


def test_regions_travel_in_a_file(window, tmp_path):
    panel = window.panels.regions
    draw(window, (10, 10), (10, 60), (50, 60))
    before = stored(window)
    panel.write_file(tmp_path / "regions.geojson")
    panel.delete.click()
    panel.read_file(tmp_path / "regions.geojson")
    assert [region.name for region in stored(window)] == [region.name for region in before]
    np.testing.assert_allclose(stored(window)[0].corners, before[0].corners)
    problems = []
    window._session.problem_reported.connect(problems.append)
    (tmp_path / "no.geojson").write_text("no")
    panel.read_file(tmp_path / "no.geojson")
    assert "no.geojson" in str(problems[0])
    assert stored(window)


def test_regions_that_name_no_image_are_for_the_one_that_is_shown_and_can_be_undone(window, tmp_path):
    panel, session = window.panels.regions, window._session
    write_regions(tmp_path / "qupath.geojson", {"": [Region("from QuPath", SQUARE)]})
    draw(window, (10, 10), (10, 60), (50, 60))
    panel.read_file(tmp_path / "qupath.geojson")
    assert [region.name for region in stored(window)] == ["from QuPath"]
    assert stored(window, 1) == stored(window, 2) == ()
    session.set_selection([image.id for image in session.project.images.all()])
    panel.copy_to_selected.trigger()
    assert [region.name for region in stored(window, 1)] == ["from QuPath"]
    session.set_current_image(session.project.images.all()[1].id)
    panel.undo.click()
    assert stored(window, 1) == ()
    session.set_current_image(session.project.images.all()[0].id)
    panel.undo.click()
    assert [region.name for region in stored(window)] == ["Region 1"]


def test_names_are_different_and_every_change_is_undone():
    edits = RegionEdits().with_new(SQUARE).with_new(SQUARE)
    assert [region.name for region in edits.regions] == ["Region 1", "Region 2"]
    edits = edits.with_name(1, "Region 1").with_kind(0, EXCLUDE).without(0)
    assert [region.name for region in edits.regions] == ["Region 1 2"]
    assert edits.with_name(0, "Region 1 2") is edits
    edits = edits.replaced([Region("x", SQUARE)])
    for _ in range(6):
        edits = edits.undone()
    assert edits.regions == ()
    assert edits.undone() is edits
