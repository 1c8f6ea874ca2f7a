"""Tensors on disk: written whole or not at all, and refused when they hold what is no number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from dinocell_app.base.errors import ModelError
from dinocell_app.base.files import replacing

_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


def save_tensors(
    path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write a safetensors file that is whole or absent.

    Parameters
    ----------
    tensors : dict of str to Tensor
        On the processor, contiguous, none a view of another.

    Raises
    ------
    OSError
        If the disk refuses; safetensors has an error of its own for that, which few would expect.
    """
    with replacing(path) as beside:
        try:
            save_file(tensors, beside, metadata=metadata)
        except SafetensorError as error:
            number = _SYSTEM_ERROR.search(str(error))
            if number is None:
                raise
            raise OSError(int(number[1]), str(error), str(path)) from error


def require_finite(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Refuse weights that would let a network find nothing, and say nothing about it.

    Raises
    ------
    ModelError
        Which names the tensor.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ModelError(
                f"The weights hold values that are no numbers (NaN or infinite), in {name}",
                path=path,
                remedy="Import the model again; if you trained it, train anew with a lower learning rate",
            )
