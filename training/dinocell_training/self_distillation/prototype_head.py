"""From a token to its similarity to learned prototypes (DINO; Caron et al. 2021, appendix C)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

_LAYERS = 3
_EPSILON = 1e-6


@dataclass(frozen=True)
class HeadParameters:
    """Sizes of a head; DINOv2 has 65,536 prototypes, and the paper's domain adaptation 8,192 (3.3.2).

    Parameters
    ----------
    hidden_width, bottleneck_width : int
        Of the perceptron before the prototypes and of its output.
    """

    n_prototypes: int = 8192
    hidden_width: int = 2048
    bottleneck_width: int = 256


class PrototypeHead(nn.Module):
    """Three-layer perceptron, unit length, then a weight-normalised linear layer without bias.

    The prototypes have unit length, so scores are cosines: DINO fixes the length because training with
    free lengths is less stable.

    Parameters
    ----------
    width : int
        Of the tokens.
    """

    def __init__(self, width: int, parameters: HeadParameters) -> None:
        super().__init__()
        widths = [width, *[parameters.hidden_width] * (_LAYERS - 1), parameters.bottleneck_width]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.GELU()]
        self.perceptron = nn.Sequential(*layers[:-1])
        self.prototypes = nn.Parameter(torch.empty(parameters.n_prototypes, parameters.bottleneck_width))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.prototypes, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Score tokens.

        Parameters
        ----------
        tokens : Tensor of shape (..., width)

        Returns
        -------
        Tensor of shape (..., n_prototypes)
            Cosines of the token's projection and each prototype.
        """
        directions = functional.normalize(self.perceptron(tokens), dim=-1, eps=_EPSILON)
        return functional.linear(directions, functional.normalize(self.prototypes, dim=-1, eps=_EPSILON))
