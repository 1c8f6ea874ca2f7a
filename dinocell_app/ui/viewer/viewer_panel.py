"""The middle of the window: one or two linked views with contrast, planes and what is under the mouse."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.display.hover_text import HoverInfo, hover_text, length_text
from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.display.loading import LoadedImage, LoadedLabels, load_image, load_labels
from dinocell_app.project.records import ChannelDisplay, ResultRecord
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.contrast_everywhere import show_everywhere
from dinocell_app.ui.viewer.contrast_panel import ContrastPanel
from dinocell_app.ui.viewer.feature_bar import FeatureBar
from dinocell_app.ui.viewer.feature_control import FeatureControl
from dinocell_app.ui.viewer.floating_tools import FloatingTools
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.label_bar import LabelBar
from dinocell_app.ui.viewer.picture_view import EMPTY, ZOOM_STEP
from dinocell_app.ui.viewer.plane_sliders import PlaneSliders
from dinocell_app.ui.viewer.second_view import SecondView
from dinocell_app.ui.workers import Task, start

_Place = tuple[int, int, int, str]
"""Image, time, slice and axes."""


class ViewerPanel(QWidget):
    """Shows the current image and result of the session."""

    two_views = Signal(bool)
    """Whether there is a second view."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tasks: dict[str, Task] = {}
        self._asked: _Place | None = None
        self._shown: _Place | None = None
        self._held: int | None = None
        self.viewer = ImageViewer()
        self.labels = LabelBar()
        self.second = SecondView(session, self.viewer, partial(self._load_labels, "beside"), self)
        self.other, self.beside = self.second.viewer, self.second.choice
        self.contrast = ContrastPanel()
        self.contrast_button = QPushButton("Contrast")
        self.contrast_button.setCheckable(True)
        self.contrast_button.setToolTip("Show or hide colour and contrast of the channels.")
        self.contrast_button.toggled.connect(self.contrast.setVisible)
        self.feature_bar = FeatureBar()
        self.features = FeatureControl(session, self.viewer, self.feature_bar, self)
        self.features_button = QPushButton("Features")
        self.features_button.setCheckable(True)
        self.features_button.setToolTip(
            "Show what the model sees: parts of the image that are alike to it have the same colour."
        )
        self.sliders = PlaneSliders()
        self.sliders.hide()
        self.status = plain_label()  # the window puts it into its status bar
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setAccessibleName("Under the mouse")
        self.status.setContentsMargins(6, 0, 6, 0)
        self.views = QSplitter()
        self.views.addWidget(self.viewer)
        self.views.addWidget(self.other)
        top = QHBoxLayout()
        top.addWidget(self.labels, 1)
        top.addWidget(self.beside)
        top.addWidget(self.features_button)
        top.addWidget(self.contrast_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        # Between the button that shows it and the image, as Tab goes.
        self.floating = FloatingTools(self, self.views, self.contrast, self.feature_bar)
        self._bars = QVBoxLayout()
        layout.addLayout(self._bars)
        layout.addWidget(self.views, 1)
        layout.addWidget(self.sliders)
        self._on_style(self.labels.label_style())
        self._connect()
        self._show_image()

    def fit(self) -> None:
        """Show the whole image."""
        self.viewer.fit()

    def zoom_in(self) -> None:
        """Look closer."""
        self.viewer.zoom(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Look from further away."""
        self.viewer.zoom(1 / ZOOM_STEP)

    def toggle_masks(self) -> None:
        """Show or hide filled masks."""
        self.labels.toggle("fill")

    def toggle_outlines(self) -> None:
        """Show or hide outlines."""
        self.labels.toggle("outline")

    @property
    def is_up_to_date(self) -> bool:
        """Whether the picture is that of the current image and plane."""
        image, session = self._session.current_image, self._session
        if image is None or self.viewer.image is None:
            return False
        return self._shown == self._asked == (image.id, session.t, session.z, image.axes)

    def add_bar(self, bar: QWidget) -> None:
        """Put a bar above the views."""
        self._bars.addWidget(bar)

    def hold_labels(self, result_id: int, labels: LoadedLabels) -> None:
        """Show labels that are changed in place, whatever is written to the files of their result."""
        self._held = result_id
        before = self._tasks.pop("labels", None)
        if before is not None:
            before.cancel()
        self.viewer.set_labels(labels)
        self.viewer.select_cell(self._session.selected_cell)

    def let_labels_go(self) -> None:
        """Show again what the files say."""
        if self._held is not None:
            self._held = None
            self._show_result()

    def set_ruler(self, on: bool) -> None:
        """Measure distances, or look around again."""
        self.viewer.set_tool("ruler" if on else "navigate")

    def set_side_by_side(self, on: bool) -> None:
        """Show a second view of the image, linked to the first."""
        self.second.set_shown(on)
        if on:
            half = self.views.width() // 2
            self.views.setSizes([half, half])
        self.two_views.emit(on)

    def _connect(self) -> None:
        session = self._session
        session.project_opened.connect(self._show_image)
        session.project_closed.connect(self._show_image)
        session.current_image_changed.connect(self._show_image)
        session.plane_changed.connect(self._show_image)
        session.current_result_changed.connect(self._show_result)
        session.results_changed.connect(self.second.list_results)
        session.cell_selected.connect(self._on_selected)
        session.settings_changed.connect(self._on_settings)
        self.labels.changed.connect(self._on_style)
        self.contrast.changed.connect(self._on_displays)
        self.contrast.wanted_everywhere.connect(self._show_everywhere)
        self.features_button.toggled.connect(self._show_features)
        self.features.ended.connect(lambda: self.features_button.setChecked(False))
        self.sliders.plane_asked.connect(session.set_plane)
        self.viewer.ruler_drawn.connect(self._on_ruler)
        for viewer in (self.viewer, self.other):
            viewer.hovered.connect(self._on_hover)
        self.viewer.cell_clicked.connect(session.select_cell)
        self.other.cell_clicked.connect(self.other.select_cell)
        self._on_settings()

    def _on_settings(self) -> None:
        for viewer in (self.viewer, self.other):
            viewer.set_cache_megabytes(self._session.settings.cache_megabytes)
        settings = self._session.settings
        self.labels.set_outline(settings.outline_width, settings.outline_colour)

    def _start(self, name: str, task: Task) -> None:
        """Let the newest request win."""
        before = self._tasks.pop(name, None)
        if before is not None:
            before.cancel()
        self._tasks[name] = task

    def _show_image(self) -> None:
        session = self._session
        image, project = session.current_image, session.project
        for viewer in (self.viewer, self.other):
            viewer.set_pixel_size(image.pixel_size_um if image is not None else None)
        if image is None or project is None:
            self._say(EMPTY)
            return
        self.sliders.show_plane(session.t, session.z, image.n_times, image.n_slices)
        place = (image.id, session.t, session.z, image.axes)
        if place == self._asked:
            return
        if image.problem:
            self._say(image.problem)
            return
        self._asked = place
        path = project.images.path(image.id)
        work = partial(load_image, path, session.t, session.z, image.axes)
        self._start("image", start(work, partial(self._take_image, place), self._fail, owner=self))

    def _say(self, text: str) -> None:
        self._asked = self._shown = None
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self.viewer.say(text)
        self.other.say(text)
        self.contrast.show_image((), (), ())
        self.features_button.setChecked(False)
        self.features_button.setEnabled(False)
        self.sliders.hide()
        self.status.clear()

    def _take_image(self, place: _Place, loaded: LoadedImage) -> None:
        project = self._session.project
        if project is None or place != self._asked:
            return
        self._shown = place
        self.features_button.setEnabled(True)
        self.status.clear()
        displays = project.displays.get(place[0])
        keep = self._session.settings.keep_view
        for viewer in (self.viewer, self.other):
            viewer.set_image(loaded, displays, keep_view=keep)
        self.contrast.show_image(loaded.names, displays, loaded.statistics)
        self._show_result()
        self.second.list_results()

    def _show_result(self) -> None:
        result = self._session.current_result
        if result is None or result.id != self._held or self.viewer.labels is None:
            self._load_labels("labels", self.viewer, result)

    def _load_labels(self, name: str, viewer: ImageViewer, result: ResultRecord | None) -> None:
        project = self._session.project
        path = project.results.labels_path(result) if project is not None and result is not None else None
        # Cells of the next image may come before its picture: they wait for it.
        if path is None or viewer.image is None or self._shown != self._asked:
            before = self._tasks.pop(name, None)
            if before is not None:
                before.cancel()
            viewer.set_labels(None)
            return
        work, take = partial(load_labels, path), partial(self._take_labels, viewer, path)
        self._start(name, start(work, take, self._session.report, owner=self))

    def _take_labels(self, viewer: ImageViewer, path: Path, labels: LoadedLabels) -> None:
        if viewer.image is None:
            return
        if labels.shape != viewer.image.shape:
            self._session.report(_other_size(path, labels.shape, viewer.image.shape))
            return
        viewer.set_labels(labels)
        if viewer is self.viewer:
            viewer.select_cell(self._session.selected_cell)

    def _on_style(self, style: LabelStyle) -> None:
        self.viewer.set_label_style(style)
        self.second.set_style(style)

    def _fail(self, error: Exception) -> None:
        self._say(str(error) if isinstance(error, UserFacingError) else "The image cannot be shown.")
        if not isinstance(error, UserFacingError):
            self._session.report(error)

    def _on_selected(self, label: int) -> None:
        if self.viewer.shows_preview and label:
            self.viewer.set_preview(None, None)
        self.viewer.select_cell(label)
        self.viewer.centre_on(label)

    def _on_displays(self, displays: tuple[ChannelDisplay, ...]) -> None:
        project, image = self._session.project, self._session.current_image
        for viewer in (self.viewer, self.other):
            viewer.set_displays(displays)
        if project is not None and image is not None and project.read_only_reason is None:
            project.displays.set([image.id], displays)

    def _show_features(self, on: bool) -> None:
        self.feature_bar.setVisible(on)
        if on:
            self.features.ask()
        else:
            self.features.take_away()

    def _show_everywhere(self, displays: tuple[ChannelDisplay, ...]) -> None:
        project = self._session.project
        if project is not None:
            said = show_everywhere(project, displays, self)
            if said:
                self.status.setText(said)

    def _on_hover(self, info: HoverInfo | None) -> None:
        if self.viewer.box.tool == "ruler":
            return
        names = self.viewer.image.names if self.viewer.image is not None else ()
        self.status.setText(hover_text(info, names, self.viewer.pixel_size_um))

    def _on_ruler(self, length: float) -> None:
        self.status.setText(length_text(length, self.viewer.pixel_size_um))


def _other_size(path: Path, found: tuple[int, int], expected: tuple[int, int]) -> UserFacingError:
    return UnreadableFileError(
        f"the masks are {found[1]} x {found[0]} pixels, the image is {expected[1]} x {expected[0]}",
        path=path,
        remedy="Segment the image again, or import masks made from this image",
    )
