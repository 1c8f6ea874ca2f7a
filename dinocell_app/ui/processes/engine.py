"""The engine process as the window sees it: ask for previews, be told when they are there."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTemporaryDir, QThreadPool, Signal

from dinocell_app.jobs.preview_messages import (
    CancelAsked,
    CellsAsked,
    CellsDescribed,
    CellsScored,
    DecodingAsked,
    EngineReady,
    FeaturesAsked,
    FeaturesDrawn,
    Message,
    PreviewAsked,
    PreviewCancelled,
    Previewed,
    PreviewFailed,
    PreviewProgressed,
    PreviewRequest,
    PreviewResult,
    ScoresAsked,
    message_from_line,
    message_to_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.references.types import KeptReferences
from dinocell_app.run_queue.processes import application_command, application_environment

OFF, STARTING, READY, BUSY, FAILED = "off", "starting", "ready", "busy", "failed"

ENDED = "The preview process ended unexpectedly{detail}. Preview again: it starts anew."
NOT_STARTED = "The preview process cannot be started ({reason}). Install the application again."
ENDING_MS = 1500
"""How long a process may take to end by itself when the window closes."""

_LAST_WORDS = 4000

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class CellDescriptions:
    """Cells with what they are known by.

    Parameters
    ----------
    ids : tuple of int
        Labels, ascending.
    vectors : ndarray of shape (K, D), float32
    """

    ids: tuple[int, ...]
    vectors: NDArray[np.float32]
    model_id: str
    model_sha256: str


class Engine(QObject):
    """Makes previews in a child process, which is started when it is first needed."""

    state_changed = Signal(str)
    """"off", "starting", "ready", "busy" or "failed"."""
    progressed = Signal(int, int, int)
    """Request, tiles done, tiles in all."""
    previewed = Signal(int, object)
    """Request, PreviewResult."""
    failed = Signal(int, str)
    """Request, sentence."""
    features_drawn = Signal(int, object, object)
    """Request, colours of shape (M, N, 3) and their region."""
    cells_described = Signal(int, object)
    """Request, CellDescriptions."""
    cells_scored = Signal(int, object)
    """Request, scores of shape (number of cells, number of types)."""
    cells_scored_roughly = Signal(int, object)
    """The same, while better scores are being found."""
    cancelled = Signal(int)
    """A request was given up, because of `cancel` or a newer one."""
    _labels_read = Signal(int, object)
    _features_read = Signal(int, object, object)
    _cells_written = Signal(object)
    _cells_read = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = OFF
        self._process: QProcess | None = None
        self._folder: QTemporaryDir | None = None
        self._last_number = 0
        self._open_requests: set[int] = set()
        self._unsent: list[Message] = []
        self._last_words = b""
        self._labels_read.connect(self._on_labels_read)
        self._features_read.connect(self._on_features_read)
        self._cells_written.connect(self._on_cells_written)
        self._cells_read.connect(self._on_cells_read)

    def preview(self, request: PreviewRequest) -> int:
        """Ask for a preview; anything asked for before is given up.

        Returns
        -------
        int
            Number of the request in the signals.
        """
        number = self._next_number()
        self._send(PreviewAsked(number, request))
        return number

    def draw_features(self, request: PreviewRequest) -> int:
        """Ask what the model sees; anything asked for before is given up.

        Returns
        -------
        int
            Number of the request in the signals.
        """
        number = self._next_number()
        self._send(FeaturesAsked(number, request))
        return number

    def decode(self, settings: SegmentSettings) -> int:
        """Ask for the last preview with other thresholds; of several such requests the newest is done.

        Returns
        -------
        int
            Number of the request in the signals.
        """
        number = self._next_number()
        self._send(DecodingAsked(number, settings))
        return number

    def describe_cells(
        self, request: PreviewRequest, labels: NDArray[np.integer], only: tuple[int, ...] = ()
    ) -> int:
        """Ask what cells are known by; anything asked for before, but scores, is given up.

        Parameters
        ----------
        labels : ndarray of shape (M, N), int
            Of the region, or of the whole plane; not to be changed.
        only : tuple of int
            Labels that are wanted; empty for all, which `score_cells` can then score.

        Returns
        -------
        int
            Number of the request in the signals.
        """
        number = self._next_number()

        def write() -> None:
            handle, path = tempfile.mkstemp(".npy", "dinocell-cells-")
            with os.fdopen(handle, "wb") as file:
                np.save(file, labels)
            self._cells_written.emit(CellsAsked(number, request, path, only))

        QThreadPool.globalInstance().start(write)
        return number

    def score_cells(self, cells: int, references: KeptReferences) -> int:
        """Ask how much the cells that were described look like references; the newest request wins.

        Parameters
        ----------
        cells : int
            Request that they were described for.

        Returns
        -------
        int
            Number of the request in the signals.
        """
        number = self._next_number()
        self._send(ScoresAsked(number, cells, references.model_dump_json()))
        return number

    def cancel(self) -> None:
        """Give up everything that was asked for."""
        if self._process is not None and self._open_requests:
            self._send(CancelAsked())

    def shut_down(self) -> None:
        """End the process; the next preview starts it again."""
        process, self._process = self._process, None
        self._open_requests.clear()
        self._unsent.clear()
        if process is not None:
            self._let_go_of(process)
            process.closeWriteChannel()
            if process.state() != QProcess.ProcessState.NotRunning and not process.waitForFinished(ENDING_MS):
                process.kill()
                process.waitForFinished(ENDING_MS)
            process.deleteLater()
        self._remove_folder()
        self._set_state(OFF)

    def _next_number(self) -> int:
        self._last_number += 1
        self._open_requests.add(self._last_number)
        return self._last_number

    def _send(self, message: Message) -> None:
        if self._process is None:
            self._start()
        if self._process is not None and self.state not in (STARTING,):
            self._write(message)
            self._set_state(BUSY if self._open_requests else READY)
        else:
            self._unsent.append(message)

    def _write(self, message: Message) -> None:
        if self._process is not None:
            self._process.write(message_to_line(message).encode() + b"\n")

    def _start(self) -> None:
        self._folder = QTemporaryDir()
        self._last_words = b""
        process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in application_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        program, *words = application_command("engine", "--folder", self._folder.path())
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_words)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        self._set_state(STARTING)
        process.start(program, words)

    def _let_go_of(self, process: QProcess) -> None:
        """Hear nothing more of a process; `process.disconnect(self)` would not know what to disconnect."""
        process.readyReadStandardOutput.disconnect(self._on_output)
        process.readyReadStandardError.disconnect(self._on_words)
        process.errorOccurred.disconnect(self._on_error)
        process.finished.disconnect(self._on_finished)

    def _on_output(self) -> None:
        process = self._process
        while process is not None and process is self._process and process.canReadLine():
            line = bytes(process.readLine().data())
            try:
                self._take(message_from_line(line))
            except ValueError:
                _logger.warning("the preview process said %r", line[:200])

    def _take(self, message: Message) -> None:
        match message:
            case EngineReady():
                unsent, self._unsent = self._unsent, []
                for waiting in unsent:
                    self._write(waiting)
                self._set_state(BUSY if self._open_requests else READY)
            case PreviewProgressed():
                self.progressed.emit(message.request, message.done, message.total)
            case Previewed():
                QThreadPool.globalInstance().start(lambda: self._read_labels(message))
            case FeaturesDrawn():
                QThreadPool.globalInstance().start(lambda: self._read_features(message))
            case CellsDescribed() | CellsScored():
                QThreadPool.globalInstance().start(lambda: self._read_cells(message))
            case PreviewFailed():
                self._close_request(message.request)
                self.failed.emit(message.request, message.sentence)
            case PreviewCancelled():
                self._close_request(message.request)
                self.cancelled.emit(message.request)

    def _read_features(self, message: FeaturesDrawn) -> None:
        self._features_read.emit(message.request, _array(Path(message.picture)), message.region)

    def _on_features_read(self, request: int, pixels: object, region: object) -> None:
        if request not in self._open_requests:
            return
        self._close_request(request)
        if pixels is None:
            self.failed.emit(request, ENDED.format(detail=""))
        else:
            self.features_drawn.emit(request, pixels, region)

    def _on_cells_written(self, message: CellsAsked) -> None:
        if message.request in self._open_requests:
            self._send(message)
        else:
            Path(message.labels).unlink(missing_ok=True)

    def _read_cells(self, message: CellsDescribed | CellsScored) -> None:
        path = message.descriptions if isinstance(message, CellsDescribed) else message.scores
        self._cells_read.emit(message, _array(Path(path)))

    def _on_cells_read(
        self, message: CellsDescribed | CellsScored, numbers: NDArray[np.float32] | None
    ) -> None:
        if message.request not in self._open_requests:
            return
        if isinstance(message, CellsScored) and message.provisional:
            if numbers is not None:
                self.cells_scored_roughly.emit(message.request, numbers)
            return
        self._close_request(message.request)
        if numbers is None:
            self.failed.emit(message.request, ENDED.format(detail=""))
        elif isinstance(message, CellsScored):
            self.cells_scored.emit(message.request, numbers)
        else:
            described = CellDescriptions(message.ids, numbers, message.model_id, message.model_sha256)
            self.cells_described.emit(message.request, described)

    def _read_labels(self, message: Previewed) -> None:
        labels = _array(Path(message.labels))
        if labels is None:
            self._labels_read.emit(message.request, None)
            return
        result = PreviewResult(
            labels=labels,
            n_cells=message.n_cells,
            diameter_px=message.diameter_px,
            diameter_source=message.diameter_source,
            device=message.device,
            seconds=message.seconds,
            region=message.region,
        )
        self._labels_read.emit(message.request, result)

    def _on_labels_read(self, request: int, result: PreviewResult | None) -> None:
        if request not in self._open_requests:
            return
        self._close_request(request)
        if result is None:
            self.failed.emit(request, ENDED.format(detail=""))
        else:
            self.previewed.emit(request, result)

    def _close_request(self, request: int) -> None:
        self._open_requests.discard(request)
        if self.state == BUSY and not self._open_requests:
            self._set_state(READY)

    def _on_words(self) -> None:
        if self._process is not None:
            words = bytes(self._process.readAllStandardError().data())
            self._last_words = (self._last_words + words)[-_LAST_WORDS:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._end(NOT_STARTED.format(reason=self._process.errorString()))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_words()
        crashed = status == QProcess.ExitStatus.CrashExit
        detail = " (it was ended by the system, perhaps for want of memory)" if crashed else f" (code {code})"
        self._end(ENDED.format(detail=detail))

    def _end(self, sentence: str) -> None:
        """Put away a process that is gone, and answer what it left open."""
        process, self._process = self._process, None
        if process is None:
            return
        self._let_go_of(process)
        process.deleteLater()
        if self._last_words:
            _logger.error("last words of the preview process: %s", self._last_words.decode(errors="replace"))
        requests, self._open_requests = sorted(self._open_requests), set()
        self._unsent.clear()
        self._remove_folder()
        self._set_state(FAILED)
        for request in requests:
            self.failed.emit(request, sentence)

    def _remove_folder(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.remove()

    def _set_state(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _array(path: Path) -> NDArray[Any] | None:
    """Read an array on a worker thread: a large one takes longer than the window may stand still."""
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
        path.unlink()
    except (OSError, ValueError) as error:
        _logger.warning("an answer of the preview process cannot be read: %s", error)
        return None
    return array
