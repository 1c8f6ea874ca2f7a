"""How long the window takes to become visible, and which slow packages it imported for that."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HEAVY = (
    "torch",
    "timm",
    "pandas",
    "pyarrow",
    "skimage",
    "scipy",
    "numba",
    "dinocell_training",
    "dinocell_app.pipeline",
)

OPEN_AND_CLOSE = """
import json, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from dinocell_app.ui import main_window
from dinocell_app.__main__ import main

begin = float(sys.argv.pop())


class Eye(QObject):
    def eventFilter(self, watched, event):
        if isinstance(watched, main_window.MainWindow) and event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            seconds = time.time() - begin
            told = {"seconds": seconds, "work": time.process_time(), "modules": sorted(sys.modules)}
            print(json.dumps(told), flush=True)
            QTimer.singleShot(0, watched.close)
        return False


eye = Eye()
show = main_window.MainWindow.showEvent


def watched_show(window, event):
    window.installEventFilter(eye)
    show(window, event)


main_window.MainWindow.showEvent = watched_show
sys.exit(main([]))
"""


def open_once() -> tuple[float, float, list[str]]:
    """Open the window in a process with empty settings and close it.

    Returns
    -------
    seconds : float
        From the start of the process to the first drawing of the window.
    work : float
        Seconds of a processor in that time, which other programs do not lengthen.
    modules : list of str
        What was imported by then.
    """
    with tempfile.TemporaryDirectory() as home:
        places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), home)
        words = [sys.executable, "-c", OPEN_AND_CLOSE, str(time.time())]
        done = subprocess.run(
            words, env={**os.environ, **places}, capture_output=True, text=True, check=True, timeout=120
        )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["work"], told["modules"]


def main() -> None:
    """Print the times of some starts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    arguments = parser.parse_args()
    seconds, work, modules = zip(*(open_once() for _ in range(arguments.starts)), strict=True)
    print("seconds to a visible window:", " ".join(f"{value:.2f}" for value in seconds))
    print(f"median {statistics.median(seconds):.2f} s, processor {statistics.median(work):.2f} s")
    print("slow packages imported:", ", ".join(name for name in HEAVY if name in modules[0]) or "none")


if __name__ == "__main__":
    main()
