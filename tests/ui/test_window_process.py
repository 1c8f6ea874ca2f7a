"""The application as a process on a real (virtual) screen, with a real mouse and keyboard."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb, a screen without a screen, is missing"),
    pytest.mark.skipif(shutil.which("xdotool") is None, reason="xdotool, which moves the mouse, is missing"),
]

PATIENCE_SECONDS = 120
"""A busy machine may take long; a quiet one needs some seconds for each step."""

WIDTH, HEIGHT = 1440, 900
IMAGE = "nuclei_fluorescence.tif"
"""A grey picture: whatever has colour on it was drawn by the viewer."""


class Desk:
    """A screen, the application on it, and a hand.

    Parameters
    ----------
    folder : Path
        For the screen's picture and the places of widgets.
    """

    def __init__(self, folder: Path) -> None:
        self._frame, self._places = folder / "Xvfb_screen0", folder / "places.json"
        self.log = folder / "log.txt"
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
        self.screen = subprocess.Popen(
            [*screen, "-fbdir", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        number = self.screen.stdout.readline().strip()
        self.environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        script = Path(__file__).with_name("window_with_positions.py")
        with self.log.open("w") as log:
            self.application = subprocess.Popen(
                [sys.executable, str(script), str(self._places)],
                env={**self.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def until(self, condition, what):
        """Wait for what the application does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (value := condition()):
            if self.application.poll() is not None:
                pytest.fail(f"the application ended before {what}: {self.log.read_text()}")
            if time.monotonic() > deadline:
                pytest.fail(f"waited in vain for {what}: {self.log.read_text()}")
            time.sleep(0.1)
        return value

    def do(self, *words: str) -> str:
        """Move the mouse, press keys, or look for windows."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    def window(self, title: str) -> str:
        """Give the number of the window with a title; empty where there is none."""
        return self.do("search", "--onlyvisible", "--name", title)

    def place(self, name: str) -> list[int] | None:
        """Give left, top, width and height of what is seen under a name."""
        if not self._places.exists():
            return None
        return json.loads(self._places.read_text(encoding="utf-8")).get(name)

    def click(self, name: str) -> None:
        """Click in the middle of something as soon as it is there and stands still."""
        seen: list[list[int] | None] = []

        def is_still() -> bool:
            seen.append(self.place(name))
            return seen[-1] is not None and len(seen) > 4 and seen[-1] == seen[-4]

        self.until(is_still, f"“{name}” on the screen")
        left, top, width, height = seen[-1]
        x, y = left + min(width, WIDTH - left) // 2, top + height // 2
        self.do("mousemove", str(x), str(y), "click", "1")

    def picture(self, name: str) -> np.ndarray:
        """Take a picture of something: rows, columns, and red, green, blue."""
        data = self._frame.read_bytes()
        # The screen is an X window dump: big-endian header, its length first, then pixels of 4 bytes.
        header = np.frombuffer(data, ">u4", 25)
        start, row_bytes, n_colours = int(header[0]), int(header[12]), int(header[19])
        pixels = np.frombuffer(data, np.uint8, row_bytes * HEIGHT, offset=start + 12 * n_colours)
        screen = pixels.reshape(HEIGHT, row_bytes // 4, 4)[:, :WIDTH, 2::-1]
        left, top, width, height = self.place(name)
        return screen[top : top + height, left : left + width].copy()

    def clear(self) -> None:
        """End everything that was started."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.application.pid, signum)
            except ProcessLookupError:
                break
            time.sleep(0.5)
        self.application.wait()
        self.screen.terminate()
        self.screen.wait()
        self.screen.stdout.close()


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    desk = Desk(folder)
    yield desk
    desk.clear()


def coloured(picture: np.ndarray) -> int:
    """Count the pixels that are not grey."""
    channels = picture.astype(int)
    return int((channels.max(axis=2) - channels.min(axis=2) > 60).sum())


@pytest.mark.timeout(4 * PATIENCE_SECONDS)
def test_a_mouse_opens_the_samples_looks_at_an_image_and_previews_its_cells(desk):
    desk.until(lambda: desk.window("^DINOCell$"), "the window")
    desk.click("sample")
    window = desk.until(lambda: desk.window("^Sample project – DINOCell$"), "the sample project")

    desk.click(IMAGE)
    left, top = desk.until(lambda: desk.place("viewer"), "the viewer")[:2]
    assert left > 0
    assert top > 0
    desk.until(lambda: len(np.unique(desk.picture("viewer"))) > 100, "the pixels of the image")
    before = desk.picture("viewer")
    assert coloured(before) < 50

    desk.click("preview")
    desk.until(lambda: coloured(desk.picture("viewer")) > 500, "outlines of cells")

    desk.do("windowfocus", "--sync", window, "key", "ctrl+q")
    assert desk.application.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in desk.log.read_text()
