import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QSlider,
    QTabBar,
    QWidget,
)

from dinocell_app.ui import quitting
from dinocell_app.ui.actions import ACTIONS, TOOLBAR
from dinocell_app.ui.main_window import MainWindow
from tests.ui.shell.shell_pictures import write_pictures


@pytest.fixture
def window(session, qtbot):
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)


def test_the_window_shows_that_files_can_be_dropped_and_copies_whatever_is_proposed(window, pictures):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(pictures))])
    any_way = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    none = Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(50, 50), any_way, data, Qt.MouseButton.LeftButton, none)
    event.setDropAction(Qt.DropAction.MoveAction)
    window.dragEnterEvent(event)
    assert event.isAccepted()
    assert event.dropAction() == Qt.DropAction.CopyAction
    assert window.drop_target.isVisible()
    assert window.drop_target.geometry() == window.centralWidget().geometry()
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window.drop_target.isVisible()
    window.dragEnterEvent(event)
    drop(window, pictures)
    assert not window.drop_target.isVisible()


def test_every_action_of_the_table_is_in_the_menus_with_its_shortcut(window):
    for info in ACTIONS:
        action = window.actions_by_key[info.key]
        assert action.shortcut() == QKeySequence(info.cellpose)
        if info.cellpose:
            native = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            assert native in action.toolTip()
    menus = {
        menu.title(): [a.text() for a in menu.actions()]
        for menu in window.menuBar().findChildren(QWidget)
        if hasattr(menu, "title")
    }
    for info in ACTIONS:
        assert info.text in menus[info.menu]
    assert [action.objectName() for action in window.toolbar.actions()] == list(TOOLBAR)


def test_another_preset_of_shortcuts_is_used_at_once(window, session):
    session.change_settings(
        session.settings.model_copy(update={"shortcut_preset": "napari", "shortcuts": {"fit": "Ctrl+9"}})
    )
    assert window.actions_by_key["toggle_masks"].shortcut() == QKeySequence("V")
    assert window.actions_by_key["fit"].shortcut() == QKeySequence("Ctrl+9")
    assert "(V)" in window.actions_by_key["toggle_masks"].toolTip()


def test_a_dropped_folder_becomes_a_project_beside_it(window, session, pictures):
    assert window.pages.currentWidget() is window.welcome
    drop(window, pictures)
    assert session.project.folder == pictures.with_suffix(".dinocell")
    assert [image.relative_path for image in session.project.images.all()] == [
        "control/a.tif", "drug/b.tif", "drug/c.tif",
    ]  # fmt: skip
    assert session.current_image.name == "a.tif"
    assert window.pages.currentWidget() is window.work
    assert window.panels.viewer.isVisible()
    assert window.windowTitle().startswith("plate")


def test_what_is_dropped_on_an_open_project_is_added_to_it(window, opened, tmp_path):
    more = write_pictures(tmp_path / "more", ("x.tif",))
    folder = opened.project.folder
    drop(window, more / "x.tif")
    assert opened.project.folder == folder
    assert [image.name for image in opened.project.images.all()][-1] == "x.tif" or any(
        image.name == "x.tif" for image in opened.project.images.all()
    )


def test_a_dropped_project_is_opened(window, opened):
    folder = opened.project.folder
    window.projects.close_project()
    assert opened.project is None
    drop(window, folder)
    assert opened.project.folder == folder
    assert len(opened.project.images.all()) == 3


def test_the_sample_project_is_made_once_and_found_again(window, session):
    window.projects.open_sample()
    images = session.project.images.all()
    assert len(images) >= 4
    assert not any(image.problem for image in images)
    first = session.project.folder
    window.projects.close_project()
    window.projects.open_sample()
    assert session.project.folder == first
    assert len(session.project.images.all()) == len(images)


def test_a_closed_project_is_among_the_recent_ones_and_one_that_is_gone_cannot_be_chosen(window, opened):
    folder = opened.project.folder
    window.projects.close_project()
    recent = window.welcome.recent
    assert recent.item(0).text().startswith("plate")
    window.welcome.recent.itemActivated.emit(recent.item(0))
    assert opened.project.folder == folder
    window.projects.close_project()
    folder.rename(folder.with_name("elsewhere.dinocell"))
    window.welcome.reload()
    assert "(not found)" in recent.item(0).text()
    assert not recent.item(0).flags() & Qt.ItemFlag.ItemIsEnabled


def test_what_cannot_be_done_is_greyed_out(window, session, opened):
    actions = window.actions_by_key
    assert actions["fit"].isEnabled()
    assert actions["export"].isEnabled()
    window.projects.close_project()
    assert not actions["fit"].isEnabled()
    assert not actions["export"].isEnabled()
    assert actions["open_project"].isEnabled()


