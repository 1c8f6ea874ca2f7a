"""Blocks of patches that are hidden from the student (BEiT; Bao et al. 2021, algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ASPECT_RATIOS = (0.3, 1 / 0.3)
_SMALLEST_BLOCK = 4
_ATTEMPTS = 10


@dataclass(frozen=True)
class MaskParameters:
    """How much is hidden; the defaults are DINOv2's.

    Parameters
    ----------
    probability : float
        Share of the views that have a mask.
    share : tuple of float
        Smallest and largest share of a view's patches that is hidden.
    """

    probability: float = 0.5
    share: tuple[float, float] = (0.1, 0.5)


def block_mask(rng: np.random.Generator, grid: tuple[int, int], n_masked: int) -> NDArray[np.bool_]:
    """Hide rectangles of patches until a number of them is hidden.

    Parameters
    ----------
    grid : tuple of int
        Rows and columns of patches.
    n_masked : int
        0 to all.

    Returns
    -------
    ndarray of shape grid, bool
        True at exactly `n_masked` patches.

    Raises
    ------
    ValueError
        If the grid has fewer patches.
    """
    if not 0 <= n_masked <= grid[0] * grid[1]:
        raise ValueError(f"{n_masked} of {grid[0] * grid[1]} patches cannot be masked")
    mask = np.zeros(grid, bool)
    while (remaining := n_masked - int(mask.sum())) > 0:
        if not any(_add_block(rng, mask, remaining) for _ in range(_ATTEMPTS)):
            _grow(rng, mask, remaining)
    return mask


def view_masks(
    rng: np.random.Generator, n_views: int, grid: tuple[int, int], parameters: MaskParameters
) -> NDArray[np.bool_]:
    """Draw the masks of a batch of global views.

    Parameters
    ----------
    grid : tuple of int
        Rows and columns of patches.

    Returns
    -------
    ndarray of shape (n_views, rows * columns), bool
        A share `probability` of the views, rounded down but at least one of them unless it is 0, has a
        mask. Their shares of hidden patches are spread evenly over the range, as in DINOv2.
    """
    n_patches = grid[0] * grid[1]
    n_with_mask = int(n_views * parameters.probability)
    if parameters.probability > 0:
        n_with_mask = max(1, n_with_mask)
    bounds = np.linspace(*parameters.share, n_with_mask + 1)
    masks = np.zeros((n_views, n_patches), bool)
    for view, low, high in zip(rng.permutation(n_views), bounds[:-1], bounds[1:], strict=False):
        n_masked = max(1, int(n_patches * rng.uniform(low, high)))
        masks[view] = block_mask(rng, grid, n_masked).ravel()
    return masks


def _add_block(rng: np.random.Generator, mask: NDArray[np.bool_], remaining: int) -> bool:
    """Hide one more rectangle unless it would hide too much or nothing new."""
    area = rng.uniform(min(_SMALLEST_BLOCK, remaining), remaining)
    aspect = np.exp(rng.uniform(*np.log(_ASPECT_RATIOS)))
    height, width = round(float(np.sqrt(area * aspect))), round(float(np.sqrt(area / aspect)))
    rows, columns = mask.shape
    if not (0 < height <= rows and 0 < width <= columns):
        return False
    top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
    block = mask[top : top + height, left : left + width]
    if not 0 < block.size - int(block.sum()) <= remaining:
        return False
    block[:] = True
    return True


def _grow(rng: np.random.Generator, mask: NDArray[np.bool_], remaining: int) -> None:
    """Hide visible patches beside hidden ones, or anywhere when nothing is hidden yet."""
    beside = np.zeros_like(mask)
    beside[1:] |= mask[:-1]
    beside[:-1] |= mask[1:]
    beside[:, 1:] |= mask[:, :-1]
    beside[:, :-1] |= mask[:, 1:]
    free = np.flatnonzero(beside & ~mask)
    if not free.size:
        free = np.flatnonzero(~mask)
    mask.flat[rng.choice(free, min(remaining, free.size), replace=False)] = True
