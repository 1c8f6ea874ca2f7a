"""All kinds of drawn images under their names, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.colonies import draw_bundles, draw_colony, draw_streams
from dinocell_training.synthetic.fluorescent_tissue import draw_channels, draw_membranes
from dinocell_training.synthetic.parameters import SceneParameters, random_scene_parameters
from dinocell_training.synthetic.scene import render_scene
from dinocell_training.synthetic.sections import draw_section
from dinocell_training.synthetic.smears import draw_smear

Drawn = tuple[NDArray[np.float32], NDArray[np.int32]]
Drawing = Callable[[np.random.Generator, int, float], Drawn]

TINTED_SHARE = 0.15
"""Of the grey drawings: colour cameras show cultures without stain in tints of one colour."""


def draw_image(
    rng: np.random.Generator, size: int, diameter: float | None, shares: Mapping[str, float]
) -> Drawn:
    """Draw an image of a kind chosen at random.

    Parameters
    ----------
    size : int
        Edge of the image in pixels.
    diameter : float or None
        Median diameter of the cells in pixels; None for one that is usual for the kind.
    shares : mapping of str to float
        How often each of `DRAWINGS` is chosen; empty for scenes only.

    Returns
    -------
    pixels : ndarray of shape (size, size) or (size, size, 3), float32
    labels : ndarray of shape (size, size), int32
        Exact; ids from 1.
    """
    if not shares:
        return draw_scene(rng, size, diameter)
    kinds = list(shares)
    weights = np.array([shares[kind] for kind in kinds], np.float64)
    kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    if diameter is None:
        diameter = float(np.exp(rng.uniform(np.log(10), np.log(min(64, size / 3)))))
    pixels, labels = DRAWINGS[kind](rng, size, diameter)
    if pixels.ndim == 2 and rng.random() < TINTED_SHARE:
        pixels = tinted(rng, pixels)
    return pixels, labels


def draw_scene(rng: np.random.Generator, size: int, diameter: float | None) -> Drawn:
    """Draw a scene of `random_scene_parameters`."""
    scene = render_scene(random_scene_parameters(rng, size, size, diameter))
    return scene.pixels, scene.labels


def draw_yeast(rng: np.random.Generator, size: int, diameter: float) -> Drawn:
    """Draw budding yeast in dense clumps."""
    scene = render_scene(
        SceneParameters(
            height=size,
            width=size,
            modality=str(
                rng.choice(
                    ["phase_contrast", "brightfield", "dic", "fluorescence_cytoplasm"],
                    p=[0.45, 0.3, 0.15, 0.1],
                )
            ),
            shape="budding",
            diameter_px=diameter,
            density=float(rng.uniform(0.25, 0.9)),
            seed=int(rng.integers(2**31)),
            arrangement="clumped",
            size_variation=float(rng.uniform(0.1, 0.35)),
            debris=float(rng.beta(0.7, 4)),
            degradation=float(rng.uniform(0.2, 1.2)),
        )
    )
    return scene.pixels, scene.labels


def tinted(rng: np.random.Generator, grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Show a grey image as a colour camera does under a lamp or a filter.

    Parameters
    ----------
    grey : ndarray of shape (M, N), float32

    Returns
    -------
    ndarray of shape (M, N, 3), float32
    """
    low, high = float(grey.min()), float(grey.max())
    fraction = (grey - np.float32(low)) / np.float32(max(high - low, 1e-6))
    lamp = np.exp(rng.normal(0, 0.25, 3))
    lamp = (lamp / lamp.max()).astype(np.float32)
    curve = np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
    colours = np.stack([np.power(fraction, exponent) for exponent in curve], axis=-1) * lamp
    # The three colours do not focus alike: one of them lies a pixel aside.
    channel, axis = int(rng.integers(3)), int(rng.integers(2))
    colours[..., channel] = np.roll(colours[..., channel], int(rng.integers(-1, 2)), axis)
    return np.asarray(colours * np.float32(high - low) + np.float32(low), np.float32)


DRAWINGS: Mapping[str, Drawing] = MappingProxyType(
    {
        "scenes": draw_scene,
        "colonies": draw_colony,
        "streams": draw_streams,
        "bundles": draw_bundles,
        "yeast": draw_yeast,
        "smears": draw_smear,
        "sections": draw_section,
        "membranes": draw_membranes,
        "channels": draw_channels,
    }
)