@pytest.mark.parametrize(
    ("answer", "stopped", "cancelled", "closed"),
    [
        (quitting.KEEP, [], [], True),
        (quitting.FINISH_IMAGE, [3, 4], [], True),
        (quitting.CANCEL_RUNS, [], [3, 4], True),
        ("", [], [], False),
    ],
)
def test_quitting_while_runs_go_on_does_what_was_answered(
    window, opened, monkeypatch, answer, stopped, cancelled, closed
):
    done = {"stop": [], "cancel": []}
    asked = []
    monkeypatch.setattr(opened.queue, "running", lambda: [3, 4] if opened.project is not None else [])
    monkeypatch.setattr(opened.queue, "stop", done["stop"].append)
    monkeypatch.setattr(opened.queue, "cancel", done["cancel"].append)
    monkeypatch.setattr(quitting, "ask_about_runs", lambda _parent, count: asked.append(count) or answer)
    assert window.close() == closed
    assert asked == [2]
    assert (done["stop"], done["cancel"]) == (stopped, cancelled)
    assert (opened.project is None) == closed
    monkeypatch.setattr(opened.queue, "running", list)


def test_quitting_without_runs_asks_nothing(window, opened, monkeypatch):
    monkeypatch.setattr(quitting, "ask_about_runs", lambda *_: pytest.fail("asked"))
    assert window.close()


def test_moved_images_are_mended_by_one_answer(window, opened, tmp_path, monkeypatch):
    root = opened.project.roots.all()[0]
    root.path.rename(tmp_path / "moved")
    monkeypatch.setattr(
        "PySide6.QtWidgets.QFileDialog.getExistingDirectory", lambda *_args, **_words: str(tmp_path / "moved")
    )
    window.actions_by_key["locate"].trigger()
    assert all(opened.project.images.path(image.id).exists() for image in opened.project.images.all())
    assert "3 images found again" in window.problems.text.text()


def test_the_places_of_the_docks_are_remembered(session, opened, qtbot):
    first = MainWindow(session)
    qtbot.addWidget(first)
    first.show()
    first.removeDockWidget(first.docks["segment"])
    first.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first.docks["segment"])
    first.docks["segment"].show()
    folder = opened.project.folder
    assert first.close()
    second = MainWindow(session)
    qtbot.addWidget(second)
    second.show()
    session.open_project(folder)
    assert second.dockWidgetArea(second.docks["segment"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    second.close()


def test_no_tabs_are_left_behind_when_projects_are_closed_and_opened(window, session, opened, qtbot):
    def shown_tabs():
        bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window and bar.isVisible()]
        return sorted(bar.tabText(index) for bar in bars for index in range(bar.count()))

    for _ in range(2):
        qtbot.waitUntil(lambda: shown_tabs() == ["References", "Regions", "Review", "Segment"])
        window.docks["review"].raise_()
        folder = session.project.folder
        session.close_project()
        qtbot.waitUntil(lambda: not shown_tabs())
        window.projects.open_folder(folder)
    qtbot.waitUntil(lambda: not window.docks["review"].visibleRegion().isEmpty())
    assert window.docks["segment"].visibleRegion().isEmpty()


def test_a_dock_behind_another_knows_that_it_is_not_seen(window, opened, qtbot):
    references = window.panels.references
    window.docks["references"].raise_()
    qtbot.waitUntil(lambda: references._seen)
    window.docks["segment"].raise_()
    qtbot.waitUntil(lambda: not references._seen)


def test_the_window_fits_a_small_laptop(window, opened):
    window.resize(1280, 750)
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 750


def test_everything_that_takes_input_has_a_name_for_screen_readers(window, opened):
    kinds = (QComboBox, QAbstractSpinBox, QAbstractItemView, QSlider, QLineEdit)
    nameless = []
    for kind in kinds:
        for widget in window.findChildren(kind):
            inner = isinstance(widget.parent(), kinds) or widget.objectName().startswith("qt_")
            if not inner and not widget.accessibleName() and not _in_popup(widget):
                nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    for button in window.findChildren(QAbstractButton):
        qts = button.objectName().startswith(("qt_", "ScrollLeft", "ScrollRight"))
        own = qts or isinstance(button.parent(), QLineEdit)
        if not own and not (button.text() or button.accessibleName() or button.toolTip()):
            nameless.append(f"{type(button).__name__} in {type(button.parent()).__name__}")
    assert nameless == []


def _in_popup(widget):
    parent = widget.parent()
    while parent is not None:
        if isinstance(parent, QComboBox | QAbstractItemView) or type(parent).__name__ == "QMenu":
            return True
        parent = parent.parent()
    return False


@pytest.mark.parametrize("text", [quitting.KEEP, quitting.FINISH_IMAGE, quitting.CANCEL_RUNS, "Cancel"])
def test_the_question_answers_with_the_button_that_was_pressed(window, qtbot, text):
    def press():
        box = next(w for w in window.findChildren(QMessageBox) if w.isVisible())
        next(b for b in box.buttons() if b.text().replace("&", "") == text).click()

    QTimer.singleShot(0, press)
    assert quitting.ask_about_runs(window, 1) == ("" if text == "Cancel" else text)
