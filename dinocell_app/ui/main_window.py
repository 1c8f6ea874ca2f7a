"""The main window: images on the left, image and results in the middle, what to do on the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

import dinocell_app
from dinocell_app.base.settings import log_path
from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.ui.actions import ACTIONS, MENUS, TOOLBAR
from dinocell_app.ui.cache_upkeep import CacheUpkeep
from dinocell_app.ui.correct.correct_bar import REDO, UNDO, named
from dinocell_app.ui.docks import Docks
from dinocell_app.ui.doctor.doctor_dialog import DoctorDialog
from dinocell_app.ui.drop_target import DropTarget
from dinocell_app.ui.error_display import ProblemBar
from dinocell_app.ui.guide_window import GuideWindow
from dinocell_app.ui.help_here import part_in_use, show_help
from dinocell_app.ui.icons import action_icon
from dinocell_app.ui.images.napari_window import NapariWindows, napari_is_installed
from dinocell_app.ui.leftovers import LeftoverUpkeep
from dinocell_app.ui.panels import make_panels
from dinocell_app.ui.project_actions import ProjectActions
from dinocell_app.ui.queue.queue_line import QueueLine
from dinocell_app.ui.quitting import runs_may_be_left
from dinocell_app.ui.review.agreement_dialog import AgreementDialog
from dinocell_app.ui.session import Session
from dinocell_app.ui.settings_dialog import SettingsDialog, show_dialog
from dinocell_app.ui.theme import apply_theme
from dinocell_app.ui.training.training_window import TrainingWindow
from dinocell_app.ui.update_notice import UpdateNotice
from dinocell_app.ui.view_actions import ViewActions
from dinocell_app.ui.welcome.welcome_page import WelcomePage
from dinocell_app.ui.work_area import WorkArea

ABOUT = """<b>DINOCell {version}</b><p>Cell masks and morphology tables from folders of microscopy images.</p>
<p>The methods are those of DINOCell and PerCS-DINO; flows follow Cellpose. BSD 3-Clause licence.
The shipped model's card says what it was trained on.</p>"""


