"""The page of a training at work: curves, a sample after each epoch, and how long it still takes."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.jobs.events import JobFailed, SamplePredicted
from dinocell_app.run_queue.durations import remaining_text
from dinocell_app.run_queue.run_rows import STATE_TEXTS
from dinocell_app.segmentation_plan.image_choices import device_name
from dinocell_app.training_plan.training_progress import TrainingProgress
from dinocell_app.training_plan.training_runs import Training
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.results.plot_look import PlotArea
from dinocell_app.ui.training.fitted_picture import FittedPicture

SMOOTHED_STEPS = 20
"""The loss of one batch says little: the line is the mean of so many."""

PHASES = {"adapt": ", adapting to images without labels", "finetune": ", teaching with labelled images"}


class RunPage(QWidget):
    """Draws a training and asks it to wait, to go on or to end."""

    pause_asked = Signal()
    resume_asked = Signal()
    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Path, SamplePredicted] | None = None
        self.state = plain_label()
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Steps taken")
        self.remaining = plain_label()
        self.pause = QPushButton("Pause")
        self.pause.setToolTip("Wait after this step; the computer is free then.")
        self.resume = QPushButton("Go on")
        self.resume.setToolTip("Go on where it was; after a crash, from the last checkpoint.")
        self.stop = QPushButton("Stop now and keep the best")
        self.stop.setToolTip("End after this step and make a model of the best epoch so far.")
        self.plot = PlotArea()
        self.plot.setAccessibleName("Loss of the training and of the held-out images")
        item = self.plot.getPlotItem()
        item.setLabel("bottom", "Step")
        item.setLabel("left", "Loss")
        item.addLegend(offset=(-10, 10))
        self._taught = item.plot(pen=pg.mkPen(width=1), name="Taught images")
        self._judged = item.plot(pen=None, symbol="o", symbolSize=7, name="Held-out images")
        self.labelled = FittedPicture("The outlines of a person appear here.")
        self.found = FittedPicture("What the network finds appears after each epoch.")
        self.sample = plain_label()
        self.sample.setWordWrap(True)
        self.notices = plain_label()
        self.notices.setWordWrap(True)
        self._lay_out()
        self.pause.clicked.connect(self.pause_asked)
        self.resume.clicked.connect(self.resume_asked)
        self.stop.clicked.connect(self.stop_asked)

    def show_training(self, training: Training) -> None:
        """Draw a training as it is now."""
        progress, state = training.progress, training.state()
        doing = PHASES.get(progress.phase, "") if state == "running" else ""
        begun = f"{doing} on {device_name(progress.device)}" if progress.device and state == "running" else ""
        final = progress.final
        reason = f": {final.reason}" if isinstance(final, JobFailed) and state == "failed" else ""
        kept = ""
        if state == "stopped":
            kept = " before there was a model"
            if training.has_result():
                kept = "; the best so far was kept" if training.has_model() else "; the base is still better"
        self.state.setText(f"{training.name}: {STATE_TEXTS[state]}{kept}{begun}{reason}")
        self.state.setWordWrap(True)
        self.bar.setMaximum(max(1, progress.total))
        self.bar.setValue(progress.step)
        self.bar.setFormat(
            f"Step {progress.step:,} of {progress.total:,}" if progress.total else "Reading the images …"
        )
        left = remaining_text(progress.remaining_seconds)
        if progress.judging and state == "running":
            self.remaining.setText(f"Judging by {progress.judging}")
        else:
            self.remaining.setText(f"{left} left" if left and state == "running" else "")
        self.pause.setEnabled(state == "running")
        self.resume.setEnabled(state in ("paused", "stopped", "failed", "interrupted"))
        self.stop.setEnabled(state in ("queued", "running", "paused"))
        self._draw(progress)
        self._show_sample(training)
        self.notices.setText("\n".join(progress.notices[-4:]))

    def _draw(self, progress: TrainingProgress) -> None:
        self._taught.setPen(pg.mkPen(self.plot.ink(150), width=2))
        self._judged.setSymbolBrush(self.plot.accent())
        self._judged.setSymbolPen(pg.mkPen(self.plot.accent()))
        self._taught.setData(*smoothed(progress.losses))
        self._judged.setData(
            [float(step) for step, _ in progress.validation], [loss for _, loss in progress.validation]
        )

    def _show_sample(self, training: Training) -> None:
        samples = training.progress.samples
        if not samples:
            self._shown = None
            self.sample.setText("")
            self.labelled.show_file(None)
            self.found.show_file(None)
            return
        newest = samples[-1]
        shown = (training.folder, newest)
        if shown == self._shown:
            return
        self._shown = shown
        after = f"after epoch {newest.epoch}" if newest.epoch else "before the training"
        self.sample.setText(
            f"{newest.image}, {after}: {newest.n_cells:,} cells found, {newest.n_correct:,} of "
            f"{newest.n_labelled:,} outlined ones among them"
        )
        self.labelled.show_file(training.folder / newest.labelled_picture)
        self.found.show_file(training.folder / newest.picture)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.bar, 1)
        top.addWidget(self.remaining)
        for button in (self.pause, self.resume, self.stop):
            top.addWidget(button)
        pictures = QWidget()
        grid = QGridLayout(pictures)
        grid.setContentsMargins(0, 0, 0, 0)
        for column, (title, picture) in enumerate(
            (("Outlined by a person", self.labelled), ("Found by the network", self.found))
        ):
            heading = plain_label(title)
            heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(heading, 0, column)
            grid.addWidget(picture, 1, column)
        grid.setRowStretch(1, 1)
        grid.addWidget(self.sample, 2, 0, 1, 2)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.plot)
        parts.addWidget(pictures)
        parts.setSizes([240, 300])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.state)
        layout.addLayout(top)
        layout.addWidget(parts, 1)
        layout.addWidget(self.notices)


def smoothed(losses: tuple[tuple[int, float], ...]) -> tuple[list[float], list[float]]:
    """Give the mean loss over the last steps, step by step.

    Parameters
    ----------
    losses : tuple of (int, float)
        Step and loss.
    """
    steps, means, total = [], [], 0.0
    for place, (step, loss) in enumerate(losses):
        total += loss
        if place >= SMOOTHED_STEPS:
            total -= losses[place - SMOOTHED_STEPS][1]
        steps.append(float(step))
        means.append(total / min(place + 1, SMOOTHED_STEPS))
    return steps, means
