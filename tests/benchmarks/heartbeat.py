"""How long the window's event loop stands still: at rest, during a preview, and while a run goes on."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from dinocell_app.base.resource_files import resource_path
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all

BEAT_MS = 2
AIM_MS = 50
PATIENCE_SECONDS = 240
SAMPLES = ("nuclei_histology.tif", "nuclei_fluorescence.tif", "blood_smear.png")


class Heartbeat(QObject):
    """Notes how far apart the beats of a timer come, and how much of that the window itself computed."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[tuple[float, float]] = []
        self._last = self._now()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def begin(self) -> None:
        """Forget what was noted so far."""
        self.gaps.clear()
        self._last = self._now()

    def report(self, name: str) -> str:
        """Sum up since `begin`."""
        waits, computed = (np.array(column) for column in zip(*self.gaps, strict=True))
        return (
            f"{name:<28} gaps in ms: 99 % below {np.percentile(waits, 99):5.1f}, largest {waits.max():6.1f}; "
            f"computed by the window: 99 % below {np.percentile(computed, 99):5.1f}, "
            f"largest {computed.max():6.1f} ({len(waits)} beats, {(waits > AIM_MS).sum()} above {AIM_MS} ms)"
        )

    def _beat(self) -> None:
        now, before = self._now(), self._last
        self._last = now
        self.gaps.append((1000 * (now[0] - before[0]), 1000 * (now[1] - before[1])))

    @staticmethod
    def _now() -> tuple[float, float]:
        # The time of the thread leaves out what other processes on a busy machine took.
        return time.perf_counter(), time.thread_time()


def until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    loop, look = QEventLoop(), QTimer()
    look.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > deadline else None)
    look.start(50)
    loop.exec()
    look.stop()
    if not condition():
        sys.exit("waited in vain")


def rest(seconds: float) -> None:
    """Let the event loop turn for a while."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def main() -> None:
    """Open the window on the sample images, preview one, run all, and print the gaps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=2, help="of each sample image in the run")
    arguments = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder, "pictures")
        pictures.mkdir()
        for name in SAMPLES:
            for number in range(arguments.copies):
                shutil.copyfile(resource_path("samples", name), pictures / f"{number} {name}")
        session = Session()
        window = MainWindow(session)
        window.resize(1280, 800)
        window.show()
        session.create_project(Path(folder, "study.dinocell"))
        window.projects.take([pictures])
        project = session.project
        until(lambda: project is not None and len(project.images.all()) == len(SAMPLES) * arguments.copies)
        assert project is not None
        session.set_current_image(project.images.all()[-1].id)
        rest(3)
        heart = Heartbeat()
        rest(2)
        print(heart.report("at rest"))
        _preview(session, window, heart)
        _run(session, window, heart)
        heart.deleteLater()
        session.shut_down()
        window.close()
        wait_for_all()
        application.processEvents()


def _preview(session: Session, window: MainWindow, heart: Heartbeat) -> None:
    answers: list[object] = []
    session.engine.previewed.connect(lambda _request, result: answers.append(result))
    session.engine.failed.connect(lambda _request, sentence: sys.exit(sentence))
    heart.begin()
    window.preview()
    until(lambda: len(answers) == 1)
    rest(0.5)
    print(heart.report("first preview"))
    heart.begin()
    slider = window.panels.segment.form.cell_probability.slider
    for step in range(10):
        slider.setValue(40 + step)
        rest(0.15)
    print(heart.report("threshold moved"))
    slider.setValue(50)


def _run(session: Session, window: MainWindow, heart: Heartbeat) -> None:
    finished: list[int] = []
    session.queue.run_finished.connect(finished.append)
    heart.begin()
    window.run_all()
    rest(0.5)
    print(heart.report("run queued"))
    heart.begin()
    until(lambda: bool(finished))
    rest(0.5)
    print(heart.report("run going on"))


if __name__ == "__main__":
    main()
