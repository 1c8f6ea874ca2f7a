"""What a microscope shows of a relief: one function a modality, in arbitrary units of brightness.

The background lies at 1 in transmitted light and at 0 in fluorescence and quantitative phase.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.relief import Relief
from dinocell_training.synthetic.textures import blur, fractal_noise, smooth_noise

Image = NDArray[np.float32]


def render_relief(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Make an ideal picture of a relief.

    Parameters
    ----------
    relief : Relief
        Thickness and inside of the cells, on the canvas.
    parameters : SceneParameters
        The scene.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of shape (M, N), float32
        The picture on the canvas.
    """
    return np.asarray(_MODALITIES[parameters.modality](relief, parameters, rng), np.float32)


def _phase_contrast(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Zernike's phase contrast of a thin object.

    The field behind the object is u = exp(i phase). The ring of the condenser reaches the phase plate as
    the low-pass s of u, is attenuated to an amplitude t and shifted by a quarter wave, and interferes with
    what was diffracted: I = |u - s - i t s|^2 (positive contrast, objects dark) or with +i (negative).
    That s is a low-pass and not a mean makes the halo and the shade-off.
    """
    # The pixel and the objective soften the drawn edge before the light interferes.
    phase = blur(
        (relief.thickness + relief.debris) * np.float32(rng.uniform(0.6, 1.3)), rng.uniform(0.6, 0.9)
    )
    real, imaginary = np.cos(phase), np.sin(phase)
    halo = max(1.5, parameters.diameter_px * float(np.exp(rng.uniform(np.log(0.06), np.log(0.7)))))
    near = np.float32(rng.uniform(0, 0.7))  # share of the fringe close to the edge
    fringe = max(1.2, halo * float(rng.uniform(0.15, 0.4)))
    direct_real = near * blur(real, fringe) + (1 - near) * blur(real, halo)
    direct_imaginary = near * blur(imaginary, fringe) + (1 - near) * blur(imaginary, halo)
    amplitude = np.float32(rng.uniform(0.35, 0.9))
    sign = np.float32(1 if rng.random() < 0.85 else -1)
    # -i t s = -i t (a + ib) = t (b - ia)
    field_real = real - direct_real + sign * amplitude * direct_imaginary
    field_imaginary = imaginary - direct_imaginary - sign * amplitude * direct_real
    return np.asarray((field_real**2 + field_imaginary**2) / amplitude**2, np.float32)


def _brightfield(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Brightfield out of focus: intensity follows the curvature of the phase, plus some absorption."""
    width = float(rng.uniform(0.7, 1.5 + 0.04 * parameters.diameter_px))
    phase = blur(relief.thickness + relief.debris, width)
    curvature = cv2.Laplacian(phase, cv2.CV_32F) * np.float32(width**1.5)
    defocus = np.float32(rng.uniform(0.05, 0.5) * rng.choice([-1, 1]))
    absorption = np.float32(rng.uniform(0, 0.12) if rng.random() < 0.7 else rng.uniform(0.1, 0.4))
    return np.asarray(np.exp(-absorption * phase) * np.maximum(1 - defocus * curvature, 0.05), np.float32)


def _dic(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Differential interference contrast: the phase's derivative along the shear."""
    phase = blur(relief.thickness + relief.debris, float(rng.uniform(0.5, 1.2)))
    angle = rng.uniform(0, 2 * np.pi)
    along_rows = cv2.Sobel(phase, cv2.CV_32F, 0, 1, scale=0.125)
    along_columns = cv2.Sobel(phase, cv2.CV_32F, 1, 0, scale=0.125)
    shear = np.float32(np.sin(angle)) * along_rows + np.float32(np.cos(angle)) * along_columns
    return np.asarray(1 + np.float32(rng.uniform(0.4, 1.0)) * np.tanh(shear * np.float32(1.5)), np.float32)


def _quantitative_phase(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Phase in radians over a background that drifts a little around 0."""
    drift = smooth_noise(rng, relief.labels.shape, parameters.diameter_px * 2 + 20)
    strength = np.float32(0.04 * min(parameters.degradation, 1.0))
    return np.asarray(relief.thickness + relief.debris * np.float32(0.7) + strength * drift, np.float32)


def _fluorescence_cytoplasm(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Expression times thickness, with a darker or brighter nucleus and a blurred share out of focus."""
    flatness = rng.uniform(0.0, 0.8)
    profile = flatness + (1 - flatness) * relief.thickness / max(float(relief.thickness.max()), 1e-6)
    profile = np.maximum(profile, 0.03) * np.exp(np.float32(rng.uniform(0.05, 0.35)) * relief.granules)
    # Nuclei that outshine their cells stay rare: in such pictures the nuclei are what is looked for.
    profile *= 1 + np.float32(rng.choice([rng.uniform(-0.7, -0.2), rng.uniform(-0.2, 0.6)])) * relief.nuclei
    profile *= 1 - np.float32(rng.uniform(0, 0.4)) * np.minimum(relief.nucleoli, 1)
    if rng.random() < 0.4:
        rim = np.exp(-(((relief.depth - 1) / np.float32(rng.uniform(1, 3))) ** 2))
        profile += np.float32(rng.uniform(0.2, 1.0)) * rim
    signal = np.maximum(profile, 0.02) * relief.expression[relief.labels]
    return _out_of_focus(signal, relief, parameters, rng)


def _fluorescence_membrane(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Show a bright rim of uneven strength over a weak cytoplasm."""
    width = np.float32(max(0.8, rng.uniform(0.02, 0.07) * parameters.diameter_px))
    uneven = np.exp(np.float32(rng.uniform(0.1, 0.6)) * fractal_noise(rng, relief.labels.shape, 12.0))
    rim = np.exp(-(((relief.depth - 0.6) / width) ** 2)) * uneven
    fill = np.float32(rng.uniform(0.05, 0.35)) * np.exp(np.float32(0.3) * relief.granules)
    fill = fill * (1 - np.float32(rng.uniform(0, 0.8)) * relief.nuclei)
    return _out_of_focus((rim + fill) * relief.expression[relief.labels], relief, parameters, rng)


def _fluorescence_nuclei(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Show nuclei, which are what is labelled here: chromatin texture and dark nucleoli."""
    level = np.power(relief.depth_fraction, np.float32(rng.uniform(0.1, 0.6)))
    chromatin = np.exp(np.float32(rng.uniform(0.05, 0.45)) * relief.granules)
    level = level * chromatin * (1 - np.float32(rng.uniform(0, 0.6)) * np.minimum(relief.nucleoli, 1))
    signal = level * relief.expression[relief.labels]
    if parameters.degradation > 0 and rng.random() < 0.5:
        signal = np.maximum(signal, _faint_cytoplasm(relief, parameters, rng))
    return _out_of_focus(signal, relief, parameters, rng)


def _faint_cytoplasm(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Show the cells around nuclei by leaked or autofluorescent light; only the nuclei are labelled."""
    background = (relief.labels == 0).astype(np.uint8)
    distance, nearest = cv2.distanceTransformWithLabels(
        background, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[background == 0]] = relief.labels[background == 0]
    owners = owner[nearest]
    share = np.minimum(rng.uniform(0.03, 0.4) * rng.lognormal(0.0, 0.3, len(relief.expression)), 0.5)
    strength = share * relief.expression
    reach = parameters.diameter_px * rng.uniform(0.3, 1.5) * rng.lognormal(0.0, 0.3, len(relief.expression))
    uneven = np.exp(np.float32(0.35) * fractal_noise(rng, relief.labels.shape, parameters.diameter_px * 0.6))
    inside = distance < reach[owners] * uneven
    light = inside * strength[owners] * np.exp(np.float32(0.2) * relief.granules) * np.minimum(uneven, 1.3)
    return np.asarray(blur(np.asarray(light, np.float32), rng.uniform(0.6, 2.0)), np.float32)


def _out_of_focus(
    signal: Image, relief: Relief, parameters: SceneParameters, rng: np.random.Generator
) -> Image:
    """Add debris, and in degraded scenes the glow of what lies outside the focus."""
    bright = float(signal.max()) or 1.0
    signal = np.asarray(signal + relief.debris * np.float32(bright * rng.uniform(0.0, 0.4)), np.float32)
    strength = min(parameters.degradation, 1.0)
    if strength > 0:
        glow = blur(signal, max(2.0, parameters.diameter_px * rng.uniform(0.15, 0.8)))
        signal += np.float32(strength * rng.uniform(0, 0.45)) * np.maximum(glow, 0)
    return np.asarray(signal / bright, np.float32)


def _histology(relief: Relief, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Haematoxylin and eosin in grey: dark nuclei on a fibrous, paler tissue (Beer-Lambert absorption)."""
    shape = relief.labels.shape
    strength = np.float32(min(parameters.degradation, 1.0))
    tissue = np.abs(fractal_noise(rng, shape, parameters.diameter_px * rng.uniform(0.4, 2.0), 4))
    tissue *= blur((smooth_noise(rng, shape, parameters.diameter_px * 3) > -0.8).astype(np.float32), 2.0)
    eosin = strength * np.float32(rng.uniform(0.05, 0.35)) * tissue
    cytoplasm = blur((relief.labels > 0).astype(np.float32), parameters.diameter_px * 0.35)
    eosin += strength * np.float32(rng.uniform(0, 0.3)) * cytoplasm
    edge = np.minimum(relief.depth_fraction * np.float32(rng.uniform(2, 6)), 1)
    chromatin = np.exp(np.float32(rng.uniform(0.1, 0.5)) * relief.granules)
    density = edge * chromatin * relief.expression[relief.labels] * np.float32(rng.uniform(0.5, 1.3))
    density *= 1 + np.float32(rng.uniform(-0.4, 0.4)) * relief.depth_fraction
    return np.asarray(np.exp(-(eosin + density + relief.debris * np.float32(0.15))), np.float32)


_MODALITIES: dict[str, Callable[[Relief, SceneParameters, np.random.Generator], Image]] = {
    "phase_contrast": _phase_contrast,
    "brightfield": _brightfield,
    "dic": _dic,
    "fluorescence_cytoplasm": _fluorescence_cytoplasm,
    "fluorescence_membrane": _fluorescence_membrane,
    "fluorescence_nuclei": _fluorescence_nuclei,
    "histology": _histology,
    "quantitative_phase": _quantitative_phase,
}
