"""What lies between an ideal picture and the file: light, blur, noise, dust, compression, range."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.textures import add_spots, blur, fractal_noise, smooth_noise

Image = NDArray[np.float32]

_TRANSMITTED = ("phase_contrast", "brightfield", "dic", "histology")


def degrade_picture(
    picture: Image, cells: NDArray[np.bool_], parameters: SceneParameters, rng: np.random.Generator
) -> Image:
    """Spoil an ideal picture and bring it into the range of a camera.

    Parameters
    ----------
    picture : ndarray of shape (M, N), float32
        Ideal picture, arbitrary units.
    cells : ndarray of shape (M, N), bool
        True in cells; decides the contrast.
    parameters : SceneParameters
        The scene; at a `degradation` of 0 the picture is returned as it is.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of shape (M, N), float32
        The picture as 8-bit-like, 12 to 16-bit-like or fractional values.
    """
    strength = parameters.degradation
    if strength <= 0:
        return picture
    transmitted = parameters.modality in _TRANSMITTED
    picture = _normalise_contrast(picture, cells, transmitted, rng)
    picture = _light(picture, transmitted, strength, rng)
    # Every objective blurs a little; now and then the focus is off.
    widest = max(0.1, min(1.6, 0.05 * parameters.diameter_px) * min(strength, 1.0) - 0.4)
    picture = blur(picture, float(0.4 + widest * rng.beta(0.9, 2.0)))
    if transmitted:
        picture = _dust(picture, strength, rng)
    picture = _noise(picture, transmitted, strength, rng)
    picture = _to_range(picture, parameters, rng)
    if rng.random() < 0.15 * strength:
        picture = _compress(picture, int(rng.integers(35, 90)))
    return picture


def _normalise_contrast(
    picture: Image, cells: NDArray[np.bool_], transmitted: bool, rng: np.random.Generator
) -> Image:
    """Let the contrast of the whole scene span from faint to strong, background at 1 or 0."""
    coarse = picture[::3, ::3]
    if not transmitted:
        high = float(np.quantile(coarse, 0.995))
        return np.asarray(picture / np.float32(max(high, 1e-3)), np.float32)
    inside = picture[cells] if cells.any() else coarse
    spread = float(np.mean(np.abs(inside - 1)))
    wanted = float(np.exp(rng.uniform(np.log(0.06), np.log(0.35))))
    gain = np.float32(np.clip(wanted / max(spread, 1e-3), 0.2, 5.0))
    return np.asarray(np.maximum(1 + (picture - 1) * gain, 0), np.float32)


def _light(picture: Image, transmitted: bool, strength: float, rng: np.random.Generator) -> Image:
    """Uneven illumination, vignetting, a background that is not 0."""
    height, width = picture.shape
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    tilt = rng.normal(0, 0.05 * strength, 2).astype(np.float32)
    centre = rng.normal(0, 0.3, 2).astype(np.float32)
    vignette = np.float32(max(0.0, rng.normal(0, 0.1)) * strength)
    light = 1 + tilt[0] * rows + tilt[1] * columns
    light = light - vignette * ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2)
    if rng.random() < 0.4:
        light = light + np.float32(0.05 * strength) * smooth_noise(
            rng, picture.shape, max(height, width) / 2.5
        )
    light = np.maximum(light, np.float32(0.15))
    if not transmitted:
        offset = rng.exponential(0.08) if rng.random() < 0.8 else rng.uniform(0.1, 0.6)
        return np.asarray((picture + np.float32(offset * strength)) * light, np.float32)
    if rng.random() < 0.3:  # unevenness of the medium
        light = light + np.float32(rng.uniform(0.003, 0.02)) * fractal_noise(rng, picture.shape, 24.0)
    return np.asarray(picture * light, np.float32)


def _dust(picture: Image, strength: float, rng: np.random.Generator) -> Image:
    """Dust out of focus and scratches, both on the optics and so without a place in the labels."""
    height, width = picture.shape
    number = int(rng.poisson(0.8 * strength))
    shade = np.zeros_like(picture)
    if number:
        radius = rng.uniform(2, 14, number)
        spots = np.column_stack(
            [
                rng.uniform(0, height, number),
                rng.uniform(0, width, number),
                radius,
                radius * rng.uniform(1, 1.4, number),
                rng.uniform(0, np.pi, number),
                rng.normal(0, 0.06, number),
                np.ones(number),
            ]
        )
        nowhere = np.zeros(picture.shape, np.int32)
        add_spots(shade, spots, nowhere, np.full(number, -1, np.int32))
    if rng.random() < 0.05 * strength:
        for _ in range(int(rng.integers(1, 4))):
            ends = (rng.random(4) * np.array([width, height, width, height])).astype(int)
            cv2.line(shade, ends[:2].tolist(), ends[2:].tolist(), float(rng.normal(0, 0.12)), 1, cv2.LINE_AA)
        shade = blur(shade, float(rng.uniform(0.3, 1.2)))
    return np.asarray(picture * (1 + shade), np.float32)


def _noise(picture: Image, transmitted: bool, strength: float, rng: np.random.Generator) -> Image:
    """Shot noise, whose variance follows the brightness, and readout noise, which may be correlated."""
    low, high = (400, 20000) if transmitted else (40, 4000)
    photons = np.exp(rng.uniform(np.log(low), np.log(high))) / strength**2
    readout = (0.012 if transmitted else 0.02) * strength * rng.exponential(0.8)
    # A normal law of the same variance stands for Poisson's: the counts are large and it is much quicker.
    deviation = np.sqrt(np.maximum(picture, 0) / np.float32(photons) + np.float32(readout**2))
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < 0.25:
        grain = blur(grain, 0.8) * np.float32(2.5)
    return np.asarray(picture + deviation * grain, np.float32)


def _to_range(picture: Image, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    if parameters.modality == "quantitative_phase":
        return picture
    kind = rng.choice(["8 bit", "16 bit", "fraction"], p=[0.5, 0.4, 0.1])
    top = max(float(picture.max()), 1e-3)
    if kind == "8 bit":
        exposure = rng.uniform(0.5, 1.05)
        return np.asarray(np.clip(np.round(picture * np.float32(255 * exposure / top)), 0, 255), np.float32)
    if kind == "16 bit":
        full, offset = float(np.exp(rng.uniform(np.log(600), np.log(60000)))), rng.uniform(0, 300)
        return np.asarray(np.clip(np.round(picture * np.float32(full / top) + offset), 0, 65535), np.float32)
    return np.asarray(picture / np.float32(top), np.float32)


def _compress(picture: Image, quality: int) -> Image:
    """Store the picture as JPEG in 8 bits and read it again."""
    low, high = float(picture.min()), float(picture.max())
    if high <= low:
        return picture
    gain = np.float32(255 / (high - low))
    eight_bit = ((picture - np.float32(low)) * gain).astype(np.uint8)
    stored = cv2.imencode(".jpg", eight_bit, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    restored = np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE), np.float32)
    return restored / gain + np.float32(low)
