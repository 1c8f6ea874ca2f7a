"""What keeps the teacher from always choosing the same prototype: two ways to centre its scores.

Both turn scores into rows of probabilities. The moving average is that of DINO (Caron et al. 2021,
equation 4); the other is the Sinkhorn-Knopp iteration of SwAV (Caron et al. 2020, section 3.1), which
DINOv2 (Oquab et al. 2023, section 4) uses instead.
"""

from __future__ import annotations

import torch
from torch import nn

from dinocell_training.processes import sum_over_processes

CENTRE_MOMENTUM = 0.9
SINKHORN_ITERATIONS = 3


class MovingAverageCentre(nn.Module):
    """Mean scores of the batches so far, which are taken off before the softmax.

    Parameters
    ----------
    momentum : float
        Share of the old centre in the new one.
    """

    centre: torch.Tensor

    def __init__(self, n_prototypes: int, momentum: float = CENTRE_MOMENTUM) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("centre", torch.zeros(1, n_prototypes))

    @torch.no_grad()
    def forward(self, scores: torch.Tensor, temperature: float) -> torch.Tensor:
        """Turn scores into probabilities around the centre of the batches before.

        Parameters
        ----------
        scores : Tensor of shape (N, K)
            Of the teacher.

        Returns
        -------
        Tensor of shape (N, K), float32
            Rows sum to 1.
        """
        return torch.softmax((scores.float() - self.centre) / temperature, dim=-1)

    @torch.no_grad()
    def update(self, scores: torch.Tensor) -> None:
        """Move the centre towards the mean of a batch, of all processes together.

        Parameters
        ----------
        scores : Tensor of shape (N, K)
            No row leaves the centre as it is.
        """
        count = sum_over_processes(scores.new_tensor(float(len(scores)), dtype=torch.float32))
        mean = sum_over_processes(scores.float().sum(dim=0, keepdim=True)) / count.clamp(min=1)
        if count > 0:
            self.centre.lerp_(mean, 1 - self.momentum)


@torch.no_grad()
def sinkhorn_knopp(
    scores: torch.Tensor, temperature: float, n_iterations: int = SINKHORN_ITERATIONS
) -> torch.Tensor:
    """Turn scores into probabilities that use all prototypes about equally often in the batch.

    Parameters
    ----------
    scores : Tensor of shape (N, K)
        Of the teacher; the batches of all processes count as one.

    Returns
    -------
    Tensor of shape (N, K), float32
        Rows sum to 1; with more iterations, columns to N / K.
    """
    scaled = scores.float() / temperature
    # One factor for all entries cancels below; without it the exponential would overflow.
    assignment = torch.exp(scaled - _largest(scaled))
    n_rows = sum_over_processes(scaled.new_tensor(float(len(scaled))))
    for _ in range(n_iterations):
        used = sum_over_processes(assignment.sum(dim=0, keepdim=True))
        assignment = assignment / used.clamp(min=torch.finfo(torch.float32).tiny) / assignment.shape[1]
        assignment = assignment / assignment.sum(dim=1, keepdim=True) / n_rows
    return assignment * n_rows


def _largest(scaled: torch.Tensor) -> torch.Tensor:
    largest = scaled.max() if scaled.numel() else scaled.new_tensor(-torch.inf)
    if torch.distributed.is_initialized():
        torch.distributed.all_reduce(largest, op=torch.distributed.ReduceOp.MAX)
    return largest
