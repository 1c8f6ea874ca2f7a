"""How long a project of 10,000 images takes to fill, open and list."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, NewResult

T = TypeVar("T")


def main() -> None:
    """Print a table of times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--results", type=int, default=3, help="results of each image")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "images"
        project = Project.create(Path(folder) / "many")
        found = [
            FoundImage(root / f"plate {n // 384:03d}" / f"well {n % 384}.tif", root, channel_names=("a", "b"))
            for n in range(arguments.images)
        ]
        _timed(f"add {len(found)} images", lambda: project.images.add(found))
        with project.database.transaction():
            for image in project.images.all():
                for number in range(arguments.results):
                    project.results.record(NewResult(image.id, f"set {number}", n_cells=100))
        project.close()
        project = _timed("open", lambda: Project.open(project.folder))
        _timed("list images", project.images.all)
        _timed("newest result of each", project.results.latest)
        _timed("one image", lambda: project.images.get(arguments.images // 2))
        project.close()


def _timed(name: str, work: Callable[[], T]) -> T:
    started = time.perf_counter()
    result = work()
    print(f"{name:28s} {1000 * (time.perf_counter() - started):9.1f} ms")
    return result


if __name__ == "__main__":
    main()
