"""Averages of models that have one ancestor: their weights, mixed in shares.

Networks taught from the same weights mostly lie in one valley of the loss, so that a point between them is as
good as either, and often better on images unlike those that were taught (Wortsman et al. 2022, Model soups,
ICML; Wortsman et al. 2022, Robust fine-tuning of zero-shot models, CVPR).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from dinocell_app.base.errors import InvalidParameterError, ModelError

Weights = Mapping[str, torch.Tensor]


def average_weights(models: Sequence[Weights], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """Mix the weights of models.

    Parameters
    ----------
    models : sequence of mapping of str to Tensor
        What `state_dict` of each network gives, or the tensors of its file; they are left as they are.
    shares : sequence of float
        One for each model, 0 or more; they are divided by their sum.

    Returns
    -------
    dict of str to Tensor
        New tensors in the types of the first model. Sums are formed in double precision; whole numbers are
        those of the first model.

    Raises
    ------
    InvalidParameterError
        If there is no model, or the shares do not fit.
    ModelError
        If the models are not of one architecture.
    """
    if not models or len(shares) != len(models):
        raise InvalidParameterError(
            f"{len(models)} models cannot be averaged with {len(shares)} shares", remedy="Give each one share"
        )
    total = sum(shares)
    if not math.isfinite(total) or total <= 0 or min(shares) < 0:
        raise InvalidParameterError(
            f"{', '.join(f'{share:g}' for share in shares)} are no shares of an average",
            remedy="Give numbers of 0 and more, not all 0",
        )
    first = models[0]
    for other in models[1:]:
        _require_same_shapes(first, other)
    averaged = {}
    for name, tensor in first.items():
        if not tensor.is_floating_point():
            averaged[name] = tensor.clone()
            continue
        mixed = torch.zeros_like(tensor, dtype=torch.float64)
        for model, share in zip(models, shares, strict=True):
            mixed.add_(model[name].to(mixed), alpha=share / total)
        averaged[name] = mixed.to(tensor.dtype)
    return averaged


def _require_same_shapes(first: Weights, other: Weights) -> None:
    differing = set(first) ^ set(other) or {name for name in first if first[name].shape != other[name].shape}
    if differing:
        raise ModelError(
            f"These models cannot be averaged: their networks differ, for example in {min(differing)}",
            remedy="Choose models that were made from the same one",
        )
