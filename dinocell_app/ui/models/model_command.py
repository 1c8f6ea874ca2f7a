"""`dinocell-app models ...` as a process: reading weights needs torch, which the window does without."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from dinocell_app.run_queue.processes import application_command, application_environment


class ModelCommand(QObject):
    """Runs one command at a time and gives its last sentence."""

    finished = Signal(bool, str)
    """Whether it worked, and what it said."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in application_environment().items():
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def is_running(self) -> bool:
        """Tell whether a command is at work."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, *words: str) -> None:
        """Start a command, unless one is at work.

        Parameters
        ----------
        *words : str
            What comes after `dinocell-app models`.
        """
        if self.is_running():
            return
        program, *arguments = application_command("models")
        self._process.start(program, [*arguments, *words])

    def stop(self) -> None:
        """End the command; models are written whole or not at all, so nothing half-made is left."""
        self._process.blockSignals(True)
        self._process.kill()
        self._process.waitForFinished(2000)
        self._process.blockSignals(False)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        good = status == QProcess.ExitStatus.NormalExit and code == 0
        said = _last_line(self._process.readAllStandardOutput().data())
        wrong = _last_line(self._process.readAllStandardError().data())
        self.finished.emit(good, said if good else wrong or "The command ended without a word. Try it again.")

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.finished.emit(False, f"The command could not be started ({self._process.errorString()}).")


def _last_line(output: bytes | bytearray | memoryview) -> str:
    lines = [line.strip() for line in bytes(output).decode("utf-8", "replace").splitlines()]
    said = [line for line in lines if line]
    return said[-1].removeprefix("error: ").removeprefix("dinocell-app: ") if said else ""
