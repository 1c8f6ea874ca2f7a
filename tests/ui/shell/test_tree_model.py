import pytest
from PySide6.QtCore import Qt

from dinocell_app.project.image_tree import Order
from dinocell_app.project.records import FoundImage, NewResult
from dinocell_app.ui.images.image_panel import ImagePanel
from dinocell_app.ui.images.tree_model import HEADERS, IMAGE_ID_ROLE, ImageTreeModel


@pytest.fixture
def model(opened):
    model = ImageTreeModel(lambda _row: None)
    model.load(opened.project)
    return model


def text(model, index, column):
    return model.data(index.siblingAtColumn(column), Qt.ItemDataRole.DisplayRole)


def test_the_model_keeps_qts_rules(model, opened, qtmodeltester):
    qtmodeltester.check(model)
    model.list_only("drug")
    qtmodeltester.check(model)
    model.load(None)
    qtmodeltester.check(model)


def test_folders_hold_their_images(model):
    folders = [model.index(row, 0) for row in range(model.rowCount())]
    assert [text(model, folder, 0) for folder in folders] == ["plate/control", "plate/drug"]
    assert [model.rowCount(folder) for folder in folders] == [1, 2]
    image = model.index(1, 0, folders[1])
    assert text(model, image, 0) == "c.tif"
    assert model.parent(image) == folders[1]
    assert model.index_of(model.data(image, IMAGE_ID_ROLE)) == image


def test_a_new_result_is_shown_without_a_reset(model, opened, qtbot):
    image = opened.project.images.all()[2]
    opened.project.results.record(NewResult(image.id, "run", n_cells=1234))
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    with qtbot.waitSignal(model.dataChanged):
        model.take_results(opened.project, [image.id])
    index = model.index_of(image.id)
    assert text(model, index, HEADERS.index("Status")) == "✓ Done"
    assert text(model, index, HEADERS.index("Cells")) == "1,234"
    assert text(model, index.parent(), 1) == "1 of 2 done"
    assert resets == []


def test_order_and_filter_work_together(model, opened):
    images = opened.project.images.all()
    opened.project.results.record(NewResult(images[2].id, "run", n_cells=9))
    model.load(opened.project)
    model.sort_by(Order.CELLS)
    model.list_only("drug")
    assert model.listed_ids() == [images[2].id, images[1].id]


def test_thumbnails_of_ten_thousand_images_are_asked_for_where_they_are_seen(session, tmp_path, qtbot):
    session.create_project(tmp_path / "many")
    session.project.images.add(
        [FoundImage(tmp_path / f"{n // 100:03d}" / f"{n:05d}.tif", tmp_path) for n in range(10_000)]
    )
    asked = set()
    panel = ImagePanel(session)
    qtbot.addWidget(panel)
    model = ImageTreeModel(lambda row: asked.add(row.record.id), panel)
    model.load(session.project)
    panel.tree.setModel(model)
    panel.tree.expandAll()
    panel.tree.show()
    panel.resize(330, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.tree.viewport().repaint()
    assert 1 <= len(asked) < 100
    panel.tree.scrollTo(model.index_of(model.listed_ids()[-1]))
    panel.tree.viewport().repaint()
    assert model.listed_ids()[-1] in asked
    assert len(asked) < 200
