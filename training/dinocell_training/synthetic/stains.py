"""Colours of stained preparations: what dyes absorb of white light (Beer and Lambert)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Colour = NDArray[np.float32]

HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)
DAB = (0.27, 0.57, 0.78)
"""Absorption of red, green and blue light (Ruifrok and Johnston 2001, Anal Quant Cytol Histol 23:291-299)."""

AZURE = (0.85, 0.75, 0.25)
"""Of the azure and methylene blue of blood stains, on chromatin."""


def random_stain(rng: np.random.Generator, around: Sequence[float], spread: float = 0.2) -> Colour:
    """Draw a dye near a known one: laboratories, scanners and years of storage change it.

    Parameters
    ----------
    around : sequence of float
        Absorption of red, green and blue.
    spread : float
        Deviation of the logarithm of each.

    Returns
    -------
    ndarray of shape (3,), float32
        Greatest value 1.
    """
    stain = (np.asarray(around, np.float32) + 0.03) * np.exp(rng.normal(0, spread, 3)).astype(np.float32)
    return np.asarray(stain / stain.max(), np.float32)


def random_light(rng: np.random.Generator) -> Colour:
    """Draw the colour of the empty glass: white, yellowish, bluish or greenish; shape (3,), at most 1."""
    light = rng.uniform(0.72, 1.0) * np.exp(rng.normal(0, 0.09, 3))
    return np.asarray(np.minimum(light, 1), np.float32)


def absorb(light: Colour, *dyes: tuple[Image, Colour]) -> Image:
    """Shine light through dyes.

    Parameters
    ----------
    light : ndarray of shape (3,), float32
        0 to 1.
    *dyes : tuple of (ndarray of shape (M, N), ndarray of shape (3,))
        Amount and absorption of each.

    Returns
    -------
    ndarray of shape (M, N, 3), float32
    """
    density = sum(amount[..., None] * stain for amount, stain in dyes)
    return np.asarray(light * np.exp(-np.asarray(density, np.float32)), np.float32)
