import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap

from dinocell_app.tables.cell_store import CellColumn, CellStore
from dinocell_app.tables.crops import CropChannel, CropImage, CropReader, CropRequest
from dinocell_app.ui.results.crop_loading import CropLoading
from dinocell_app.ui.results.gallery import SIDE, Gallery
from dinocell_app.ui.results.gallery_model import TYPE_ROLE, GalleryModel
from dinocell_app.ui.results.results_panel import ResultsPanel
from dinocell_app.ui.results.shown_cells import ShownCells
from tests.ui.results.results_stand_ins import made_store

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def pictures(project, tmp_path):
    """Pixels and labels for the images a and b; c is missing."""
    for image_id, result_id, boxes in (
        (1, 11, {1: (0, 0), 2: (10, 10)}),
        (2, 12, {1: (0, 0), 2: (20, 20), 5: (40, 40)}),
    ):
        labels = np.zeros((64, 80), np.uint16)
        for label, (row, column) in boxes.items():
            labels[row : row + 8, column : column + 8] = label
        project.files[image_id] = tmp_path / f"{image_id}.tif"
        project.labels[result_id] = tmp_path / f"{image_id}_labels.tif"
        tifffile.imwrite(project.files[image_id], labels * 100)
        tifffile.imwrite(project.labels[result_id], labels)
    return project


def request(project, row=0, **changes):
    image = CropImage(project.files[1], project.labels[11], channels=(CropChannel(0, "#00ff00", 0, 200),))
    return CropRequest(**{"row": row, "image": image, "label": 2, "box": (10, 10, 18, 18), **changes})


def test_a_crop_shows_the_cell_with_margin_and_outline(pictures):
    (crop,) = CropReader().read([request(pictures)])
    assert crop.pixels.shape == (16, 16, 3)
    assert crop.pixels[8, 8].tolist() == [0, 255, 0]
    assert crop.pixels[3, 8].tolist() == [255, 210, 0]
    assert crop.pixels[2, 8].tolist() == [0, 0, 0]


def test_without_a_box_the_cell_is_looked_for(pictures):
    with_box, without = CropReader().read([request(pictures), request(pictures, box=None)])
    np.testing.assert_array_equal(with_box.pixels, without.pixels)
    (missing,) = CropReader().read([request(pictures, label=77, box=None)])
    assert missing.pixels is None
    assert "no cell 77" in missing.problem


def test_a_cell_at_the_border_and_one_unreadable_image(pictures, tmp_path):
    broken = CropImage(tmp_path / "none.tif", None)
    crops = CropReader().read([request(pictures, image=broken), request(pictures, label=1, box=(0, 0, 8, 8))])
    assert crops[0].pixels is None
    assert "none.tif" in crops[0].problem
    assert crops[1].pixels.shape == (12, 12, 3)


def test_the_model_keeps_the_rules_of_qt(session, qtmodeltester):
    cells = ShownCells()
    model = GalleryModel(cells, CropLoading(session, cells, cells))
    qtmodeltester.check(model)
    cells.set_store(made_store(25, 3))
    qtmodeltester.check(model)
    assert model.rowCount() == 5
    assert model.index(4, 1).data() is None


@pytest.fixture
def panel(session, pictures, qtbot):
    panel = ResultsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(4 * SIDE + 60, 420)
    panel.tabs.setCurrentWidget(panel.gallery)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_pictures_of_the_project_are_loaded(panel, qtbot):
    qtbot.waitUntil(lambda: isinstance(panel.crops.crop(4), QPixmap))
    assert all(isinstance(panel.crops.crop(row), QPixmap) for row in range(5))
    assert not panel.grab().isNull()


def test_pictures_sort_by_any_column_with_the_table(panel):
    gallery = panel.gallery
    gallery.order.setCurrentIndex(gallery.order.findData("area_px2"))
    gallery.order.activated.emit(gallery.order.currentIndex())
    first = gallery.model.index(0, 0)
    assert first.data() == "20"
    assert "b.tif, cell 2" in first.data(Qt.ItemDataRole.ToolTipRole)
    gallery.descending.setCurrentIndex(1)
    gallery.descending.activated.emit(1)
    assert gallery.model.index(0, 0).data() == "60"
    header = panel.table.view.horizontalHeader()
    assert panel.table.model.names[header.sortIndicatorSection()] == "area_px2"


def test_arrow_keys_go_from_cell_to_cell(panel, session, qtbot):
    view = panel.gallery.view
    view.setCurrentIndex(panel.gallery.model.index(0, 0))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert (session.current_image.name, session.selected_cell) == ("a.tif", 2)
    session.set_current_image(2)
    session.select_cell(5)
    assert panel.gallery.model.store_row(view.currentIndex()) == 4


def test_only_what_is_on_the_screen_is_loaded(session, qtbot, monkeypatch):
    cells = ShownCells()
    crops = CropLoading(session, cells, cells)
    wanted = []
    monkeypatch.setattr(crops, "want", wanted.extend)
    cells.set_store(made_store(1_000_000))
    gallery = Gallery(cells, crops)
    qtbot.addWidget(gallery)
    gallery.resize(500, 400)
    gallery.show()
    qtbot.waitUntil(lambda: bool(wanted))

    def at_the_end():
        gallery.view.scrollToBottom()
        assert 999_999 in wanted

    qtbot.waitUntil(at_the_end)
    assert len(set(wanted)) < 100


def test_types_are_named_and_coloured_as_elsewhere(session, qtbot):
    cells = ShownCells()
    crops = CropLoading(session, cells, cells)
    store = made_store(6)
    types = CellColumn(np.array([2, 0, 3, 2, 0, 1]), ("", "new", "ring", "rod"))
    cells.set_store(CellStore(store.sources, store.starts, {**store.columns, "cell_type": types}))
    gallery = Gallery(cells, crops)
    qtbot.addWidget(gallery)
    gallery.model.set_type_colours({"ring": "#e69f00", "rod": "#56b4e9"})
    shown = [gallery.model.index(0, column).data(TYPE_ROLE) for column in range(gallery.model.columnCount())]
    assert shown[:4] == [("ring", "#e69f00"), None, ("rod", "#56b4e9"), ("ring", "#e69f00")]
    assert "type: rod" in gallery.model.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
    gallery.resize(900, 400)
    gallery.show()
    index = gallery.model.index(0, 0)
    place = gallery.view.visualRect(index)
    picture = gallery.view.viewport().grab(place).toImage()
    at = picture.pixelColor(6, picture.height() // 2)
    assert at.name() == "#e69f00"
