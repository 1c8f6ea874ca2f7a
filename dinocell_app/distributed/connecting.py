"""From what a person types after `--dask` to a connection with workers behind it."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError, MissingDependencyError
from dinocell_app.base.extras import remedy_for_missing
from dinocell_app.distributed.cluster_errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

CONNECT_SECONDS = 15.0
WORKERS_SECONDS = 120.0
"""How long a cluster may take to start its first worker; Slurm starts scheduler and workers together."""
_LOCAL = "local:"
_POLL_SECONDS = 0.2
_LEAVE_CTRL_C_TO_US = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""A terminal interrupts workers, too, which would end within an image and be started again."""

LOCAL_HOST = "127.0.0.1"
_NO_WEB_PAGES: dict[str, list[str]] = {
    # Scheduler and workers open a port for these in any case; without pages it answers nothing.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect to a dask cluster, or start one of processes on this computer.

    Parameters
    ----------
    address : str
        Of a scheduler, such as "tcp://head:8786"; its scheduler file, which ends with ".json"; or "local:4"
        for four processes here, which end with the block.

    Yields
    ------
    Client
        With at least one worker.

    Raises
    ------
    MissingDependencyError
        If dask.distributed is not installed.
    UserFacingError
        If the cluster cannot be reached or has no worker.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingDependencyError(
            "Segmenting on several computers needs dask.distributed, which is not installed",
            remedy=remedy_for_missing("cluster", "Run without --dask, on this computer alone"),
        ) from error
    # What dask reports on its own is said again, in a sentence, where it matters.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if address.startswith(_LOCAL):
        n_workers = _number(address)
        with ExitStack() as ends:
            ends.enter_context(dask.config.set(_NO_WEB_PAGES))
            with _without_collecting():
                cluster = LocalCluster(
                    n_workers=n_workers,
                    threads_per_worker=max(1, (os.cpu_count() or 1) // n_workers),
                    processes=True,
                    host=LOCAL_HOST,
                    # Who reaches a scheduler can run programs as its user, and every account of this computer
                    # reaches its ports.
                    security=_throwaway_identity(),
                    dashboard_address=f"{LOCAL_HOST}:0",
                    scheduler_kwargs={"dashboard": False},
                    # A plain run has no limit either, and a killed worker would do the same image again.
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                    preload=[_LEAVE_CTRL_C_TO_US],
                )
                ends.enter_context(cluster)
                client = ends.enter_context(Client(cluster))
            yield client
        return
    try:
        file = str(_existing(Path(address))) if address.endswith(".json") else None
        with _without_collecting():
            client = Client(None if file else address, scheduler_file=file, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ClusterError(
            f"No dask scheduler answers at {address} ({_first_line(error)})",
            remedy="Check the address, which the scheduler prints when it starts, and that it still runs",
        ) from error
    with client:
        _await_workers(client, address)
        yield client


def _throwaway_identity() -> Security:
    """Make a key and a certificate that only this run's processes hold, in memory."""
    from distributed.security import Security

    try:
        return Security.temporary()
    except ImportError as error:
        raise MissingDependencyError(
            "Processes of one computer talk to each other in private, which needs the package cryptography",
            remedy=remedy_for_missing("cluster", "Run without --dask, on this computer alone"),
        ) from error


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep clients that were given up from ending themselves while the next one starts.

    Both would wait for one lock of dask without end, when the collector of garbage comes just then.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _number(address: str) -> int:
    number = address.removeprefix(_LOCAL)
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise InvalidParameterError(
            f"--dask {address} names no number of processes", remedy="Write, for example, local:4"
        )
    return int(number)


def _existing(path: Path) -> Path:
    """Wait for a scheduler file, which a scheduler that starts at the same time writes a little later."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while not path.is_file() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    if not path.is_file():
        raise FileNotFoundError("there is no such scheduler file")
    return path


def _await_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as error:
        raise ClusterError(
            f"The dask scheduler at {address} has no workers",
            remedy=f"Start some with: dask worker {address}",
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:160]
