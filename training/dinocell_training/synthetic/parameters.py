"""What a synthetic scene shall contain, as one frozen object, and how to choose it at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MODALITIES = (
    "phase_contrast",
    "brightfield",
    "dic",
    "fluorescence_cytoplasm",
    "fluorescence_membrane",
    "fluorescence_nuclei",
    "histology",
    "quantitative_phase",
)
SHAPES = ("round", "spindle", "spread", "rod", "budding", "epithelium", "neuron")
ARRANGEMENTS = ("scattered", "clumped", "layer")

EMPTY_FRACTION = 0.02
SMALLEST_DIAMETER, LARGEST_DIAMETER = 9.0, 110.0

_MODALITY_WEIGHTS = {
    "phase_contrast": 0.33,
    "brightfield": 0.07,
    "dic": 0.07,
    "fluorescence_cytoplasm": 0.17,
    "fluorescence_membrane": 0.07,
    "fluorescence_nuclei": 0.16,
    "histology": 0.05,
    "quantitative_phase": 0.08,
}
_SHAPE_WEIGHTS = {
    "round": 0.17,
    "spindle": 0.15,
    "spread": 0.26,
    "rod": 0.12,
    "budding": 0.07,
    "epithelium": 0.18,
    "neuron": 0.05,
}
# Usual sizes in the pictures of each kind, in pixels: 5 % and 95 % of a log-normal law.
_USUAL_DIAMETERS = {
    "round": (12.0, 60.0),
    "spindle": (22.0, 75.0),
    "spread": (25.0, 90.0),
    "rod": (10.0, 28.0),
    "budding": (14.0, 50.0),
    "epithelium": (18.0, 75.0),
    "neuron": (22.0, 60.0),
}


@dataclass(frozen=True)
class SceneParameters:
    """All that decides a scene; two equal objects give the same scene.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels.
    modality : str
        One of `MODALITIES`.
    shape : str
        One of `SHAPES`: the shape of most cells.
    diameter_px : float
        Median equivalent diameter of the labelled cells, in pixels.
    density : float
        Fraction of the picture that cells shall cover, 0 (no cell) to 1.
    seed : int
        Seed of everything drawn at random.
    arrangement : str
        One of `ARRANGEMENTS`. Cells of the shape "epithelium" always form a "layer".
    size_variation : float
        Standard deviation of the logarithm of the cells' diameters.
    rounded_fraction : float
        Fraction of cells that have rounded up (mitotic or loosely attached), 0 to 1.
    debris : float
        Amount of unlabelled debris; 0 is none, 1 much.
    degradation : float
        Strength of blur, noise, uneven light, dust and compression; 0 is an ideal picture.
    """

    height: int
    width: int
    modality: str
    shape: str
    diameter_px: float
    density: float
    seed: int
    arrangement: str = "scattered"
    size_variation: float = 0.2
    rounded_fraction: float = 0.0
    debris: float = 0.0
    degradation: float = 1.0

    def __post_init__(self) -> None:
        for value, known in (
            (self.modality, MODALITIES),
            (self.shape, SHAPES),
            (self.arrangement, ARRANGEMENTS),
        ):
            if value not in known:
                raise ValueError(f"{value!r} is not one of {', '.join(known)}")
        if min(self.height, self.width) < 1 or not self.diameter_px > 0:
            raise ValueError("height, width and diameter_px must be positive")


def random_scene_parameters(
    rng: np.random.Generator, height: int, width: int, diameter_px: float | None = None
) -> SceneParameters:
    """Choose a scene at random, as broadly as real pictures differ.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    height, width : int
        Size of the picture in pixels.
    diameter_px : float, optional
        Median diameter of the cells in pixels; chosen at random, by shape, when left out.

    Returns
    -------
    SceneParameters
        The scene; two of a hundred have no cell.
    """
    modality = _choose(rng, _MODALITY_WEIGHTS)
    shape = _choose_shape(rng, modality)
    if diameter_px is None:
        diameter_px = _usual_diameter(rng, shape, modality, min(height, width))
    density = float(rng.beta(1.6, 1.8) * 0.85 + 0.04)
    if shape == "epithelium":
        density = float(rng.choice([1.0, rng.uniform(0.3, 1.0)]))
    arrangement = "layer" if shape == "epithelium" else str(rng.choice(["scattered", "clumped"]))
    if shape in ("spread", "spindle") and rng.random() < 0.15:
        arrangement = "layer"
    if rng.random() < EMPTY_FRACTION:
        density = 0.0
    flat = shape in ("spread", "spindle", "epithelium", "neuron")
    return SceneParameters(
        height=height,
        width=width,
        modality=modality,
        shape=shape,
        diameter_px=float(diameter_px),
        density=density,
        seed=int(rng.integers(2**31)),
        arrangement=arrangement,
        # Bacteria of one culture share their width; their lengths differ by their templates.
        size_variation=float(rng.uniform(0.02, 0.12) if shape == "rod" else rng.uniform(0.05, 0.4)),
        rounded_fraction=float(rng.beta(0.5, 4.0)) if flat else 0.0,
        debris=float(rng.beta(0.7, 2.5)),
        degradation=float(rng.uniform(0.2, 1.3)),
    )


def _choose(rng: np.random.Generator, weights: dict[str, float]) -> str:
    probabilities = np.array(list(weights.values()))
    return str(rng.choice(list(weights), p=probabilities / probabilities.sum()))


def _choose_shape(rng: np.random.Generator, modality: str) -> str:
    # In these two the labelled things are nuclei, which are round in nearly all tissues.
    if modality in ("fluorescence_nuclei", "histology"):
        return _choose(rng, {"round": 0.86, "spindle": 0.06, "rod": 0.03, "epithelium": 0.05})
    return _choose(rng, _SHAPE_WEIGHTS)


def _usual_diameter(rng: np.random.Generator, shape: str, modality: str, side: int) -> float:
    low, high = np.log(_USUAL_DIAMETERS[shape])
    diameter = float(np.exp(rng.normal((low + high) / 2, (high - low) / 3.3)))
    if modality in ("fluorescence_nuclei", "histology"):
        diameter *= 0.85
    return float(
        np.clip(diameter, SMALLEST_DIAMETER, max(SMALLEST_DIAMETER, min(LARGEST_DIAMETER, side * 0.45)))
    )
