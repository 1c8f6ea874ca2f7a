"""The data-set doctor at work: a process whose lines are taken over in handfuls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, QTimer, Signal

from dinocell_app.ui.processes.line_command import LineCommand

HEAR_MS = 200
"""Drawing after each line would take ever longer."""

_UNDERSTOOD = (0, 3)
"""Exit codes of `train check`: all is well, or nothing can be taught."""


class Examination(QObject):
    """Looks at folders of labelled images."""

    said = Signal(list)
    """Lines of `train check --json`."""
    finished = Signal(str)
    """What went wrong; empty when nothing did."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._overlays = QTemporaryDir()
        self._command = LineCommand(self)
        self._heard: list[str] = []
        self._timer = QTimer(self, singleShot=True, interval=HEAR_MS)
        self._timer.timeout.connect(self._pass_on)
        self._command.said.connect(self._on_line)
        self._command.finished.connect(self._on_finished)

    def start(self, folders: Sequence[Path], base_model: str) -> None:
        """Look at all folders anew.

        Parameters
        ----------
        folders : sequence of Path
            None to look at nothing.
        base_model : str
            That the cells are compared with.
        """
        self.stop()
        if folders:
            overlays = ("--overlays", self._overlays.path()) if self._overlays.isValid() else ()
            words = [str(folder) for folder in folders]
            self._command.start("train", "check", *words, "--base-model", base_model, *overlays, "--json")

    def stop(self) -> None:
        """Stop looking; what was heard and not passed on is dropped."""
        self._timer.stop()
        self._heard.clear()
        self._command.stop()

    def is_running(self) -> bool:
        """Tell whether it looks."""
        return self._command.is_running()

    def _on_line(self, line: str) -> None:
        self._heard.append(line)
        if not self._timer.isActive():
            self._timer.start()

    def _pass_on(self) -> None:
        self._timer.stop()
        heard, self._heard = self._heard, []
        self.said.emit(heard)

    def _on_finished(self, code: int, wrong: str) -> None:
        self._pass_on()
        broken = wrong or "Looking at the images broke off. Try it again."
        self.finished.emit("" if code in _UNDERSTOOD else broken)