class MainWindow(QMainWindow):
    """Everything a person works with."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("DINOCell")
        self.setAcceptDrops(True)
        self._use_theme()
        self.panels = make_panels(session)
        self.welcome = WelcomePage(session)
        self.problems = ProblemBar(session)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.work = WorkArea(self.panels.viewer, self.panels.results)
        self.pages.addWidget(self.work)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.problems)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(body)
        self.drop_target = DropTarget(self)
        self.projects = ProjectActions(session, self.panels.images.search, self)
        self._docks = Docks(self, self.panels)
        self.views = ViewActions(session, self.panels, self.work, self._docks)
        self.actions_by_key = self._make_actions()
        self.queue_line = QueueLine(session)
        self.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.panels.viewer.status, 1)
        self.statusBar().addPermanentWidget(self.queue_line)
        self._upkeep = (CacheUpkeep(session), LeftoverUpkeep(session))
        self._updates = UpdateNotice(session)
        self._napari = NapariWindows(session)
        self._make_menus()
        self._connect()
        self.resize(1440, 900)
        self._put_back()
        self._on_project()
        self._updates.look_at_start()

    def sizeHint(self) -> QSize:
        """Fit a laptop's screen."""
        return QSize(1280, 780)

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The docks by key."""
        return self._docks.by_key

    # What the actions do; names are keys of the table of actions. Those on projects are ProjectActions.

    def settings(self) -> None:
        """Show the settings."""
        show_dialog(SettingsDialog(self._session, self))

    def quit(self) -> None:
        """Close the window, after asking about runs."""
        self.close()

    def previous_image(self) -> None:
        """Look at the image above."""
        self.panels.images.step(-1)

    def next_image(self) -> None:
        """Look at the image below."""
        self.panels.images.step(1)

    def set_pixel_size(self) -> None:
        """Ask for a pixel size."""
        self.panels.images.changes.set_pixel_size()

    def set_axes(self) -> None:
        """Ask what the axes of an image are."""
        self.panels.images.changes.set_axes()

    def set_tags(self) -> None:
        """Ask for tags."""
        self.panels.images.changes.set_tags()

    def set_note(self) -> None:
        """Ask for a note."""
        self.panels.images.changes.set_note()

    def open_in_napari(self) -> None:
        """Open the image and its result in napari."""
        self._napari.open()

    def remove_images(self) -> None:
        """Take images out of the project."""
        self.panels.images.changes.remove_chosen()

    def preview(self) -> None:
        """Segment what is visible."""
        self.work.show_image()
        self.panels.segment.preview_now()

    def run_all(self) -> None:
        """Segment all images."""
        self.panels.segment.run("all")

    def correct(self) -> None:
        """Correct cells by hand, or stop it."""
        self.work.show_image()
        self.panels.correct.switch(self.actions_by_key["correct"].isChecked())

    def review_cells(self) -> None:
        """Look through cells one after the other."""
        self.work.show_image()
        self._docks.show("review")
        self.panels.review.start()

    def train_model(self) -> None:
        """Open the training wizard beside the work."""
        self._wizard()

    def train_on_corrected(self) -> None:
        """Open the training wizard with the images that are marked as corrected."""
        self.panels.correct.switch(False)
        self._wizard().choose_corrected()

    def _wizard(self) -> TrainingWindow:
        wizard = TrainingWindow(self._session, self)
        wizard.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        wizard.show()
        return wizard

    def help_here(self) -> None:
        """Open the user guide at the section about the part of the window in use."""
        part = part_in_use(self)
        show_help(self.welcome if part is self and self.welcome.isVisible() else part)

    def user_guide(self) -> None:
        """Open the user guide."""
        guide = GuideWindow(self)
        guide.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        guide.show()

    def compare_results(self) -> None:
        """See how far two results of the same images agree."""
        show_dialog(AgreementDialog(self._session, self))

    def check_computer(self) -> None:
        """Look at what this computer can do."""
        show_dialog(DoctorDialog(self._session, self))

    def look_for_update(self) -> None:
        """Ask whether there is a newer version."""
        self._updates.look_now()

    def show_log(self) -> None:
        """Open the log file."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path())))

    def about(self) -> None:
        """Say what this is."""
        box = QMessageBox(self)
        box.setTextFormat(Qt.TextFormat.RichText)  # our own words
        box.setWindowTitle("About DINOCell")
        box.setText(ABOUT.format(version=dinocell_app.__version__))
        box.setIconPixmap(self.windowIcon().pixmap(64, 64))
        box.finished.connect(box.deleteLater)
        box.exec()

    # Dropping, opening, closing.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Show where files and folders can be dropped."""
        if event.mimeData().hasUrls():
            # Files stay where they are: a file manager that proposes to move them must not.
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.drop_target.show_over(self.centralWidget())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the highlight away."""
        self.drop_target.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open or add what was dropped."""
        self.drop_target.hide()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if paths:
            self.projects.take(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about runs, remember the places of the docks, and let go of everything."""
        if not runs_may_be_left(self._session, self):
            event.ignore()
            return
        self._remember()
        self.panels.results.shut_down()
        self.panels.review.shut_down()
        self._session.shut_down()
        super().closeEvent(event)

    def _make_actions(self) -> dict[str, QAction]:
        actions = {}
        for info in ACTIONS:
            action = QAction(info.text, self)
            action.setObjectName(info.key)
            action.setIcon(action_icon(info.key))
            action.setIconText(TOOLBAR.get(info.key, info.text))
            action.setCheckable(info.checkable)
            parts = (self, self.views, self.projects, self.panels.correct)
            action.triggered.connect(next(getattr(p, info.key) for p in parts if hasattr(type(p), info.key)))
            actions[info.key] = action
        return actions

    def _use_shortcuts(self) -> None:
        settings = self._session.settings
        for info in ACTIONS:
            shortcut = QKeySequence(info.shortcut(settings.shortcut_preset, settings.shortcuts))
            action = self.actions_by_key[info.key]
            action.setShortcut(shortcut)
            keys = shortcut.toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{info.tooltip} ({keys})" if keys else info.tooltip)
            action.setStatusTip(info.tooltip)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        for menu_name in MENUS:
            menu = bar.addMenu(menu_name)
            menu.setToolTipsVisible(True)
            for info in ACTIONS:
                if info.menu == menu_name:
                    menu.addAction(self.actions_by_key[info.key])
            if menu_name == "View":
                menu.addSeparator()
                for dock in self.docks.values():
                    menu.addAction(dock.toggleViewAction())
        self.actions_by_key["open_in_napari"].setVisible(napari_is_installed())
        self.toolbar = QToolBar("Toolbar", self)
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toolbar.setIconSize(QSize(20, 20))
        for key in TOOLBAR:
            self.toolbar.addAction(self.actions_by_key[key])
        self.addToolBar(self.toolbar)

    def _connect(self) -> None:
        session = self._session
        session.project_opened.connect(self._on_project)
        session.project_closed.connect(self._on_project)
        session.current_image_changed.connect(self._enable)
        session.images_changed.connect(self._enable)
        session.settings_changed.connect(self._on_settings)
        session.queue.run_finished.connect(self._on_run_finished)
        session.training_wanted.connect(lambda folder: self._wizard().open_training(Path(folder)))
        session.cell_selected.connect(self._enable)
        self.queue_line.button.clicked.connect(self._docks.toggle_queue)
        self.docks["queue"].visibilityChanged.connect(self._on_queue_visible)
        self.work.maximise_asked.connect(self.views.maximise)
        self.panels.correct.corrections.changed.connect(self._name_undo)
        for dock in self.docks.values():
            dock.visibilityChanged.connect(self._show_maximised)
        self.panels.results.image_wanted.connect(self.work.show_image)
        self.panels.viewer.labels.changed.connect(self._on_label_style)
        self._on_label_style(self.panels.viewer.labels.label_style())
        session.current_result_changed.connect(self._enable)
        self.panels.review.set_fixes_at_once(True)
        self.panels.review.fix_asked.connect(lambda: self.panels.correct.switch(True))
        self.panels.correct.switched.connect(self.actions_by_key["correct"].setChecked)
        self.panels.viewer.two_views.connect(self.actions_by_key["side_by_side"].setChecked)
        self.panels.correct.ready_changed.connect(self._enable)
        self.welcome.new_asked.connect(self.projects.new_project)
        self.welcome.open_asked.connect(self.projects.open_project)
        self.welcome.sample_asked.connect(self.projects.open_sample)
        self.welcome.recent_asked.connect(lambda path: self.projects.open_folder(Path(path)))
        self._on_settings()

    def _on_project(self) -> None:
        project = self._session.project
        self.pages.setCurrentWidget(self.work if project is not None else self.welcome)
        self._docks.show_all(project is not None)
        self.toolbar.setVisible(project is not None)
        if project is None:
            self.setWindowTitle("DINOCell")
        else:
            reading = " (read-only)" if project.read_only_reason else ""
            self.setWindowTitle(f"{project.name}{reading} – DINOCell")
        self._enable()

    def _enable(self) -> None:
        project = self._session.project is not None
        image = self._session.current_image is not None
        fits = {
            "": True,
            "project": project,
            "image": image,
            "result": self._session.current_result is not None,
            "correcting": self.panels.correct.corrections.history is not None,
            "cell": image and self._session.selected_cell > 0,
        }
        for info in ACTIONS:
            self.actions_by_key[info.key].setEnabled(fits[info.needs])

    def _on_queue_visible(self) -> None:
        self.queue_line.button.setChecked(not self.docks["queue"].isHidden())

    def _name_undo(self) -> None:
        history = self.panels.correct.corrections.history
        undo, redo = (history.undo_name, history.redo_name) if history is not None else ("", "")
        self.actions_by_key["undo"].setText(named(UNDO, undo))
        self.actions_by_key["redo"].setText(named(REDO, redo))

    def _show_maximised(self) -> None:
        self.work.maximise.setChecked(self._docks.maximised)

    def _on_label_style(self, style: LabelStyle) -> None:
        self.actions_by_key["toggle_masks"].setChecked(style.mode in ("fill", "both"))
        self.actions_by_key["toggle_outlines"].setChecked(style.mode in ("outline", "both"))

    def _on_settings(self) -> None:
        self._use_shortcuts()
        self._use_theme()

    def _use_theme(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, self._session.settings.theme)

    def _on_run_finished(self, run_id: int) -> None:
        project = self._session.project
        if project is None:
            return
        run = project.runs.get(run_id)
        if run.is_training:
            QApplication.alert(self)
            return
        failed = f", {run.n_failed} failed" if run.n_failed else ""
        self._session.noted.emit(
            f"“{run.name}” is {run.state}: {run.n_finished} of {run.total} images{failed}"
        )
        QApplication.alert(self)

    def _remember(self) -> None:
        places = {
            "geometry": bytes(self.saveGeometry().toBase64().data()).decode("ascii"),
            "docks": self._docks.places(),
            "work": self.work.places(),
        }
        window = {**self._session.settings.window, **places}
        self._session.change_settings(self._session.settings.model_copy(update={"window": window}))

    def _put_back(self) -> None:
        window = self._session.settings.window
        if "geometry" in window:
            self.restoreGeometry(QByteArray.fromBase64(window["geometry"].encode("ascii")))
        self._docks.put_back(window.get("docks", ""))
        self.work.put_back(window.get("work", ""))
