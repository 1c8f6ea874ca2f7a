"""Pictures of blobs, and the commands as a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main


def blobs(centres: list[tuple[int, int]], shape: tuple[int, int] = (40, 56)) -> np.ndarray:
    """Smooth bright spots on black, 0 to 1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    image = np.zeros(shape)
    for row, column in centres:
        image += np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 4.0**2))
    return image


THREE = blobs([(12, 12), (12, 40), (29, 26)])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures of three cells, one of them in a folder inside."""
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    tifffile.imwrite(folder / "a.tif", (THREE * 200).astype(np.uint8))
    tifffile.imwrite(folder / "b.tif", (THREE[:, ::-1] * 4000).astype(np.uint16))
    tifffile.imwrite(folder / "inner" / "c.tif", (THREE[::-1] * 200).astype(np.uint8))
    return folder


@pytest.fixture
def segment(tiny_model: Path, pictures: Path, tmp_path: Path) -> Callable[..., int]:
    """Segment the pictures into `tmp_path / "out"`; further words are added."""

    def run(*words: str, inputs: tuple[Path, ...] = (pictures,), out: Path = tmp_path / "out") -> int:
        given = [str(path) for path in inputs]
        fixed = ["--model", str(tiny_model), "--device", "cpu", "--flow-threshold", "0", "--diameter", "14px"]
        return main(["segment", *given, "-o", str(out), *fixed, *words])

    return run


@pytest.fixture
def events(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict]]:
    """Parse the JSON lines printed since the last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
