"""A dask cluster of processes, as a laboratory would start it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

pytest.importorskip("distributed")

ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(sys.path),
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "2s",
    "OMP_NUM_THREADS": "1",
}


class Cluster:
    """Processes of a scheduler and its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        place = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler = self._start("scheduler", *place, "--scheduler-file", str(self.file))
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start one more worker, without the nanny that would start it again."""
        words = ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
        words += ["--memory-limit", "0", "--death-timeout", "60"]
        place = ["--scheduler-file", str(self.file), "--local-directory", str(self.folder)]
        self.workers.append(self._start("worker", *words, *place, **environment))
        return self.workers[-1]

    def _start(self, kind: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", kind, *words],
            env=os.environ | ENVIRONMENT | environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that a test may damage; it has no worker yet."""
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    cluster.add_worker()
    cluster.add_worker()
    yield cluster
    cluster.end()


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Six pictures of a hundred cells and a file that is none."""
    folder = tmp_path / "plate"
    folder.mkdir()
    rows, columns = np.mgrid[:192, :192]
    for number in range(6):
        picture = 100 + 90 * np.sin((rows + 5 * number) / 6) * np.sin(columns / 6)
        tifffile.imwrite(folder / f"{number}.tif", picture.astype(np.uint8))
    (folder / "bad.tif").write_bytes(b"nonsense")
    return folder
