"""Whether a self-distillation still tells pictures apart, in words.

It can fail in two ways without its loss saying so: everything goes to one prototype, or the features of
different pictures become alike.
"""

from __future__ import annotations

import math

import torch

_MOST_FEATURES = 256
_FEWEST_PICTURES = 8
_SMALLEST_SPREAD = 0.05
"""Below this share of what the pictures allow, features or prototypes count as collapsed."""


def effective_rank(features: torch.Tensor) -> float:
    """Count the directions in which features differ (Roy and Vetterli 2007).

    Parameters
    ----------
    features : Tensor of shape (N, D)

    Returns
    -------
    float
        Exponential of the entropy of the singular values of the centred features; 0 when all are alike.
    """
    values = torch.linalg.svdvals(features.float() - features.float().mean(dim=0))
    total = float(values.sum())
    if total <= torch.finfo(torch.float32).eps * max(1.0, float(features.float().norm())):
        return 0.0
    share = values / total
    return math.exp(float(-(share * torch.log(share.clamp(min=1e-12))).sum()))


class CollapseWatch:
    """What the teacher said since the last report."""

    def __init__(self, n_prototypes: int) -> None:
        self.n_prototypes = n_prototypes
        self._use = torch.zeros(n_prototypes)
        self._features: list[torch.Tensor] = []
        self._n_seen = 0

    def add(self, probabilities: torch.Tensor, features: torch.Tensor) -> None:
        """Note one batch.

        Parameters
        ----------
        probabilities : Tensor of shape (G, B, K)
        features : Tensor of shape (G, B, D)
        """
        self._use += probabilities.detach().sum(dim=(0, 1)).float().cpu()
        self._n_seen += probabilities.shape[1]
        self._features.append(features.detach()[0].float().cpu())
        while len(self._features) > 1 and sum(map(len, self._features[1:])) >= _MOST_FEATURES:
            self._features.pop(0)

    def report(self) -> list[str]:
        """Say how far pictures are told apart, and begin anew.

        Returns
        -------
        list of str
            Sentences; none when too few pictures were seen to tell.
        """
        if self._n_seen < _FEWEST_PICTURES:
            return []
        features = torch.cat(self._features)
        rank, most = effective_rank(features), min(len(features) - 1, features.shape[1])
        share = self._use / self._use.sum()
        used = math.exp(float(-(share * torch.log(share.clamp(min=1e-12))).sum()))
        possible = min(self.n_prototypes, self._n_seen)
        self._use.zero_()
        self._features, self._n_seen = [], 0
        told = [
            f"Features of different pictures differ in about {rank:.0f} directions (at most {most}), and "
            f"about {used:,.0f} of {self.n_prototypes:,} prototypes are in use"
        ]
        if rank < max(1.5, _SMALLEST_SPREAD * most) or used < max(1.5, _SMALLEST_SPREAD * possible):
            told.append(
                "The network hardly tells pictures apart any more (its features have collapsed): stop, and "
                "start again with a smaller learning rate or with more and more varied pictures"
            )
        return told
