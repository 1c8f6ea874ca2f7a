"""What can be wrong with a cluster, said for the person who started it."""

from __future__ import annotations

from dinocell_app.base.errors import UserFacingError


class ClusterError(UserFacingError):
    """A dask cluster cannot be used, or went away."""


class LostClusterError(ClusterError):
    """The scheduler went away in the middle of a run."""

    def __init__(self) -> None:
        super().__init__(
            "The connection to the dask scheduler was lost; everything finished is kept",
            remedy="Start the cluster again and give the same command: it goes on from there",
        )


class UnfitWorkerError(ClusterError):
    """A worker cannot do the images of a run; raised on the worker, which does not know its own address."""
