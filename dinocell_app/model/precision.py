"""The arithmetic of the network: one home for what "auto" means and how it is switched on."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from dinocell_app.model.processor_arithmetic import BFLOAT16_PAYS, bfloat16_gain

Precision = Literal["auto", "fp32", "bf16", "fp16"]

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def resolve_precision(precision: Precision, device: torch.device) -> torch.dtype:
    """Choose the type that the network computes in.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}
        "auto" is half precision on CUDA, bfloat16 where the card has it; bfloat16 on a processor that
        was measured to be faster with it; and single precision elsewhere.

    Returns
    -------
    dtype
    """
    if precision != "auto":
        return _TYPES[precision]
    if device.type == "cpu":
        return torch.bfloat16 if bfloat16_gain() >= BFLOAT16_PAYS else torch.float32
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Compute in a precision for a while.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}
    """
    dtype = resolve_precision(precision, device)
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)
