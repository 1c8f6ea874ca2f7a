"""A head that is shown cells and finds cells like them: PerCS-DINO (paper on personalised segmentation, 3.2).

It sits on the features that plain segmentation computes anyway. As in the paper the patches of a picture and
the references look at each other in a transformer, and transposed convolutions make flows and a probability
of it. Beyond the paper there may be several references, some of them of what is not wanted, and the same
transformer judges whole cells, with one token for each, so that masks come from plain segmentation at full
resolution and a thousand cells are judged while a person waits.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from dinocell_app.segmentation.reference.evidence import LOGIT_UNIT, N_EVIDENCE


@dataclass(frozen=True)
class PercsConfig:
    """What determines the shape of the head.

    Parameters
    ----------
    feature_width : int
        Length of a patch token of the last feature block.
    upsampling : int
        Pixels along the edge of a patch; the maps are made at the next power of two and resampled.
    width, n_layers, n_heads : int
        Of the transformer; the defaults are the paper's.
    """

    feature_width: int
    upsampling: int
    width: int = 256
    n_layers: int = 2
    n_heads: int = 4

    def to_dict(self) -> dict[str, Any]:
        """Give the fields as JSON types."""
        return asdict(self)


class PercsHead(nn.Module):
    """Features and references to maps, or to a judgement of each cell."""

    def __init__(self, config: PercsConfig) -> None:
        super().__init__()
        self.config = config
        depth, width = config.feature_width, config.width
        self.patches = nn.Linear(2 * depth + 2, width)
        self.cells = nn.Linear(2 * depth + N_EVIDENCE, width)
        self.references = nn.Linear(depth + 1, width)
        # Tokens carry no place: neither the order of references nor the turn of the picture plays a part.
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, config.n_heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(config.n_layers)
        )
        widths = [width // 2**i for i in range(max(1, math.ceil(math.log2(config.upsampling))) + 1)]
        self.upsamplings = nn.ModuleList(
            nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)
            for before, after in pairwise(widths)
        )
        self.maps = nn.Conv2d(widths[-1], 3, kernel_size=1)
        # An untrained head judges exactly as the score without training, and learns what to add to it.
        self.trust = nn.Parameter(torch.tensor([1.0, 0.0]))
        self.judgement = nn.Linear(width, 1)
        nn.init.zeros_(self.judgement.weight)
        nn.init.zeros_(self.judgement.bias)

    def attend(
        self, features: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor
    ) -> torch.Tensor:
        """Let patches and references look at each other.

        Parameters
        ----------
        features : Tensor of shape (D, h, w)
            Patch tokens of a picture.
        positives : Tensor of shape (P, D)
            Pooled features of cells that are wanted; at least one.
        negatives : Tensor of shape (Q, D)
            Of cells that are not.

        Returns
        -------
        Tensor of shape (width, h, w)
        """
        depth, height, width = features.shape
        directions = functional.normalize(features.reshape(depth, -1).T, dim=1)
        wanted, unwanted = (functional.normalize(each, dim=1) for each in (positives, negatives))
        tokens = self.patches(
            torch.cat(
                [
                    _unit_variance(directions),
                    _unit_variance(_middle(wanted)).expand_as(directions),
                    _nearest(directions, wanted),
                    _nearest(directions, unwanted),
                ],
                dim=1,
            )
        )
        attended = self._interact(tokens[None], self._shown(wanted, unwanted)[None])[0]
        return attended[: height * width].T.reshape(-1, height, width)

    def decode(self, attended: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Bring attended patches to maps of the picture.

        Parameters
        ----------
        attended : Tensor of shape (width, h, w)
        size : tuple of int
            Height and width of the picture.

        Returns
        -------
        Tensor of shape (3, *size)
            Flows (dy, dx) in the network's scale, and the logit of belonging to the wanted type.
        """
        maps = attended[None]
        for upsampling in self.upsamplings:
            maps = functional.relu(upsampling(maps))
        maps = self.maps(maps)
        if maps.shape[-2:] != torch.Size(size):
            maps = functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)
        return maps.squeeze(0)

    def judge(
        self, cells: torch.Tensor, evidence: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Judge whole cells.

        Parameters
        ----------
        cells : Tensor of shape (K, D)
            Pooled features of the cells of a picture.
        evidence : Tensor of shape (K, N_EVIDENCE)
            From `evidence.evidence`, for the same references.
        positives : Tensor of shape (P, D)
            At least one.
        negatives : Tensor of shape (Q, D)

        Returns
        -------
        logits : Tensor of shape (K,)
        attended : Tensor of shape (K, width)
            What the contrastive loss parts by type.
        """
        directions = functional.normalize(cells, dim=1)
        wanted, unwanted = (functional.normalize(each, dim=1) for each in (positives, negatives))
        middle = _unit_variance(_middle(wanted)).expand_as(directions)
        tokens = self.cells(
            torch.cat([_unit_variance(directions), _unit_variance(directions) * middle, evidence], dim=1)
        )
        seen = self._interact(tokens[None], self._shown(wanted, unwanted)[None])[0]
        attended, shown = seen[: len(cells)], functional.normalize(seen[len(cells) :], dim=1)
        direction = functional.normalize(attended, dim=1)
        nearest = _nearest(direction, shown[: len(wanted)]) - _nearest(direction, shown[len(wanted) :])
        logits = (
            self.trust[0] * LOGIT_UNIT * evidence[:, 0]
            + self.trust[1] * nearest.squeeze(1)
            + self.judgement(attended).squeeze(1)
        )
        return logits, attended

    def _shown(self, wanted: torch.Tensor, unwanted: torch.Tensor) -> torch.Tensor:
        both = _unit_variance(torch.cat([wanted, unwanted]))
        sign = torch.ones_like(both[:, :1])
        sign[len(wanted) :] = -1
        shown: torch.Tensor = self.references(torch.cat([both, sign], dim=1))
        return shown

    def _interact(self, tokens: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([tokens, shown], dim=1)
        for layer in self.layers:
            seen = layer(seen)
        return seen


def _unit_variance(direction: torch.Tensor) -> torch.Tensor:
    """Scale vectors of unit length so that their numbers are about 1, as layers like them."""
    return direction * math.sqrt(direction.shape[-1])


def _middle(directions: torch.Tensor) -> torch.Tensor:
    return functional.normalize(directions.mean(dim=0, keepdim=True), dim=1)


def _nearest(directions: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Cosine similarity to the nearest reference; 0 where there is none."""
    if not len(references):
        return torch.zeros_like(directions[:, :1])
    return (directions @ references.T).amax(dim=1, keepdim=True)
