"""What a network is taught to predict: targets, loss terms and decoding side by side.

An objective is the only place that knows its channels, so that training and inference cannot drift
apart (paper 3.2.3).
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from dinocell_app.model.decoding_parameters import DecodingParameters

CPU = torch.device("cpu")


class Objective(Protocol):
    """Proxy maps from which labels can be derived."""

    name: ClassVar[str]
    channel_names: ClassVar[tuple[str, ...]]

    def targets(self, labels: NDArray[np.integer]) -> NDArray[np.float32]:
        """Turn labels of shape (M, N) into target maps of shape (C, M, N)."""

    def losses(
        self, prediction: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Name the loss terms of maps [B, C, H, W] with pixel weights [B, H, W]; their sum is minimised."""

    def activate(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn raw network maps of shape (C, M, N) into those that may be averaged over tiles."""

    def decode(
        self, maps: NDArray[np.float32], parameters: DecodingParameters, device: torch.device = CPU
    ) -> NDArray[np.int32]:
        """Derive labels of shape (M, N) from activated maps of shape (C, M, N), on `device` if that pays."""


def weighted_mean(loss: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Average a per-pixel loss with weights (paper formula 1, ignore masking).

    Parameters
    ----------
    loss : Tensor of shape (B, H, W)
        Loss of each pixel.
    weight : Tensor of shape (B, H, W)
        1 where the labels are known, less where they are not.

    Returns
    -------
    Tensor of shape ()
        Weighted sum divided by the sum of the weights.
    """
    return (loss * weight).sum() / weight.sum().clamp_min(1e-6)
