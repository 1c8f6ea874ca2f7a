"""The flows objective: Cellpose-style flows and the probability that a pixel belongs to a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_decoding import flows_to_labels
from dinocell_app.model.flow_dynamics_torch import flows_to_labels_on_device
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.objective import CPU, weighted_mean

FLOW_SCALE = 5.0
"""Networks learn and predict unit flows times this (Cellpose and the published DINOCell weights)."""


@dataclass(frozen=True)
class FlowsObjective:
    """Channels flow_y, flow_x (scaled by `FLOW_SCALE`) and the logit of the cell probability.

    Parameters
    ----------
    probability_loss : {"bce", "mse"}
        Binary cross-entropy, as the published code trains, or mean-squared error of the probability,
        as the paper writes (3.3.3).
    """

    probability_loss: Literal["bce", "mse"] = "bce"

    name: ClassVar[str] = "flows"
    channel_names: ClassVar[tuple[str, ...]] = ("flow_y", "flow_x", "cell_probability")

    def targets(self, labels: NDArray[np.integer]) -> NDArray[np.float32]:
        """Compute unit flows and the cell mask.

        Parameters
        ----------
        labels : ndarray of shape (M, N), int

        Returns
        -------
        ndarray of shape (3, M, N), float32
            dy and dx times `FLOW_SCALE`, and 1 inside cells.
        """
        return np.concatenate([FLOW_SCALE * labels_to_flows(labels), (labels > 0)[None].astype(np.float32)])

    def losses(
        self, prediction: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Compute mean-squared error of each flow and the loss of the probability.

        Parameters
        ----------
        prediction, target : Tensor of shape (B, 3, H, W)
            Network maps and `targets`.
        weight : Tensor of shape (B, H, W)
            Weight of each pixel.

        Returns
        -------
        dict of str to Tensor of shape ()
            Terms "flow_y", "flow_x" and "cell_probability".
        """
        error = functional.mse_loss(prediction[:, :2], target[:, :2], reduction="none")
        if self.probability_loss == "bce":
            probability = functional.binary_cross_entropy_with_logits(
                prediction[:, 2], target[:, 2], reduction="none"
            )
        else:
            probability = (prediction[:, 2].sigmoid() - target[:, 2]) ** 2
        return {
            "flow_y": weighted_mean(error[:, 0], weight),
            "flow_x": weighted_mean(error[:, 1], weight),
            "cell_probability": weighted_mean(probability, weight),
        }

    def activate(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring flows to unit scale and the logit to a probability.

        Parameters
        ----------
        maps : ndarray of shape (3, M, N), float32
            Raw network maps.

        Returns
        -------
        ndarray of shape (3, M, N), float32
            (dy, dx) in unit scale and a probability in 0 to 1.
        """
        activated = np.empty_like(maps)
        activated[:2] = maps[:2] / FLOW_SCALE
        activated[2] = 1 / (1 + np.exp(-np.clip(maps[2], -30, 30)))
        return activated

    def decode(
        self, maps: NDArray[np.float32], parameters: DecodingParameters, device: torch.device = CPU
    ) -> NDArray[np.int32]:
        """Follow the flows to labels.

        Parameters
        ----------
        maps : ndarray of shape (3, M, N), float32
            Activated maps: unit flows and probability.
        device : device
            CUDA follows the flows there; elsewhere compiled loops on the processor are faster.

        Returns
        -------
        ndarray of shape (M, N), int32
            Labels 1..K in the frame of the maps.
        """
        if device.type == "cuda":
            on_device = torch.from_numpy(maps).to(device)
            return flows_to_labels_on_device(on_device[:2], on_device[2], parameters)
        return flows_to_labels(maps[:2], maps[2], parameters)
