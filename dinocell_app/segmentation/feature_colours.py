"""Features of an image as colours: the first three principal components, as the DINOCell paper draws them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from dinocell_app.segmentation.reference.feature_grid import FeatureGrid

N_COLOURS = 3
SHOWN_DEVIATIONS = 2.0
"""Standard deviations from the mean at which a colour is as dark or as bright as it gets."""

_LEAST_SHARE = 1e-10
"""Components with less of the variance than this are rounding, and stay grey."""


def principal_components(tokens: NDArray[np.float32]) -> NDArray[np.float64]:
    """Project tokens on the three directions in which they differ most, and standardise them.

    Parameters
    ----------
    tokens : ndarray of shape (N, D)

    Returns
    -------
    ndarray of shape (N, 3), float64
        Mean 0 and standard deviation 1 in each column, the one with most variance first; 0 throughout
        where there is no such direction. The sign is that by which the tokens furthest off are positive.
    """
    centred = tokens.astype(np.float64) - tokens.mean(axis=0, dtype=np.float64)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    result = np.zeros((len(tokens), N_COLOURS))
    total = float(np.maximum(variances, 0).sum())
    for column in range(min(N_COLOURS, len(variances))):
        variance = float(variances[-1 - column])
        if variance <= _LEAST_SHARE * max(total, 1.0):
            continue
        along = centred @ directions[:, -1 - column] / np.sqrt(variance)
        # Eigenvectors have no sign of their own, and libraries choose differently.
        result[:, column] = along if along.max() >= -along.min() else -along
    return result


def colour_features(features: FeatureGrid, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw the features of the deepest block in the frame of the image.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    ndarray of shape (*shape, 3), uint8
        Red, green and blue are the first, second and third principal component of the patch tokens,
        interpolated between the middles of patches.
    """
    grid = features.values[-features.block_widths[-1] :]
    rows, columns = (
        min(edge, int(np.ceil(length / features.spacing_px)))
        for edge, length in zip(grid.shape[1:], features.network_shape, strict=True)
    )
    seen = grid[:, :rows, :columns]  # the grid may reach beyond the image
    components = principal_components(seen.reshape(len(seen), -1).T).reshape(rows, columns, N_COLOURS)
    places = [
        (np.arange(edge) + 0.5) * length / edge / features.spacing_px - 0.5
        for edge, length in zip(shape, features.network_shape, strict=True)
    ]
    where = np.meshgrid(*places, indexing="ij")
    drawn = np.empty((*shape, N_COLOURS), np.uint8)
    for colour in range(N_COLOURS):
        values = map_coordinates(components[..., colour], where, order=1, mode="nearest")
        bright = np.clip(values / SHOWN_DEVIATIONS, -1, 1) * 127.5 + 127.5
        drawn[..., colour] = np.round(bright).astype(np.uint8)
    return drawn
