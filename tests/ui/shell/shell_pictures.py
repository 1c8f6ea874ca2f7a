"""Small folders of images for the tests of the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile


def write_pictures(folder: Path, names: tuple[str, ...] = ("a.tif", "b.tif", "c.tif")) -> Path:
    """Write small grey images that differ."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, np.full((24, 32), 40 * (number + 1), np.uint8))
    return folder
