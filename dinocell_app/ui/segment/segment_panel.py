"""The Segment dock: settings above, preview and runs below, always in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QInputDialog, QScrollArea, QVBoxLayout, QWidget

from dinocell_app.base.errors import UserFacingError
from dinocell_app.commands.command_line import ShellCommand, shell_command
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.segmentation_plan.compared_jobs import compared_job
from dinocell_app.segmentation_plan.model_cards import ModelList, read_model_cards
from dinocell_app.segmentation_plan.presets import (
    changed_settings,
    checked_name,
    same_results,
    suggested_name,
)
from dinocell_app.ui.segment.models_watch import ModelsWatch
from dinocell_app.ui.segment.preset_bar import PresetBar
from dinocell_app.ui.segment.preview_bar import REGION, PreviewBar
from dinocell_app.ui.segment.preview_control import PreviewControl
from dinocell_app.ui.segment.run_bar import RunBar
from dinocell_app.ui.segment.run_images import images_to_run, shell_job
from dinocell_app.ui.segment.run_starter import RunStarter
from dinocell_app.ui.segment.settings_form import SettingsForm
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from dinocell_app.ui.workers import start

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session


class SegmentPanel(QWidget):
    """Everything about segmenting, wired to the session and the viewer.

    Parameters
    ----------
    viewer_panel : ViewerPanel
        Its viewer shows previews and gives drawn lines and regions.
    """

    def __init__(self, session: Session, viewer_panel: ViewerPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._viewer = viewer_panel.viewer
        self._n_images = 0
        self.presets = PresetBar()
        self.form = SettingsForm()
        self.preview_bar = PreviewBar()
        self.run_bar = RunBar()
        self.preview = PreviewControl(session, self._viewer, self.form.settings, self)
        self.runs = RunStarter(session, self)
        self._models_watch = ModelsWatch(self)
        self._lay_out()
        self._connect()
        self._on_project_changed()
        self.reload_models()

    def reload_models(self) -> None:
        """Read the list of models again, as after an import or a training."""
        start(read_model_cards, self._show_models, self._session.report, owner=self)

    def use_model(self, model: str) -> None:
        """Segment with a model from now on.

        Parameters
        ----------
        model : str
            Its id.
        """
        self.form.model.set_model(model)
        self.form.model.changed.emit()

    def run(self, which: str) -> None:
        """Start a run with the settings of the form, which are kept as a preset.

        Parameters
        ----------
        which : str
            `run_bar.THIS`, `SELECTED` or `ALL`.
        """
        images, cells = images_to_run(self._session, which), self.run_bar.chosen_cells()
        self.runs.run(self.form.settings(), images, self.presets.name(), cells)

    def copy_command_line(self) -> None:
        """Put the command line for the selected images, or for all, on the clipboard."""
        try:
            job = shell_job(self._session, self.form.settings(), self.presets.name())
            if self._session.project is not None:
                job = compared_job(self._session.project, job, self.run_bar.chosen_cells())
        except UserFacingError as error:
            self._session.report(error)
            return
        job_file = job.output.with_name(f"{job.output.name}.job.json")
        start(lambda: shell_command(job, job_file), self._take_command, self._session.report, owner=self)

    def _take_command(self, command: ShellCommand) -> None:
        QGuiApplication.clipboard().setText(command.line)
        sentence = "The command line is on the clipboard."
        if command.job_file is not None:
            sentence += f" It names the file {command.job_file}, which says what to do."
        self.run_bar.say(sentence)

    def preview_now(self) -> None:
        """Preview the part of the image that is chosen."""
        self.preview.preview(self.preview_bar.chosen_area())

    def _lay_out(self) -> None:
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 4, 0)
        column.addWidget(self.presets)
        column.addWidget(self.form)
        scroll = QScrollArea()
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(top)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(scroll, 1)
        layout.addWidget(line)
        layout.addWidget(self.preview_bar)
        layout.addWidget(self.run_bar)

    def _connect(self) -> None:
        session = self._session
        session.project_opened.connect(self._on_project_changed)
        session.project_closed.connect(self._on_project_changed)
        session.current_image_changed.connect(self._on_image_changed)
        session.image_records_changed.connect(self._on_image_changed)
        session.selection_changed.connect(self._refresh_runs)
        session.images_changed.connect(self._on_images_changed)
        session.models_changed.connect(self.reload_models)
        session.model_wanted.connect(self.use_model)
        self._models_watch.changed.connect(session.models_changed)
        self.form.changed.connect(self._on_settings_changed)
        self.form.decoding_changed.connect(self.preview.decode_soon)
        self.form.cell_size.drawing_asked.connect(self._on_drawing_asked)
        self._viewer.diameter_drawn.connect(self._on_diameter_drawn)
        self._viewer.region_drawn.connect(self._on_region_drawn)
        self.preview.state_changed.connect(self._refresh_preview)
        self.preview_bar.preview_asked.connect(self.preview_now)
        self.preview_bar.cancel_asked.connect(self.preview.cancel)
        self.preview_bar.area_changed.connect(self._on_area_changed)
        self.presets.chosen.connect(self._on_preset_chosen)
        self.presets.save_asked.connect(self._on_save_asked)
        self.presets.removal_asked.connect(self._on_removal_asked)
        self.run_bar.run_asked.connect(self.run)
        self.runs.said.connect(self.run_bar.say)
        self.runs.queued.connect(self._on_queued)
        self.run_bar.copy_asked.connect(self.copy_command_line)

    def _on_queued(self, name: str, n_images: int) -> None:
        self._show_presets(name)
        count = "1 image" if n_images == 1 else f"{n_images:,} images"
        self.run_bar.say(f"{count} queued as “{name}”.")

    def _show_models(self, models: ModelList) -> None:
        self.form.model.set_models(models)
        for problem in models.problems:
            self._session.report(problem)

    def _show_presets(self, name: str) -> None:
        project = self._session.project
        self.presets.set_presets(project.presets.names() if project is not None else [], name)
        self._refresh_changes()

    def _refresh_changes(self) -> None:
        self.presets.set_changes(changed_settings(self._preset(), self.form.settings()))

    def _preset(self) -> SegmentSettings:
        project, name = self._session.project, self.presets.name()
        return project.presets.get(name) if project is not None and name else SegmentSettings()

    def _refresh_runs(self) -> None:
        project = self._session.project
        problem = project.read_only_reason or "" if project is not None else "Open a project to run."
        this = 0 if self._session.current_image is None else 1
        self.run_bar.set_counts(this, len(self._session.selected_images), self._n_images, problem=problem)

    def _refresh_preview(self) -> None:
        self.preview_bar.show_state(self.preview.state, possible=self._session.current_image is not None)

    def _on_project_changed(self) -> None:
        project = self._session.project
        settings = project.presets.current() if project is not None else SegmentSettings()
        self.form.set_settings(settings)
        names = project.presets.names() if project is not None else []
        same = next((n for n in names if project is not None and project.presets.get(n) == settings), "")
        self._show_presets(same)
        self._on_images_changed()
        self._on_image_changed()

    def _on_images_changed(self) -> None:
        project = self._session.project
        self._n_images = len(project.images.paths()) if project is not None else 0
        self._refresh_runs()

    def _on_image_changed(self) -> None:
        image = self._session.current_image
        self.form.set_image(image, image.pixel_size_um if image is not None else None)
        self._refresh_runs()
        self._refresh_preview()

    def _on_settings_changed(self) -> None:
        project = self._session.project
        if project is not None and project.read_only_reason is None:
            project.presets.set_current(self.form.settings())
        self.run_bar.say("")
        self._refresh_changes()
        self.preview.note_changes()

    def _on_preset_chosen(self, name: str) -> None:
        self.form.set_settings(self._preset())
        self.presets.set_presets(self._names(), name)
        self._on_settings_changed()
        self.preview.decode_soon()

    def _on_save_asked(self) -> None:
        settings = self.form.settings()
        name, sure = QInputDialog.getText(
            self,
            "Save preset",
            "Name of these settings:",
            text=self.presets.name() or suggested_name(settings),
        )
        if sure:
            self.save_preset(name)

    def save_preset(self, name: str) -> None:
        """Keep the settings of the form under a name."""
        project = self._session.project
        if project is None:
            return
        settings = self.form.settings()
        known = name.strip() in self._names()
        unchanged = known and same_results(project.presets.get(name.strip()), settings)
        try:
            name = checked_name(name, () if unchanged else project.results.set_names())
            project.presets.save(name, settings)
        except UserFacingError as error:
            self._session.report(error)
            return
        self._show_presets(name)

    def _on_removal_asked(self, name: str) -> None:
        if self._session.project is not None and name:
            self._session.project.presets.remove(name)
            self._show_presets("")

    def _names(self) -> list[str]:
        return list(self._session.project.presets.names()) if self._session.project is not None else []

    def _on_drawing_asked(self, drawing: bool) -> None:
        self._viewer.set_tool("measure_diameter" if drawing else "navigate")

    def _on_diameter_drawn(self, length_px: float) -> None:
        self.form.cell_size.take_drawn(length_px)

    def _on_area_changed(self, area: str) -> None:
        self._viewer.set_tool("region" if area == REGION else "navigate")

    def _on_region_drawn(self, region: object) -> None:
        self.preview.take_region(region if isinstance(region, tuple) else None)
