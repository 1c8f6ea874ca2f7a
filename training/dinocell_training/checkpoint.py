"""Checkpoints of a training run: tensors as safetensors, everything else as JSON, each whole or absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from dinocell_app.base.errors import ModelError
from dinocell_app.base.files import PARTIAL_SUFFIX
from dinocell_app.base.json_text import parse_json
from dinocell_app.model.tensor_files import save_tensors

CHECKPOINT_NAME = "last.safetensors"
_OPTIMISER_FIELDS = ("exp_avg", "exp_avg_sq", "step")


@dataclass
class TrainingState:
    """What has to be restored to go on as if nothing had happened.

    Parameters
    ----------
    average : Module or None
        Moving average of the weights.
    step : int
        Steps taken.
    scaler : GradScaler or None
        Of the loss in half precision.
    epoch_losses : dict of str to float
        Sums of the loss terms over the steps of the epoch.
    """

    network: nn.Module
    average: nn.Module | None
    optimiser: torch.optim.Optimizer
    step: int = 0
    scaler: torch.amp.GradScaler | None = None
    epoch_losses: dict[str, float] = field(default_factory=dict)

    def add_losses(self, losses: Mapping[str, float], *, first: bool) -> None:
        """Add the losses of a step to those of its epoch.

        Parameters
        ----------
        first : bool
            Whether an epoch began with this step.
        """
        before: Mapping[str, float] = {} if first else self.epoch_losses
        self.epoch_losses = {name: before.get(name, 0.0) + value for name, value in losses.items()}


def save_checkpoint(state: TrainingState, folder: Path) -> Path:
    """Write the state of a run.

    Parameters
    ----------
    folder : Path
        The run's `checkpoints` folder.

    Returns
    -------
    Path
        The file written.
    """
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    if state.average is not None:
        tensors |= {f"average.{name}": value for name, value in state.average.state_dict().items()}
    for index, fields in state.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{key}": fields[key] for key in _OPTIMISER_FIELDS}
    tensors["random"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random_cuda"] = torch.cuda.get_rng_state()
    # safetensors refuses tensors that share memory and those of other devices' strides.
    tensors = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    path = folder / CHECKPOINT_NAME
    progress: dict[str, Any] = {"step": state.step, "schema_version": 1, "epoch_losses": state.epoch_losses}
    if state.scaler is not None and state.scaler.is_enabled():
        progress["scaler"] = state.scaler.state_dict()
    save_tensors(path, tensors, {"progress": json.dumps(progress)})
    return path


def load_checkpoint(state: TrainingState, folder: Path) -> bool:
    """Restore the state of a run in place.

    Parameters
    ----------
    state : TrainingState
        Built as at the start of the run.
    folder : Path
        The run's `checkpoints` folder.

    Returns
    -------
    bool
        False when there is no checkpoint.

    Raises
    ------
    ModelError
        If the checkpoint is damaged or belongs to another network.
    """
    path = folder / CHECKPOINT_NAME
    if not path.exists():
        return False
    progress, tensors = _read(path)
    try:
        state.network.load_state_dict(_below("network.", tensors))
        if state.average is not None:
            state.average.load_state_dict(_below("average.", tensors))
        _restore_optimiser(state.optimiser, _below("optimiser.", tensors))
        if state.scaler is not None and progress.get("scaler"):
            state.scaler.load_state_dict(progress["scaler"])
        state.step = int(progress["step"])
        losses = progress.get("epoch_losses", {})
        state.epoch_losses = {str(name): float(value) for name, value in losses.items()}
        torch.set_rng_state(tensors["random"])
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(
            "The checkpoint does not belong to this training job",
            path=path,
            remedy="Start in a new run folder, or restore the job.json the run was started with",
        ) from error
    if "random_cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random_cuda"])
    return True


def _read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            progress = parse_json((file.metadata() or {}).get("progress", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            "The checkpoint is damaged",
            path=path,
            remedy="Remove the file to begin anew, or start in a new run folder",
        ) from error
    return (progress if isinstance(progress, dict) else {}), tensors


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed had not written to the end.

    Parameters
    ----------
    folder : Path
        The run's `checkpoints` folder; one process works in it at a time.
    """
    # The second kind is what safetensors itself writes beside the file that it is asked for.
    for pattern in (f".*{PARTIAL_SUFFIX}*", ".tmp*"):
        for left in folder.glob(pattern):
            left.unlink(missing_ok=True)


def _below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    content = optimiser.state_dict()
    entries: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".")
        entries.setdefault(int(index), {})[key] = value
    content["state"] = entries
    optimiser.load_state_dict(content)
