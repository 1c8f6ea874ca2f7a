"""While a preview and a run go on, the window's own thread reads no image and no result, and stays free."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QTimer

from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all

LARGE_FILES = (".tif", ".png", ".npy", ".csv", ".parquet", ".safetensors")
PATIENCE_MS = 150_000

_watched: list[list[str]] = []


def _note_opened_files(event, arguments):
    if event == "open" and _watched and threading.current_thread() is threading.main_thread():
        _watched[-1].append(str(arguments[0]))


@pytest.fixture
def opened_by_the_window():
    """Files that the main thread opens."""
    if not hasattr(_note_opened_files, "is_hooked"):
        sys.addaudithook(_note_opened_files)  # There is no way to take one away.
        _note_opened_files.is_hooked = True
    _watched.append([])
    yield _watched[-1]
    _watched.clear()


class Heart(QTimer):
    """Notes how long the window's thread itself computed between two beats, in seconds."""

    def __init__(self):
        super().__init__()
        self.computed = []
        self._last = time.thread_time()
        self.timeout.connect(self._beat)
        self.start(2)

    def _beat(self):
        now = time.thread_time()
        self.computed.append(now - self._last)
        self._last = now


@pytest.fixture
def window(qapp, tmp_path, tiny_model):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rows, columns = np.mgrid[:96, :128]
    spots = sum(np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 50) for r, c in ((20, 20), (60, 80)))
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(pictures / name, (spots * 3000).astype(np.uint16))
    session = Session()
    made = MainWindow(session)
    made.resize(1280, 800)
    made.show()
    session.create_project(tmp_path / "study.dinocell")
    made.projects.take([pictures])
    made.panels.segment.form.set_settings(
        SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    )
    yield made, session
    session.shut_down()
    made.close()
    made.deleteLater()
    session.deleteLater()
    wait_for_all()


@pytest.mark.timeout(500)
def test_previews_and_runs_leave_the_window_free(window, qtbot, opened_by_the_window):
    window, session = window
    qtbot.waitUntil(lambda: len(session.project.images.all()) == 2, timeout=PATIENCE_MS)
    session.set_current_image(session.project.images.all()[0].id)
    viewer = window.panels.viewer.viewer
    qtbot.waitUntil(lambda: viewer.image is not None, timeout=PATIENCE_MS)
    opened_by_the_window.clear()
    began, heart = time.monotonic(), Heart()
    with qtbot.waitSignal(session.engine.previewed, timeout=PATIENCE_MS):
        window.preview()
    with qtbot.waitSignal(session.queue.run_finished, timeout=PATIENCE_MS):
        window.run_all()
    qtbot.waitUntil(lambda: len(session.project.results.latest()) == 2, timeout=PATIENCE_MS)
    heart.stop()
    qtbot.waitUntil(lambda: not session.queue._workers, timeout=PATIENCE_MS)
    assert {result.status for result in session.project.results.latest().values()} == {"finished"}
    large = [path for path in opened_by_the_window if Path(path).suffix in LARGE_FILES]
    assert large == []
    assert opened_by_the_window, "nothing was watched: the window writes the job of the run itself"
    assert len(heart.computed) > 100
    assert sum(heart.computed) < 0.5 * (time.monotonic() - began), "the window is busy most of the time"
