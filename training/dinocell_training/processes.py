"""Several processes that train together: who they are, what they share, when they stop."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from dinocell_app.pipeline.devices import choose_device

Result = TypeVar("Result")

PATIENCE = timedelta(days=7)
"""How long processes wait for one that measures, or that a person has paused."""


def process_rank() -> tuple[int, int]:
    """Join the processes that `torchrun` started, if it did.

    Returns
    -------
    rank, world_size : int
        0 and 1 in a plain process.
    """
    if "WORLD_SIZE" not in os.environ or not distributed.is_available():
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    return distributed.get_rank(), distributed.get_world_size()


def leave_others() -> None:
    """Leave the processes that train together, if this is one of them; for when all work is done."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def training_device(name: str) -> torch.device:
    """Choose the device; each process that torchrun started takes a GPU of its own.

    Parameters
    ----------
    name : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".

    Raises
    ------
    InvalidParameterError
        If there is no such device.
    """
    local = os.environ.get("LOCAL_RANK")
    if local is not None and name in ("auto", "cuda") and torch.cuda.is_available():
        torch.cuda.set_device(int(local))
        return torch.device("cuda", int(local))
    return choose_device(name)


def agreed(should_stop: Callable[[], bool], device: torch.device) -> Callable[[], bool]:
    """Let all processes stop at the same step: one waiting for the gradients of another would never end.

    Parameters
    ----------
    should_stop : callable
        What this process wants.

    Returns
    -------
    callable
        True in every process as soon as one of them wants to stop.
    """

    def all_stop() -> bool:
        wanted = should_stop()
        if not distributed.is_initialized():
            return wanted
        flag = torch.tensor([float(wanted)], device=device)
        distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
        return bool(flag.item())

    return all_stop


def together(network: nn.Module) -> nn.Module:
    """Let the gradients of a network be averaged over the processes.

    Returns
    -------
    Module
        The network itself in a plain process.
    """
    return DistributedDataParallel(network) if distributed.is_initialized() else network


def without_averaging(network: nn.Module) -> AbstractContextManager[object]:
    """Keep gradients to this process inside the block, as the first of several batches of a step does.

    Parameters
    ----------
    network : Module
        From `together`.
    """
    return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()


def sum_over_processes(value: torch.Tensor) -> torch.Tensor:
    """Add a tensor up over all processes.

    Parameters
    ----------
    value : Tensor
        Without a gradient; of the same shape in every process.

    Returns
    -------
    Tensor
        A new one; the same values in a plain process.
    """
    total = value.clone()
    if distributed.is_initialized():
        distributed.all_reduce(total)
    return total


def shared_result(measure: Callable[[], Result] | None) -> Result | None:
    """Let one process measure and all know what came out.

    Parameters
    ----------
    measure : callable or None
        Given in the first process, None in all others, which wait.

    Returns
    -------
    object
        What `measure` gave, in every process.
    """
    result = measure() if measure is not None else None
    if not distributed.is_initialized():
        return result
    carried: list[Result | None] = [result]
    distributed.broadcast_object_list(carried, src=0)
    return carried[0]


def wait_for_all() -> None:
    """Go on when every process is here."""
    if distributed.is_initialized():
        distributed.barrier()
