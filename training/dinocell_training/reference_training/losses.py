"""What the head for reference cells is taught: flows and the type of each pixel, and to keep types apart."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

TEMPERATURE = 0.1
"""Of the contrastive loss (paper on personalised segmentation, 4.1)."""


def supervised_contrastive_loss(
    embeddings: torch.Tensor, types: torch.Tensor, temperature: float = TEMPERATURE
) -> torch.Tensor:
    r"""Draw cells of a type together and push types apart (Khosla et al. 2020).

    .. math:: -\frac{1}{|I|} \sum_{i \in I} \frac{1}{|P(i)|} \sum_{p \in P(i)}
        \log \frac{\exp(z_i z_p / \tau)}{\sum_{a \neq i} \exp(z_i z_a / \tau)}

    over the cells I that share their type with another one.

    Parameters
    ----------
    embeddings : Tensor of shape (K, D)
        Of cells; brought to unit length here.
    types : Tensor of shape (K,), int

    Returns
    -------
    Tensor of shape ()
        0 where no two cells share a type.
    """
    direction = functional.normalize(embeddings, dim=1)
    itself = torch.eye(len(direction), dtype=torch.bool, device=direction.device)
    similarity = (direction @ direction.T / temperature).masked_fill(itself, -torch.inf)
    same = (types[:, None] == types[None, :]) & ~itself
    log_share = similarity - torch.logsumexp(similarity, dim=1, keepdim=True)
    counts = same.sum(dim=1)
    anchors = counts > 0
    if not anchors.any():
        return embeddings.sum() * 0
    means = log_share.masked_fill(~same, 0).sum(dim=1)[anchors] / counts[anchors]
    return -means.mean()


def pool_cells(tokens: torch.Tensor, coverage: torch.Tensor) -> torch.Tensor:
    """Pool tokens over cells.

    Parameters
    ----------
    tokens : Tensor of shape (D, h, w)
    coverage : Tensor of shape (K, h, w)
        From `cell_coverage`.

    Returns
    -------
    Tensor of shape (K, D)
    """
    weights = coverage.flatten(1)
    weights = weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-6)
    return weights @ tokens.flatten(1).T


def cell_coverage(labels: NDArray[np.integer], grid: tuple[int, int]) -> NDArray[np.float32]:
    """Tell how much of each patch every cell covers.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Ids 1 to K, each with a pixel or more.
    grid : tuple of int
        Patches down and across.

    Returns
    -------
    ndarray of shape (K, *grid), float32
    """
    rows, columns = np.nonzero(labels)
    cells = labels[rows, columns].astype(np.intp) - 1
    down = rows * grid[0] // labels.shape[0]
    across = columns * grid[1] // labels.shape[1]
    count = int(labels.max(initial=0))
    place = (cells * grid[0] + down) * grid[1] + across
    pixels = np.bincount(place, minlength=count * grid[0] * grid[1]).reshape(count, *grid)
    return np.asarray(pixels * (grid[0] * grid[1] / labels.size), np.float32)
