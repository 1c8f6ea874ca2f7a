"""The main window: images on the left, viewer in the middle, what to do on the right, queue below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl
from PySide6.QtGui import QAction, QCloseEvent, QDesktopServices, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QMessageBox,
    QScrollArea,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

import dinocell_app
from dinocell_app.errors import UserFacingError
from dinocell_app.resource_files import resource_path
from dinocell_app.settings import log_path
from dinocell_app.ui.actions import ACTIONS, MENUS, TOOLBAR
from dinocell_app.ui.error_display import ProblemBar
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
from dinocell_app.ui.panels import make_panels
from dinocell_app.ui.session import Session
from dinocell_app.ui.settings_dialog import SettingsDialog
from dinocell_app.ui.starting_projects import SUFFIX, copy_samples, project_folder_for, unused
from dinocell_app.ui.theme import apply_theme
from dinocell_app.ui.welcome.welcome_page import WelcomePage

ABOUT = """<b>DINOCell {version}</b><p>Cell masks and morphology tables from folders of microscopy images.</p>
<p>The methods are those of DINOCell and PerCS-DINO; flows follow Cellpose. BSD 3-Clause licence.
The shipped model's card says what it was trained on.</p>"""

KEEP, FINISH_IMAGE, CANCEL_RUNS = "Keep running", "Stop after this image", "Cancel them"


