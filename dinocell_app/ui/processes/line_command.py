"""A command of this application as a child process whose lines are heard as they come."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from dinocell_app.run_queue.processes import application_command, application_environment

PATIENCE_MS = 3000


class LineCommand(QObject):
    """Runs one command at a time."""

    said = Signal(str)
    """A line of its output."""
    finished = Signal(int, str)
    """Exit code (-1 when it broke off), and the last line of what went wrong."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in application_environment().items():
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def is_running(self) -> bool:
        """Tell whether a command is at work."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, *words: str) -> None:
        """Start a command in place of the one that is at work.

        Parameters
        ----------
        *words : str
            What comes after `dinocell-app`.
        """
        self.stop()
        program, *arguments = application_command(*words)
        self._process.start(program, arguments)

    def stop(self) -> None:
        """End the command without another word."""
        if not self.is_running():
            return
        self._process.blockSignals(True)
        self._process.kill()
        self._process.waitForFinished(PATIENCE_MS)
        self._process.blockSignals(False)

    def _read(self) -> None:
        while self._process.canReadLine():
            self.said.emit(bytes(self._process.readLine().data()).decode("utf-8", "replace").rstrip("\r\n"))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        wrong = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace").strip()
        last = wrong.splitlines()[-1] if wrong else ""
        self.finished.emit(
            code if status == QProcess.ExitStatus.NormalExit else -1,
            last.removeprefix("error: ").removeprefix("dinocell-app: "),
        )

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.finished.emit(-1, f"The command could not be started ({self._process.errorString()}).")
