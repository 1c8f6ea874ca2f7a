"""Drawn fluorescence of whole cells: membranes of closed layers, and several channels in one image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.crowded_look import CrowdedCells
from dinocell_training.synthetic.mosaics import MosaicShape, lay_mosaic, open_mosaic, tidy_labels
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.placement import place_cells
from dinocell_training.synthetic.relief import Relief, build_relief
from dinocell_training.synthetic.textures import blur, fractal_noise, smooth_noise

Image = NDArray[np.float32]
Labels = NDArray[np.int32]


def draw_membranes(rng: np.random.Generator, size: int, diameter: float) -> tuple[Image, Labels]:
    """Draw a layer of cells whose membranes shine, unevenly and with gaps.

    Parameters
    ----------
    size : int
        Edge of the image in pixels.
    diameter : float
        Of the cells, in pixels.

    Returns
    -------
    pixels : ndarray of shape (size, size), float32
    labels : ndarray of shape (size, size), int32
    """
    shape = MosaicShape(
        diameter,
        stretch=float(np.exp(abs(rng.normal(0, 0.35)))),
        jitter=float(rng.uniform(0.1, 0.32)),
        size_variation=float(rng.uniform(0.02, 0.3)),
        missing=float(rng.choice([0, rng.uniform(0, 0.25)])),
        waviness=float(rng.uniform(0, 0.15)),
    )
    labels = lay_mosaic(rng, (size, size), shape)
    if rng.random() < 0.3:
        labels = open_mosaic(rng, labels, diameter, float(rng.uniform(0.4, 1)))
    labels = tidy_labels(labels, 0.07 * diameter**2)
    cells = CrowdedCells.of(labels, diameter)
    width = np.float32(max(0.7, rng.uniform(0.02, 0.08) * diameter))
    line = np.exp(-((cells.from_border / width) ** 2)) * (cells.from_border < 6 * width)
    if (labels == 0).any():
        line *= (labels > 0) | (cells.from_border < 1.5)
    uneven = np.exp(
        np.float32(rng.uniform(0.1, 0.6)) * smooth_noise(rng, labels.shape, max(3.0, diameter * 0.4))
    )
    gaps = np.clip(
        np.float32(rng.uniform(0.4, 2)) + smooth_noise(rng, labels.shape, max(3.0, diameter * 0.5)), 0.05, 1
    )
    fill = np.float32(rng.uniform(0, 0.3)) * cells.covered * (1 + np.clip(cells.each(rng, 0.4), -0.9, 2))
    fill = fill * np.exp(np.float32(0.3) * fractal_noise(rng, labels.shape, max(3.0, diameter * 0.2)))
    signal = line * uneven * gaps + fill
    return _photon_count(rng, np.asarray(signal, np.float32), diameter), labels


def draw_channels(rng: np.random.Generator, size: int, diameter: float) -> tuple[Image, Labels]:
    """Draw whole cells in two to four fluorescent channels, shown together in colour.

    Parameters
    ----------
    size : int
        Edge of the image in pixels.
    diameter : float
        Of the cells, in pixels.

    Returns
    -------
    pixels : ndarray of shape (size, size, 3), float32
    labels : ndarray of shape (size, size), int32
        Of the whole cells.
    """
    shape = str(
        rng.choice(["round", "spread", "epithelium", "spindle", "neuron"], p=[0.3, 0.3, 0.25, 0.08, 0.07])
    )
    scene = SceneParameters(
        height=size,
        width=size,
        modality="fluorescence_cytoplasm",
        shape=shape,
        diameter_px=diameter,
        density=float(rng.uniform(0.1, 1) if shape == "epithelium" else rng.beta(1.6, 1.6) * 0.85 + 0.03),
        seed=0,
        arrangement="layer" if shape == "epithelium" else str(rng.choice(["scattered", "clumped"])),
        size_variation=float(rng.uniform(0.05, 0.4)),
        debris=float(rng.beta(0.7, 3)),
    )
    placement = place_cells(scene, rng)
    relief = build_relief(placement, scene, rng)
    channels = [_cytoplasm(rng, relief)]
    if rng.random() < 0.85:
        channels.append(_nuclear_channel(rng, relief))
    if rng.random() < 0.45:
        channels.append(_membrane_channel(rng, relief, diameter))
    if rng.random() < 0.35 or len(channels) == 1:
        channels.append(_cytoplasm(rng, relief))
    margin = placement.margin
    shown = [
        _photon_count(rng, channel[margin : margin + size, margin : margin + size], diameter)
        for channel in channels
    ]
    image = np.zeros((size, size, 3), np.float32)
    colours = list(rng.permutation(3))
    for number, channel in enumerate(shown):
        colour = np.zeros(3, np.float32)
        colour[colours[number % 3]] = 1
        if number > 2 or rng.random() < 0.2:  # yellow, magenta, cyan, white
            colour = np.maximum(colour, (rng.random(3) < 0.5).astype(np.float32))
        image += channel[..., None] * colour
    return np.asarray(np.clip(image, 0, 255), np.float32), np.ascontiguousarray(
        placement.picture_labels, np.int32
    )


def _cytoplasm(rng: np.random.Generator, relief: Relief) -> Image:
    flat = np.float32(rng.uniform(0.1, 0.9))
    level = np.maximum(flat + (1 - flat) * relief.depth_fraction, 0.25)
    level = level * np.exp(np.float32(rng.uniform(0.05, 0.4)) * relief.granules)
    level = level * (1 + np.float32(rng.uniform(-0.8, 0.2)) * relief.nuclei)
    strength = np.clip(_expression(rng, relief), 0.3, 3)
    return np.asarray((relief.labels > 0) * level * strength[relief.labels], np.float32)


def _nuclear_channel(rng: np.random.Generator, relief: Relief) -> Image:
    grain = np.exp(np.float32(rng.uniform(0.05, 0.3)) * relief.granules)
    return np.asarray(relief.nuclei * grain * _expression(rng, relief)[relief.labels], np.float32)


def _membrane_channel(rng: np.random.Generator, relief: Relief, diameter: float) -> Image:
    width = np.float32(max(0.8, rng.uniform(0.02, 0.07) * diameter))
    rim = np.exp(-(((relief.depth - 0.6) / width) ** 2)) * (relief.labels > 0)
    return np.asarray(rim * _expression(rng, relief)[relief.labels], np.float32)


def _expression(rng: np.random.Generator, relief: Relief) -> NDArray[np.float32]:
    return np.exp(rng.normal(0, rng.uniform(0.05, 0.5), len(relief.expression))).astype(np.float32)


def _photon_count(rng: np.random.Generator, signal: Image, diameter: float) -> Image:
    """Expose a signal: blur and glow, background, shot noise; 8-bit values."""
    signal = signal / np.float32(max(float(np.quantile(signal[::2, ::2], 0.995)), 1e-3))
    signal = blur(np.asarray(signal, np.float32), float(rng.uniform(0.4, 1.4)))
    glow = np.float32(rng.uniform(0, 0.3)) * np.maximum(blur(signal, max(2.0, diameter * 0.4)), 0)
    exposed = np.maximum(signal + glow, 0) + np.float32(rng.uniform(0, 0.12))
    photons = np.float32(np.exp(rng.uniform(np.log(15), np.log(2000))))
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    counted = exposed + np.sqrt(exposed / photons + np.float32(0.01**2)) * noise
    return np.asarray(np.round(np.clip(counted * np.float32(rng.uniform(120, 250)), 0, 255)), np.float32)
