"""The window under test: no screen, no settings of the user, and nothing left running behind."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and caches in a folder of the test."""
    home = tmp_path / "home"
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    return home


@pytest.fixture(scope="session", autouse=True)
def what_was_there_before() -> Iterator[None]:
    """Let the collections after each test pass over what the tests before these have loaded."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test that leaves windows, threads or running timers behind."""
    before = {id(widget) for widget in QApplication.topLevelWidgets()}
    threads: list[weakref.ref[QThread]] = []
    start = QThread.start

    def remembered(thread: QThread, *arguments: object) -> None:
        threads.append(weakref.ref(thread))
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", remembered)
    yield
    assert QThreadPool.globalInstance().waitForDone(5000), "work goes on in the thread pool"
    qapp.processEvents()
    gc.collect()
    qapp.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
    running = [thread for thread in (reference() for reference in threads) if thread and thread.isRunning()]
    assert not running, f"threads still run: {running}"
    left = [w for w in QApplication.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not left, f"windows are still open: {left}"
    timers = [
        timer
        for widget in QApplication.topLevelWidgets()
        if id(widget) not in before and not widget.isVisible() and widget.parent() is None
        for timer in widget.findChildren(QTimer)
        if timer.isActive() and timer.interval() > 0
    ]
    assert not timers, f"timers still run: {timers}"
