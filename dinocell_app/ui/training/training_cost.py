"""What a planned training will cost, found out by a process that takes a few steps of it."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, Signal

from dinocell_app.jobs.job_files import write_job
from dinocell_app.run_queue.durations import remaining_text
from dinocell_app.training_plan.planned_jobs import job_of
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.processes.line_command import LineCommand

UNKNOWN = "A few real steps are taken to tell."


class TrainingCost(QObject):
    """Asks for an estimate, and forgets it when the plan is another."""

    told = Signal(str, bool)
    """Words, and whether it is still being found out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = QTemporaryDir()
        self._said = ""
        self._command = LineCommand(self)
        self._command.said.connect(self._on_said)
        self._command.finished.connect(self._on_finished)

    def ask(self, plan: TrainingPlan) -> None:
        """Begin to find out."""
        if not self._folder.isValid():
            self.told.emit("There is no room for temporary files. Free some space on the disk.", False)
            return
        place = Path(self._folder.path())
        write_job(place / "estimate.json", job_of(plan, place / "estimated"))
        self._said = ""
        self.told.emit("Taking a few steps …", True)
        self._command.start("train", "estimate", "--job", str(place / "estimate.json"), "--json")

    def forget(self) -> None:
        """Stop asking: the plan is another."""
        self._command.stop()
        self.told.emit(UNKNOWN, False)

    def stop(self) -> None:
        """End the process, if there is one."""
        self._command.stop()

    def _on_said(self, line: str) -> None:
        self._said = line

    def _on_finished(self, code: int, wrong: str) -> None:
        self.told.emit(cost_in_words(self._said) if code == 0 else wrong, False)


def cost_in_words(line: str) -> str:
    """Say what `train estimate --json` says."""
    try:
        cost = json.loads(line)
        time = remaining_text(float(cost["total_seconds"]))
        memory = float(cost["peak_memory_bytes"]) / 2**30
        words = f"{time[:1].upper()}{time[1:]} on {cost['device']}"
    except (ValueError, KeyError, TypeError):
        return "The estimate could not be read. Try it again."
    return f"{words}, {memory:.1f} GiB of memory." if memory else f"{words}."