class MainWindow(QMainWindow):
    """Everything a person works with.

    Parameters
    ----------
    session : Session
    parent : QWidget, optional
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("DINOCell")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self._use_theme()
        self.panels = make_panels(session)
        self.welcome = WelcomePage(session)
        self.problems = ProblemBar(session)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.panels.viewer)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.problems)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(body)
        self.actions_by_key = self._make_actions()
        self.docks = self._make_docks()
        self._make_menus()
        self._connect()
        self._on_project()
        self.resize(1360, 820)
        self._restore()

    def sizeHint(self) -> QSize:
        """Fit a laptop's screen."""
        return QSize(1280, 780)

    # What the actions do; the names are the keys of the table of actions.

    def new_project(self) -> None:
        """Ask for a folder of images and make a project beside it."""
        folder = QFileDialog.getExistingDirectory(self, "Folder of images")
        if folder:
            self.take([Path(folder)], new=True)

    def open_project(self) -> None:
        """Ask for a project folder."""
        folder = QFileDialog.getExistingDirectory(self, f"Project folder (ends with {SUFFIX})")
        if folder:
            self.open_folder(Path(folder))

    def open_sample(self) -> None:
        """Open the project of the sample images, made where it does not exist yet."""
        try:
            images, project = copy_samples()
            if project.is_dir():
                self._session.open_project(project)
            else:
                self._session.create_project(project)
                self.panels.images.search.add([images])
        except UserFacingError as error:
            self._session.report(error)

    def add_folder(self) -> None:
        """Ask for a folder of images to add."""
        folder = QFileDialog.getExistingDirectory(self, "Folder of images")
        if folder:
            self.panels.images.search.add([Path(folder)])

    def add_images(self) -> None:
        """Ask for image files to add."""
        files, _ = QFileDialog.getOpenFileNames(self, "Images")
        if files:
            self.panels.images.search.add([Path(file) for file in files])

    def import_labels(self) -> None:
        """Let masks made elsewhere become results."""
        self._ask(ImportLabelsDialog(self._session, self))

    def export(self) -> None:
        """Write results in other formats."""
        self._ask(ExportDialog(self._session, self))

    def locate(self) -> None:
        """Ask where moved images are now."""
        project = self._session.project
        missing = project.roots.missing() if project is not None else []
        if project is None or not missing:
            self._session.noted.emit("All folders of images are where they were.")
            return
        root = missing[0]
        folder = QFileDialog.getExistingDirectory(
            self, f"Where is the folder “{root.name}” now? It was {root.path}"
        )
        if not folder:
            return
        found = project.roots.locate(root.id, Path(folder))
        if not found:
            problem = UserFacingError(
                f"holds none of the images of “{root.name}”",
                path=folder,
                remedy="Choose the folder they are in now",
            )
            self._session.report(problem)
            return
        self._session.refresh_images()
        self._session.noted.emit(f"{found:,} images found again")

    def close_project(self) -> None:
        """Close the project; runs go on."""
        self._session.close_project()

    def settings(self) -> None:
        """Show the settings."""
        self._ask(SettingsDialog(self._session, self))

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
        self.panels.images.set_pixel_size()

    def set_tags(self) -> None:
        """Ask for tags."""
        self.panels.images.set_tags()

    def set_note(self) -> None:
        """Ask for a note."""
        self.panels.images.set_note()

    def remove_images(self) -> None:
        """Take images out of the project."""
        self.panels.images.remove_chosen()

    def fit(self) -> None:
        """Show the whole image."""
        self.panels.viewer.fit()

    def zoom_in(self) -> None:
        """Look closer."""
        self.panels.viewer.zoom_in()

    def zoom_out(self) -> None:
        """Look from further away."""
        self.panels.viewer.zoom_out()

    def toggle_masks(self) -> None:
        """Show or hide masks."""
        self.panels.viewer.toggle_masks()

    def toggle_outlines(self) -> None:
        """Show or hide outlines."""
        self.panels.viewer.toggle_outlines()

    def measure_with_ruler(self) -> None:
        """Switch the ruler on or off."""
        self.panels.viewer.set_ruler(self.actions_by_key["measure_with_ruler"].isChecked())

    def side_by_side(self) -> None:
        """Show one view or two."""
        self.panels.viewer.set_side_by_side(self.actions_by_key["side_by_side"].isChecked())

    def preview(self) -> None:
        """Segment what is visible."""
        self._show_dock("segment")
        self.panels.segment.preview_now()

    def run_all(self) -> None:
        """Segment all images."""
        self.panels.segment.run("all")
        self._show_dock("queue")

    def user_guide(self) -> None:
        """Open the user guide."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(resource_path("docs", "user_guide.md"))))

    def show_log(self) -> None:
        """Open the log file."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path())))

    def about(self) -> None:
        """Say what this is."""
        QMessageBox.about(self, "About DINOCell", ABOUT.format(version=dinocell_app.__version__))

    # Dropping, opening, closing.

    def open_folder(self, folder: Path) -> None:
        """Open a project.

        Parameters
        ----------
        folder : Path
        """
        try:
            self._session.open_project(folder)
        except UserFacingError as error:
            self._session.report(error)
            return
        project = self._session.project
        if project is not None and project.read_only_reason:
            self._session.noted.emit(project.read_only_reason)

    def take(self, paths: Sequence[Path], *, new: bool = False) -> None:
        """Open a dropped project, or add dropped images, in a new project where none is open.

        Parameters
        ----------
        paths : sequence of Path
        new : bool
            Whether a project is made even where one is open.
        """
        projects = [path for path in paths if path.suffix == SUFFIX and path.is_dir()]
        if projects:
            self.open_folder(projects[0])
            return
        if self._session.project is None or new:
            folder = project_folder_for(paths)
            if folder is None:
                chosen = QFileDialog.getExistingDirectory(self, "Where shall the project be kept?")
                if not chosen:
                    return
                folder = unused(Path(chosen), paths[0].stem)
            try:
                self._session.create_project(folder)
            except UserFacingError as error:
                self._session.report(error)
                return
        self.panels.images.search.add(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open or add what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.take(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about runs, remember the places of the docks, and let go of everything."""
        if not self._runs_may_be_left():
            event.ignore()
            return
        self._remember()
        self.panels.results.shut_down()
        self._session.shut_down()
        super().closeEvent(event)

    def ask_about_runs(self, count: int) -> str:
        """Ask what to do with runs that go on.

        Parameters
        ----------
        count : int

        Returns
        -------
        str
            One of `KEEP`, `FINISH_IMAGE` and `CANCEL_RUNS`; empty to stay.
        """
        what = "A run is" if count == 1 else f"{count} runs are"
        box = QMessageBox(QMessageBox.Icon.Question, "Quit", f"{what} not finished.", parent=self)
        box.setInformativeText(
            "Kept running, they go on without the window and are found again when you open the project."
        )
        buttons = {
            box.addButton(text, role): text
            for text, role in (
                (KEEP, QMessageBox.ButtonRole.AcceptRole),
                (FINISH_IMAGE, QMessageBox.ButtonRole.ActionRole),
                (CANCEL_RUNS, QMessageBox.ButtonRole.DestructiveRole),
            )
        }
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        answer = buttons.get(box.clickedButton(), "")
        box.deleteLater()
        return answer

    def _runs_may_be_left(self) -> bool:
        running = self._session.queue.running() if self._session.project is not None else []
        if not running:
            return True
        answer = self.ask_about_runs(len(running))
        for run_id in running:
            if answer == FINISH_IMAGE:
                self._session.queue.stop(run_id)
            elif answer == CANCEL_RUNS:
                self._session.queue.cancel(run_id)
        return bool(answer)

    def _ask(self, dialog: QWidget) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.show()

    def _make_actions(self) -> dict[str, QAction]:
        actions = {}
        for info in ACTIONS:
            action = QAction(info.text, self)
            action.setObjectName(info.key)
            action.setCheckable(info.checkable)
            action.triggered.connect(getattr(self, info.key))
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

    def _make_docks(self) -> dict[str, QDockWidget]:
        left, right, below = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        panels = self.panels
        docks = {
            "images": self._dock("images", "Images", panels.images, left),
            "segment": self._dock("segment", "Segment", panels.segment, right),
            "measurements": self._dock("measurements", "Measurements", _scrolling(panels.results), below),
            "queue": self._dock("queue", "Queue", _scrolling(panels.queue), below),
        }
        self.tabifyDockWidget(docks["queue"], docks["measurements"])
        docks["queue"].raise_()
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.setCorner(Qt.Corner.BottomLeftCorner, below)
        return docks

    def _arrange_docks(self) -> None:
        """Give docks sizes that fit a laptop; they have none before they are shown."""
        docks = self.docks
        self.resizeDocks([docks["images"], docks["segment"]], [320, 330], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["queue"]], [240], Qt.Orientation.Vertical)
        docks["queue"].raise_()

    def _dock(self, key: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(key)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _show_dock(self, key: str) -> None:
        self.docks[key].show()
        self.docks[key].raise_()

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
        self.toolbar = QToolBar("Toolbar", self)
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
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
        self.welcome.new_asked.connect(self.new_project)
        self.welcome.open_asked.connect(self.open_project)
        self.welcome.sample_asked.connect(self.open_sample)
        self.welcome.recent_asked.connect(lambda path: self.open_folder(Path(path)))
        self._on_settings()

    def _on_project(self) -> None:
        project = self._session.project
        self.pages.setCurrentWidget(self.panels.viewer if project is not None else self.welcome)
        for dock in self.docks.values():
            dock.setVisible(project is not None)
        self.toolbar.setVisible(project is not None)
        if project is not None and "docks" not in self._session.settings.window:
            self._arrange_docks()
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
        }
        for info in ACTIONS:
            self.actions_by_key[info.key].setEnabled(fits[info.needs])

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
        failed = f", {run.n_failed} failed" if run.n_failed else ""
        self._session.noted.emit(
            f"“{run.name}” is {run.state}: {run.n_finished} of {run.total} images{failed}"
        )
        QApplication.alert(self)

    def _remember(self) -> None:
        places = {
            "geometry": _text(self.saveGeometry()),
            "docks": _text(self.saveState()) if self._session.project is not None else "",
        }
        window = {**self._session.settings.window, **{k: v for k, v in places.items() if v}}
        self._session.change_settings(self._session.settings.model_copy(update={"window": window}))

    def _restore(self) -> None:
        window = self._session.settings.window
        if "geometry" in window:
            self.restoreGeometry(QByteArray.fromBase64(window["geometry"].encode()))
        if "docks" in window:
            self.restoreState(QByteArray.fromBase64(window["docks"].encode()))
            self._on_project()


def _scrolling(widget: QWidget) -> QScrollArea:
    """Let a wide panel fit a small screen."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setWidget(widget)
    return area


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
