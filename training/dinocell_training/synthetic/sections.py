"""Drawn stained sections in colour: nuclei, which are what is labelled, in tissue of another dye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.camera import photograph
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.placement import place_cells
from dinocell_training.synthetic.relief import Relief, build_relief
from dinocell_training.synthetic.stains import DAB, EOSIN, HAEMATOXYLIN, absorb, random_light, random_stain
from dinocell_training.synthetic.textures import blur, fractal_noise, smooth_noise

Image = NDArray[np.float32]

TISSUE = (EOSIN[0] + 0.15, EOSIN[1], EOSIN[2] + 0.3)
"""Eosin as it looks on scanned slides, less pure than the dye itself."""


def draw_section(rng: np.random.Generator, size: int, diameter: float) -> tuple[Image, NDArray[np.int32]]:
    """Draw a section in haematoxylin and eosin, or with a brown antibody stain.

    Parameters
    ----------
    size : int
        Edge of the image in pixels.
    diameter : float
        Of the nuclei, in pixels.

    Returns
    -------
    pixels : ndarray of shape (size, size, 3), float32
    labels : ndarray of shape (size, size), int32
        Of the nuclei.
    """
    scene = SceneParameters(
        height=size,
        width=size,
        modality="histology",
        shape=str(rng.choice(["round", "spindle"], p=[0.82, 0.18])),
        diameter_px=diameter,
        density=float(rng.beta(1.5, 2.2) * 0.75 + 0.02),
        seed=0,
        arrangement=str(rng.choice(["scattered", "clumped"])),
        size_variation=float(rng.uniform(0.08, 0.4)),
        debris=float(rng.beta(0.7, 3)),
    )
    placement = place_cells(scene, rng)
    relief = build_relief(placement, scene, rng)
    nuclear = _nuclear_dye(rng, relief)
    tissue = _tissue(rng, relief, diameter)
    dyes = [
        (nuclear, random_stain(rng, HAEMATOXYLIN, 0.25)),
        (tissue, random_stain(rng, TISSUE, 0.4)),
    ]
    if rng.random() < 0.25:
        # An antibody marks nuclei, or what lies around them.
        positive = rng.random(len(relief.expression)) < rng.uniform(0.1, 0.9)
        marked = positive.astype(np.float32)[relief.labels] * (relief.labels > 0)
        where = marked * nuclear if rng.random() < 0.5 else blur(marked, diameter * 0.3) * np.float32(0.8)
        dyes.append((np.asarray(where, np.float32), random_stain(rng, DAB)))
    canvas = absorb(random_light(rng), *dyes)
    margin = placement.margin
    image = canvas[margin : margin + size, margin : margin + size]
    return photograph(rng, image), np.ascontiguousarray(placement.picture_labels, np.int32)


def _nuclear_dye(rng: np.random.Generator, relief: Relief) -> Image:
    """Chromatin: grained, often denser at the rim, paler in some nuclei than in others."""
    edge = np.minimum(relief.depth_fraction * np.float32(rng.uniform(2, 8)), 1)
    grain = np.exp(np.float32(rng.uniform(0.05, 0.5)) * relief.granules)
    rim = np.exp(-(((relief.depth - 1.2) / np.float32(rng.uniform(0.8, 2))) ** 2))
    open_chromatin = np.float32(rng.uniform(0, 0.6))
    profile = (
        edge * grain * (1 - open_chromatin * relief.depth_fraction) + np.float32(rng.uniform(0, 0.5)) * rim
    )
    profile = profile * (relief.labels > 0) + np.float32(rng.uniform(0, 0.6)) * relief.nucleoli
    strength = np.clip(relief.expression, 0.25, 2.5)
    return np.asarray(np.float32(rng.uniform(0.45, 1.3)) * profile * strength[relief.labels], np.float32)


def _tissue(rng: np.random.Generator, relief: Relief, diameter: float) -> Image:
    """Cytoplasm around the nuclei, fibres, and empty spaces between them."""
    shape = (relief.labels.shape[0], relief.labels.shape[1])
    tissue = np.float32(rng.uniform(0.05, 0.45)) * np.abs(
        fractal_noise(rng, shape, diameter * rng.uniform(0.4, 2), 4)
    )
    if rng.random() < 0.5:
        fibres = np.sin(
            smooth_noise(rng, shape, diameter * rng.uniform(1.5, 5)) * np.float32(rng.uniform(6, 25))
        )
        tissue += np.float32(rng.uniform(0.05, 0.3)) * np.maximum(fibres, 0) ** 2
    around = blur((relief.labels > 0).astype(np.float32), diameter * rng.uniform(0.25, 0.6))
    tissue += np.float32(rng.uniform(0, 0.5)) * around
    tissue += np.float32(rng.uniform(0, 0.35))
    gaps = smooth_noise(rng, shape, diameter * rng.uniform(1.5, 4)) - np.float32(1.6) * around
    open_share = np.float32(rng.uniform(0.2, 2.5))
    tissue *= 1 / (1 + np.exp(np.clip((gaps - open_share) * 12, -20, 20)))
    return np.asarray(tissue + relief.debris * np.float32(0.15), np.float32)
