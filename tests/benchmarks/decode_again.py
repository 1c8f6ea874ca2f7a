"""Time from moving a threshold to new labels, through the engine process, for a picture of 1,000 cells.

Run as ``python -m tests.benchmarks.decode_again [--model NAME] [--device DEVICE]``. The first preview runs
the network, the decodings after it do not. The whole way is timed: request written, labels read back.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.preview_messages import (
    DecodingAsked,
    Message,
    PreviewAsked,
    Previewed,
    PreviewFailed,
    PreviewRequest,
    message_from_line,
    message_to_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.run_queue.processes import application_command, application_environment

ROWS, COLUMNS, PITCH = 25, 40, 32
REPEATS = 10


def picture() -> np.ndarray:
    """Round cells of about 24 pixels on a grid, a little out of place."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:PITCH, :PITCH] - PITCH / 2
    image = np.zeros((ROWS * PITCH, COLUMNS * PITCH))
    for row in range(ROWS):
        for column in range(COLUMNS):
            dy, dx = random.uniform(-2, 2, 2)
            cell = 1 / (1 + np.exp(np.hypot(y - dy, x - dx) - 11))
            image[row * PITCH : (row + 1) * PITCH, column * PITCH : (column + 1) * PITCH] = cell
    return (200 * image + random.normal(20, 4, image.shape)).clip(0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.tif"
        tifffile.imwrite(path, picture())
        settings = SegmentSettings(model=given.model, device=given.device, diameter="24px")
        process = subprocess.Popen(
            application_command("engine"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=application_environment(),
        )
        with process:
            first, seconds = ask(process, PreviewAsked(0, PreviewRequest(path, 0, 0, "grey", None, settings)))
            print(f"preview: {first.n_cells} cells in {seconds:.2f} s on {first.device}")
            times = []
            for number in range(1, REPEATS + 1):
                threshold = 0.3 + 0.04 * number
                done, seconds = ask(
                    process, DecodingAsked(number, SegmentSettings(cell_probability_threshold=threshold))
                )
                print(f"threshold {threshold:.2f}: {done.n_cells} cells in {seconds * 1000:.0f} ms")
                times.append(seconds)
            median, longest = statistics.median(times) * 1000, max(times) * 1000
            print(f"decoding again: median {median:.0f} ms, longest {longest:.0f} ms")
            process.stdin.close()


def ask(process: subprocess.Popen[bytes], message: Message) -> tuple[Previewed, float]:
    """Send a request; give the answer and the seconds until its labels are in memory."""
    started = time.perf_counter()
    process.stdin.write(message_to_line(message).encode() + b"\n")
    process.stdin.flush()
    while True:
        answer = message_from_line(process.stdout.readline())
        if isinstance(answer, PreviewFailed):
            raise SystemExit(answer.sentence)
        if isinstance(answer, Previewed):
            np.load(answer.labels)
            return answer, time.perf_counter() - started


if __name__ == "__main__":
    main()
