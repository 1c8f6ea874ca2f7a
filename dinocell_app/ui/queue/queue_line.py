"""The queue in a line of the status bar: what runs, how far it is, and a way to the whole queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from dinocell_app.run_queue.run_rows import RunRow, queue_sentence, run_row
from dinocell_app.ui.plain_text import plain_label

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

_STEPS = 1000


class QueueLine(QWidget):
    """Says what the queue is doing; its button shows or hides the queue."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.text = plain_label()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAccessibleName("State of the queue")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(110)
        self.bar.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.bar.setAccessibleName("Progress of the run")
        self.button = QToolButton()
        self.button.setCheckable(True)
        self.button.setText("Queue")
        self.button.setToolTip("Show or hide all runs and the images of each.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.addWidget(self.text)
        layout.addWidget(self.bar)
        layout.addWidget(self.button)
        queue = session.queue
        queue.run_changed.connect(self.refresh)
        queue.run_finished.connect(self.refresh)
        session.project_opened.connect(self.refresh)
        session.project_closed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how things are now."""
        project = self._session.project
        self.setVisible(project is not None)
        rows: list[RunRow] = []
        if project is not None:
            progress = self._session.queue.progress
            rows = [run_row(record, progress(record.id)) for record in project.runs.all()]
        active = next((row for row in rows if row.state in ("running", "paused")), None)
        self.text.setText(queue_sentence(rows))
        self.text.setToolTip(active.current_image if active is not None else "")
        self.bar.setVisible(active is not None)
        if active is not None:
            self.bar.setValue(round(_STEPS * active.fraction))
