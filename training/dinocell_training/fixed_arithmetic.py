"""The arithmetic of a training, decided once: a run that goes on must not change it half-way."""

from __future__ import annotations

from pathlib import Path

import torch

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.model.precision import Precision, resolve_precision
from dinocell_training.processes import process_rank, shared_result

ARITHMETIC_NAME = "arithmetic.json"
"""In the run folder."""

_NAMES: dict[torch.dtype, Precision] = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


def fixed_precision(run_folder: Path, wanted: Precision, device: torch.device) -> Precision:
    """Say which precision "auto" is for a run, in each of its processes and whenever it goes on.

    Parameters
    ----------
    wanted : {"auto", "fp32", "bf16", "fp16"}
        A named precision is taken as it is.

    Raises
    ------
    UnreadableFileError
        If what was decided cannot be read.
    """
    if wanted != "auto":
        return wanted
    decided = shared_result((lambda: _decided(run_folder, device)) if process_rank()[0] == 0 else None)
    return decided or "fp32"


def _decided(run_folder: Path, device: torch.device) -> Precision:
    path = run_folder / ARITHMETIC_NAME
    if path.exists():
        try:
            known: dict[str, Precision] = {name: name for name in _NAMES.values()}
            return known[parse_json(path.read_text(encoding="utf-8"))["precision"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnreadableFileError(
                "The record of the run's arithmetic is damaged",
                path=path,
                remedy="Restore it from a copy, or start in a new run folder",
            ) from error
    precision = _NAMES[resolve_precision("auto", device)]
    run_folder.mkdir(parents=True, exist_ok=True)
    write_json(path, {"schema_version": 1, "precision": precision})
    return precision
