"""Colours of training images: shown as grey now and then, and changed as stains and cameras change them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]

GREY_SHARE = 0.3
"""Of the colour images that a network of colours is shown in grey, so that grey ones lose nothing."""

SHUFFLED_SHARE = 0.15
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def random_grey(rng: np.random.Generator, pixels: NDArray[np.generic]) -> Pixels:
    """Weigh colour channels at random, since stains differ more than one grey conversion shows.

    Parameters
    ----------
    pixels : ndarray of shape (M, N, 3)

    Returns
    -------
    ndarray of shape (M, N), float32
    """
    weights = _LUMINANCE if rng.random() < 0.3 else rng.dirichlet(np.ones(3)).astype(np.float32)
    return np.asarray(pixels.astype(np.float32) @ weights, np.float32)


def as_input(rng: np.random.Generator, pixels: NDArray[np.generic], input_colour: str) -> NDArray[np.generic]:
    """Give an image the colours that a network takes.

    Parameters
    ----------
    pixels : ndarray of shape (M, N) or (M, N, 3)
    input_colour : {"grey", "rgb"}

    Returns
    -------
    ndarray of shape (M, N) or (M, N, 3)
        A grey image stays as it is; a colour one becomes grey for a network of greys, and at times for one
        of colours.
    """
    if pixels.ndim == 2 or (input_colour == "rgb" and rng.random() >= GREY_SHARE):
        return pixels
    return random_grey(rng, pixels)


def change_colours(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Change stain and white balance, and at times which channel is which.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), float32
        About 0 to 1.

    Returns
    -------
    ndarray of shape (H, W, 3), float32
    """
    if rng.random() < SHUFFLED_SHARE:
        pixels = pixels[..., rng.permutation(3)]
    if rng.random() < 0.6:
        # A dye that absorbs more or less raises transmitted light to a power.
        power = np.exp(rng.normal(0, 0.25, 3)).astype(np.float32)
        pixels = np.copysign(np.abs(pixels) ** power, pixels)
    if rng.random() < 0.6:
        mixing = np.eye(3) + rng.normal(0, 0.08, (3, 3))
        pixels = np.asarray(pixels @ mixing, np.float32)
    if rng.random() < 0.2:
        saturation = rng.uniform(0, 1.3)
        grey = (pixels @ _LUMINANCE)[..., None]
        pixels = np.asarray(grey + saturation * (pixels - grey), np.float32)
    return np.asarray(pixels, np.float32)
