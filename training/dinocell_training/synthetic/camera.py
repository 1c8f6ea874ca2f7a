"""What a camera and its software do to drawn images that have no model of optics: grey and colour alike."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.textures import smooth_noise

Image = NDArray[np.float32]


def photograph(rng: np.random.Generator, image: Image, *, sharpest: float = 0.35) -> Image:
    """Blur, sharpen, light unevenly and add noise.

    Parameters
    ----------
    image : ndarray of shape (M, N) or (M, N, 3), float32
        Values of about 0 to 1.
    sharpest : float
        Least deviation of the blur, in pixels.

    Returns
    -------
    ndarray of the shape of `image`, float32
        Values of an 8-bit camera.
    """
    shape = (image.shape[0], image.shape[1])
    if rng.random() < 0.7:
        image = _blurred(image, float(sharpest + rng.beta(1, 2.5) * 1.1))
    if rng.random() < 0.3:
        wide = _blurred(image, float(rng.uniform(1, 4)))
        image = image + np.float32(rng.uniform(0.3, 1.5)) * (image - wide)
    image = _over_channels(_light(rng, shape), image) * image
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    if rng.random() < 0.2:
        noise = _blurred(noise, 0.8) * np.float32(2.5)
    image = image + np.float32(rng.exponential(0.014)) * noise
    if rng.random() < 0.07:
        stripes = np.float32(rng.uniform(0.005, 0.03)) * rng.standard_normal((shape[0], 1), np.float32)
        image = image + _over_channels(stripes, image)
    bits = np.clip(image * 255, 0, 255)
    if rng.random() < 0.12:
        code = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 92))]
        stored = cv2.imencode(".jpg", bits.astype(np.uint8), code)[1]
        bits = np.asarray(cv2.imdecode(stored, cv2.IMREAD_UNCHANGED), np.float32)
    return np.asarray(np.round(bits), np.float32)


def brought_to_range(rng: np.random.Generator, image: Image) -> Image:
    """Spread an image of arbitrary grey values over 0 to 1, with the contrast left to chance."""
    low, high = np.percentile(image[::2, ::2], (0.5, 99.5))
    span = np.float32(max(float(high - low), 1e-3))
    gain = np.float32(rng.uniform(0.35, 1.0))
    base = np.float32(rng.uniform(0, 1 - gain))
    return np.asarray((image - np.float32(low)) / span * gain + base, np.float32)


def _blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def _over_channels(field: Image, image: Image) -> Image:
    return field if image.ndim == 2 else field[..., None]


def _light(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Illumination: tilted, darker towards the corners, and a little uneven."""
    rows = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    tilt = rng.normal(0, 0.05, 2).astype(np.float32)
    light = 1 + tilt[0] * rows + tilt[1] * columns
    light = light - np.float32(max(0.0, rng.normal(0, 0.08))) * (rows**2 + columns**2)
    if rng.random() < 0.4:
        light = light + np.float32(0.04) * smooth_noise(rng, shape, max(shape) / 2.5)
    return np.asarray(np.maximum(light, 0.2), np.float32)
