"""Work off the window's thread: plain functions and generators whose results come back to the window.

A task belongs to an object of the window: when that object is gone or the task was cancelled, nothing is
called back any more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from shiboken6 import isValid

T = TypeVar("T")

BATCH_SECONDS = 0.1
"""How often a generator hands over what it found."""

_logger = logging.getLogger(__name__)
_running: set[Task] = set()
_synchronous = False


class Task(QObject):
    """Work under way.

    Parameters
    ----------
    owner : QObject
        What the work is for.
    """

    _happened = Signal(object, object)

    def __init__(self, owner: QObject) -> None:
        super().__init__()
        self._owner = owner
        self._cancelled = threading.Event()
        self._happened.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Call nothing back any more; a generator ends before its next item."""
        self._cancelled.set()

    def hand_over(self, callback: Callable[[Any], None], value: object) -> None:
        """Have a callback called on the window's thread.

        Parameters
        ----------
        value : object
            Its argument.
        """
        self._happened.emit(callback, value)

    def _call(self, callback: Callable[[Any], None] | None, value: object) -> None:
        if callback is None:
            _running.discard(self)
        elif not self.cancelled and isValid(self._owner):
            callback(value)

    def finish(self) -> None:
        """Let go of the task after everything that was handed over."""
        self._happened.emit(None, None)


class _Runnable(QRunnable):
    def __init__(self, task: Task, work: Callable[[], None]) -> None:
        super().__init__()
        self._task, self._work = task, work

    def run(self) -> None:
        """Do the work and let go of the task."""
        try:
            if not self._task.cancelled:
                self._work()
        finally:
            self._task.finish()


def start(
    work: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[Exception], None],
    *,
    owner: QObject,
) -> Task:
    """Do work on another thread.

    Parameters
    ----------
    work : callable
        Must not touch widgets.
    done : callable
        Called on the window's thread with the result.
    failed : callable
        Called on the window's thread with the exception.
    owner : QObject
        When it is gone, nothing is called.
    """
    task = Task(owner)

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it is handed to the window, whatever it is
            _note(error)
            task.hand_over(failed, error)
        else:
            task.hand_over(done, result)

    return _begin(task, run)


def start_generator(
    make: Callable[[], Iterator[T]],
    each: Callable[[list[T]], None],
    done: Callable[[None], None],
    failed: Callable[[Exception], None],
    *,
    owner: QObject,
) -> Task:
    """Go through a generator on another thread; what it yields comes in batches.

    Parameters
    ----------
    make : callable
        Makes the generator; cancelling closes it before its next item.
    each : callable
        Called on the window's thread with a list of items.
    done : callable
        Called on the window's thread with None at the end.
    failed : callable
        Called on the window's thread with the exception.
    owner : QObject
        When it is gone, nothing is called.
    """
    task = Task(owner)

    def run() -> None:
        batch: list[T] = []
        last = time.monotonic()
        try:
            for item in make():
                batch.append(item)
                if task.cancelled:
                    return
                if time.monotonic() - last > BATCH_SECONDS:
                    task.hand_over(each, batch)
                    batch, last = [], time.monotonic()
        except Exception as error:  # noqa: BLE001 - it is handed to the window, whatever it is
            _note(error)
            if batch:
                task.hand_over(each, batch)
            task.hand_over(failed, error)
            return
        if batch:
            task.hand_over(each, batch)
        task.hand_over(done, None)

    return _begin(task, run)


def wait_for_all(milliseconds: int = 10_000) -> bool:
    """Cancel what goes on and wait for it, before the application ends.

    Parameters
    ----------
    milliseconds : int
        The longest wait.

    Returns
    -------
    bool
        Whether everything ended.
    """
    for task in tuple(_running):
        task.cancel()
    return bool(QThreadPool.globalInstance().waitForDone(milliseconds))


@contextmanager
def run_synchronously() -> Iterator[None]:
    """Do work at once on the calling thread, so that tests hold still."""
    global _synchronous
    before, _synchronous = _synchronous, True
    try:
        yield
    finally:
        _synchronous = before


def _begin(task: Task, run: Callable[[], None]) -> Task:
    if _synchronous:
        task._happened.disconnect()
        task._happened.connect(task._call, Qt.ConnectionType.DirectConnection)
        run()
        return task
    _running.add(task)
    QThreadPool.globalInstance().start(_Runnable(task, run))
    return task


def _note(error: Exception) -> None:
    _logger.debug("work off the window's thread ended by %s", error, exc_info=error)
