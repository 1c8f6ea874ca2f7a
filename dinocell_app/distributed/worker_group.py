"""The workers of a cluster as the run that uses them sees them."""

from __future__ import annotations

import contextlib
import importlib
import logging
import pickle
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dinocell_app.distributed.cluster_errors import ClusterError, LostClusterError, UnfitWorkerError
from dinocell_app.distributed.worker_images import ClusterRun, ask, forget, prepare

if TYPE_CHECKING:
    from distributed import Client, Future

COUNTING_SECONDS = 1.0
POLL_SECONDS = 0.05
_logger = logging.getLogger(__name__)


class WorkerGroup:
    """All workers of a cluster, those included that join while a run goes on.

    Parameters
    ----------
    run : ClusterRun
        What they are asked to do.
    """

    def __init__(self, client: Client, run: ClusterRun) -> None:
        self.client = client
        self.run = run
        self._counted = 0.0
        self._addresses: tuple[str, ...] = ()

    def addresses(self) -> tuple[str, ...]:
        """List the workers there are now, as asked for at most once a second.

        Raises
        ------
        LostClusterError
            If the scheduler does not answer.
        """
        if not self._addresses or time.monotonic() - self._counted > COUNTING_SECONDS:
            self.require_scheduler()
            try:
                self._addresses = tuple(self.client.nthreads())
            except OSError as error:
                raise LostClusterError from error
            self._counted = time.monotonic()
        return self._addresses

    def require_scheduler(self) -> None:
        """Check that the scheduler is still there.

        Raises
        ------
        LostClusterError
            If it is not.
        """
        if self.client.status != "running":
            raise LostClusterError

    def require_same_version(self) -> None:
        """Check that every worker has this application in this version.

        Raises
        ------
        ClusterError
            Which names a worker that has not.
        """

        # A function inside another travels as a whole, so that a worker without this application can run it.
        def version(module: str) -> str:
            try:
                return str(importlib.import_module(module).__version__)
            except ImportError:
                return ""

        for worker, found in self._on_all(version, "dinocell_app").items():
            if found != self.run.version:
                has = f"version {found} of this application" if found else "no DINOCell app"
                raise ClusterError(
                    f"The worker {worker} has {has}, and this is version {self.run.version}",
                    remedy="Install the same version in the environment of every worker",
                )

    def prepare(self) -> str:
        """Check that every worker can do the images of the run.

        Returns
        -------
        str
            Their devices, for people.

        Raises
        ------
        ClusterError
            Which names a worker that cannot.
        """
        tasks = {
            worker: self.submit(f"prepare {worker}", prepare, workers=[worker]) for worker in self.addresses()
        }
        devices = Counter[str]()
        for worker, task in tasks.items():
            if not self._ends(task, worker):
                continue
            try:
                devices[task.result()] += 1
            except UnfitWorkerError as error:
                raise named(error, worker) from error
        number = sum(devices.values())
        return f"{number} dask worker{'' if number == 1 else 's'} ({', '.join(sorted(devices))})"

    def _ends(self, task: Future, worker: str) -> bool:
        """Wait for what only one worker may do; it never ends when that worker is gone."""
        while not task.done():
            time.sleep(POLL_SECONDS)
            if worker not in self.addresses():
                return False
        return True

    def submit(
        self, name: str, work: Callable[..., Any], *arguments: object, workers: Sequence[str] = ()
    ) -> Future:
        """Let a worker do something of the run.

        Parameters
        ----------
        name : str
            Unlike that of anything else in the run.
        work : callable
            Of `worker_images`; its first argument is the run.
        *arguments : object
            The further ones.
        workers : sequence of str
            Addresses of workers that may do it; empty for any.

        Returns
        -------
        Future
            Of what the work returns.
        """

        # The scheduler reads what it passes on. Bytes keep it from needing this application, and torch.
        def unpacked(packed: bytes) -> object:
            import pickle

            work, arguments = pickle.loads(packed)
            return work(*arguments)

        return self.client.submit(
            unpacked,
            pickle.dumps((work, (self.run, *arguments))),
            key=f"dinocell-{self.run.key}-{name}",
            workers=list(workers) or None,
            pure=False,
        )

    def ask(self, *, stop: bool = False, begin_nothing: bool = False, wait_seconds: float = 0.0) -> None:
        """Tell all workers to stop, to begin nothing more or to wait.

        Parameters
        ----------
        wait_seconds : float
            As in `worker_images.ask`.
        """
        self._on_all(ask, self.run.key, stop=stop, begin_nothing=begin_nothing, wait_seconds=wait_seconds)

    def forget(self) -> None:
        """Let all workers give back what they hold of the run, as far as they can be reached."""
        with contextlib.suppress(LostClusterError):
            self._on_all(forget, self.run.key)

    def _on_all(self, work: Any, *arguments: Any, **named_arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as dask
        """Run a function on every worker that answers; one that just ended is left out."""
        self.require_scheduler()
        try:
            answers = self.client.run(work, *arguments, on_error="return", **named_arguments)
        except OSError as error:
            raise LostClusterError from error
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                _logger.info("%s: %s", worker, answer)
        return {worker: answer for worker, answer in answers.items() if not isinstance(answer, Exception)}


def named(error: UnfitWorkerError, worker: str) -> ClusterError:
    """Say which worker cannot do the work.

    Parameters
    ----------
    error : UnfitWorkerError
        What the worker said of itself.
    worker : str
        Its address.
    """
    return ClusterError(f"The worker {worker} {error.what}", remedy=error.remedy)
