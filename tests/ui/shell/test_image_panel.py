import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QInputDialog

from dinocell_app.ui.images.image_changes import SCOPES
from dinocell_app.ui.images.image_panel import ImagePanel
from tests.ui.shell.shell_pictures import write_pictures


@pytest.fixture
def panel(opened, qtbot):
    panel = ImagePanel(opened)
    qtbot.addWidget(panel)
    return panel


def test_choosing_rows_chooses_images(panel, opened):
    ids = panel.model.listed_ids()
    selection = panel.tree.selectionModel()
    rows = QItemSelectionModel.SelectionFlag.Rows
    panel.tree.setCurrentIndex(panel.model.index_of(ids[1]))
    selection.select(panel.model.index_of(ids[2]), QItemSelectionModel.SelectionFlag.Select | rows)
    assert opened.current_image.id == ids[1]
    assert sorted(image.id for image in opened.selected_images) == ids[1:]


def test_stepping_follows_the_list_and_stays_at_its_ends(panel, opened):
    ids = panel.model.listed_ids()
    panel.step(1)
    assert opened.current_image.id == ids[1]
    panel.step(1)
    panel.step(1)
    assert opened.current_image.id == ids[-1]
    panel.filter.setText("control")
    panel.step(1)
    assert opened.current_image.id == ids[0]


def test_the_selection_survives_a_change_of_the_list(panel, opened):
    ids = panel.model.listed_ids()
    panel.tree.setCurrentIndex(panel.model.index_of(ids[2]))
    panel.order.setCurrentIndex(1)
    opened.refresh_images()
    assert panel.chosen_ids() == [ids[2]]
    assert opened.current_image.id == ids[2]


@pytest.mark.parametrize(("scope", "expected"), [(0, [0.5, None, None]), (2, [0.5, 0.5, 0.5])])
def test_a_pixel_size_is_set_for_what_was_asked(panel, opened, monkeypatch, scope, expected):
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *_args: (0.5, True))
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_args: (SCOPES[scope], True))
    panel.changes.set_pixel_size()
    assert [image.pixel_size_um for image in opened.project.images.all()] == expected
    assert opened.current_image.pixel_size_um == 0.5


def test_tags_and_notes_are_kept_and_found_by_the_filter(panel, opened, monkeypatch):
    ids = panel.model.listed_ids()
    panel.tree.setCurrentIndex(panel.model.index_of(ids[1]))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_words: (" day 1 ,, wet ", True))
    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *_args: ("a bubble\n", True))
    panel.changes.set_tags()
    panel.changes.set_note()
    image = opened.project.images.get(ids[1])
    assert (image.tags, image.note) == (("day 1", "wet"), "a bubble")
    panel.filter.setText("wet")
    assert panel.model.listed_ids() == [ids[1]]


def test_tags_change_only_the_rows_of_their_images(panel, opened, monkeypatch):
    ids = panel.model.listed_ids()
    panel.tree.setCurrentIndex(panel.model.index_of(ids[1]))
    resets, touched = [], []
    panel.model.modelReset.connect(lambda: resets.append(True))
    panel.model.dataChanged.connect(lambda first, _last: touched.append(panel.model.row_at(first)))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_words: ("wet", True))
    panel.changes.set_tags()
    assert not resets
    assert {row.record.id for row in touched if row is not None} == {ids[1]}
    assert panel.model.row_at(panel.model.index_of(ids[1])).record.tags == ("wet",)
    panel.filter.setText("wet")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_words: ("dry", True))
    panel.changes.set_tags()
    assert panel.model.listed_ids() == []


def test_a_removed_image_leaves_the_list_and_keeps_its_file(panel, opened):
    ids = panel.model.listed_ids()
    path = opened.project.images.path(ids[0])
    panel.changes.remove_chosen()
    assert panel.model.listed_ids() == ids[1:]
    assert path.exists()
    assert opened.current_image is None or opened.current_image.id != ids[0]


def test_added_folders_appear_and_what_was_left_out_is_said(panel, opened, tmp_path):
    more = write_pictures(tmp_path / "more", ("x.tif", "deep/y.tif"))
    (more / "notes.txt").write_text("words")
    heard = []
    opened.noted.connect(heard.append)
    panel.search.add([more])
    assert len(panel.model.listed_ids()) == 5
    assert heard[-1].startswith("2 images added, 1 other file left out")
    panel.search.add([more])
    assert len(panel.model.listed_ids()) == 5


def test_a_folder_that_is_gone_is_a_problem_with_its_name(panel, opened, tmp_path):
    heard = []
    opened.problem_reported.connect(heard.append)
    panel.search.add([tmp_path / "nowhere"])
    assert "nowhere" in str(heard[0])
    assert not panel.search.active


def test_without_images_the_panel_says_what_to_do(session, tmp_path, qtbot):
    panel = ImagePanel(session)
    qtbot.addWidget(panel)
    session.create_project(tmp_path / "new")
    assert panel.empty.isVisibleTo(panel)
    assert not panel.tree.isVisibleTo(panel)


def test_the_menu_of_an_image_offers_what_the_image_menu_does(panel):
    menu = panel.changes.make_menu()
    assert [action.text() for action in menu.actions()] == [
        "Set pixel size …", "Axes …", "Tags …", "Note …", "Remove from project",
    ]  # fmt: skip
    assert all(action.isEnabled() for action in menu.actions())
    menu.deleteLater()
