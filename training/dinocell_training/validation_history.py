"""What held-out images said after each epoch: the best weights so far, and when it is no use to go on.

Both are files in the run's `checkpoints` folder, so that a run that was killed knows them again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from dinocell_app.base.errors import ModelError, UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.model.tensor_files import save_tensors
from dinocell_training.decoded_scores import AP_NAME

HISTORY_NAME = "validation.json"
BEST_NAME = "best.safetensors"
LOSS_NAME = "total"
"""Of the value that decides between epochs where nothing was decoded; the lower the better."""


@dataclass(frozen=True)
class KeepBest:
    """Which weights are kept from the best epoch, and how long a better one is waited for.

    Parameters
    ----------
    network : Module
        Its weights are kept.
    patience : int
        Epochs without a better score after which the training ends; 0 to go on to the end.
    scores_start : bool
        Whether the untouched network is scored too, as epoch 0.
    """

    network: nn.Module
    patience: int = 0
    scores_start: bool = False


class ValidationHistory:
    """The values measured after each epoch.

    Parameters
    ----------
    folder : Path
        The run's `checkpoints` folder; what an earlier process wrote there is read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.epochs: dict[int, dict[str, float]] = {}
        if (folder / HISTORY_NAME).exists():
            self.epochs = _read_epochs(folder / HISTORY_NAME)

    @property
    def best_epoch(self) -> int | None:
        """The best epoch after the start; None when none was scored.

        That with the highest AP of decoded cells, of equals that with the lowest loss, then the first.
        """
        scored = {epoch: _rank(values) for epoch, values in self.epochs.items() if epoch > 0}
        known = {epoch: rank for epoch, rank in scored.items() if rank is not None}
        return min(known, key=lambda epoch: (known[epoch], epoch)) if known else None

    def forget_after(self, epoch: int) -> None:
        """Drop what belongs to epochs that are still ahead.

        Parameters
        ----------
        epoch : int
            The last one that was trained.
        """
        self.epochs = {each: values for each, values in self.epochs.items() if each <= epoch}

    def add(self, epoch: int, values: Mapping[str, float], network: nn.Module | None, *, write: bool) -> None:
        """Take the values of an epoch down, and keep its weights when it is the best so far.

        Parameters
        ----------
        values : mapping of str to float
            Empty without held-out examples.
        network : Module or None
            Whose weights are kept.
        write : bool
            Whether this process writes the files; of several, one does.
        """
        self.epochs[epoch] = dict(values)
        if not write:
            return
        if network is not None and self.best_epoch == epoch:
            # Weights before history: killed in between, the epoch is measured again and they are rewritten.
            save_weights(network, self.folder / BEST_NAME)
        entries = [
            {"epoch": each, "values": {name: v if math.isfinite(v) else None for name, v in values.items()}}
            for each, values in self.epochs.items()
        ]
        write_json(self.folder / HISTORY_NAME, {"schema_version": 1, "epochs": entries})

    def is_over(self, epoch: int, patience: int) -> bool:
        """Tell whether a better epoch was waited for long enough.

        Parameters
        ----------
        epoch : int
            The last one trained.
        patience : int
            0 to wait for ever.
        """
        best = self.best_epoch
        return bool(patience) and best is not None and epoch - best >= patience


def _rank(values: Mapping[str, float]) -> tuple[float, float] | None:
    """Give what is smaller for a better epoch; None for one that was not scored."""
    loss = values.get(LOSS_NAME, math.nan)
    ap = values.get(AP_NAME)
    if ap is None:
        return (1.0, loss) if math.isfinite(loss) else None
    return -round(ap, 9), loss if math.isfinite(loss) else math.inf


def _read_epochs(path: Path) -> dict[int, dict[str, float]]:
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        return {
            int(entry["epoch"]): {
                str(name): math.nan if value is None else float(value)
                for name, value in entry["values"].items()
            }
            for entry in content["epochs"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnreadableFileError(
            "The list of what each epoch scored is damaged",
            path=path,
            remedy="Restore it from a copy, or start in a new run folder",
        ) from error


def restore_best(network: nn.Module, checkpoints: Path) -> int | None:
    """Give a network the weights of the best epoch.

    Parameters
    ----------
    network : Module
        Changed in place.
    checkpoints : Path
        Folder of the run.

    Returns
    -------
    int or None
        The epoch; None when no epoch was scored, and the network is left as it is.

    Raises
    ------
    ModelError
        If the weights belong to another network.
    """
    epoch = ValidationHistory(checkpoints).best_epoch
    path = checkpoints / BEST_NAME
    if epoch is None or not path.exists():
        return None
    try:
        network.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError, OSError) as error:
        raise ModelError(
            "The best weights are damaged or do not belong to this training job",
            path=path,
            remedy="Start in a new run folder, or restore the job.json the run was started with",
        ) from error
    return epoch


def save_weights(network: nn.Module, path: Path) -> None:
    """Write the weights of a network, whole or not at all."""
    tensors: dict[str, torch.Tensor] = {
        name: value.detach().cpu().clone().contiguous() for name, value in network.state_dict().items()
    }
    save_tensors(path, tensors)
