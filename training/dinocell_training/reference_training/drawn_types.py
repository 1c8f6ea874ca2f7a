"""Types of cells that are drawn rather than photographed: each shape in each modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dinocell_training.reference_training.typed_pictures import TypedCells
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.scene import render_scene

DRAWN_SHAPES = ("rod", "round", "budding", "spindle", "spread")
DRAWN_MODALITIES = (
    "phase_contrast",
    "brightfield",
    "dic",
    "fluorescence_cytoplasm",
    "fluorescence_membrane",
    "fluorescence_nuclei",
    "histology",
    "quantitative_phase",
)
_USUAL_PX = {"rod": 24.0, "round": 26.0, "budding": 26.0, "spindle": 34.0, "spread": 40.0}


@dataclass(frozen=True)
class DrawnPicture:
    """A scene of one type.

    Parameters
    ----------
    size : int
        Edge in pixels.
    """

    shape: str
    modality: str
    seed: int
    size: int = 384

    @property
    def name(self) -> str:
        """Type and seed."""
        return f"drawn/{self.type_name}/{self.seed}"

    @property
    def type_name(self) -> str:
        """Shape and modality."""
        return f"{self.shape}, {self.modality.replace('_', ' ')}"

    @property
    def types(self) -> frozenset[str]:
        """The one type."""
        return frozenset({self.type_name})

    def read(self) -> TypedCells:
        """Draw it; the same seed gives the same picture."""
        rng = np.random.default_rng(self.seed)
        scene = render_scene(
            SceneParameters(
                self.size,
                self.size,
                self.modality,
                self.shape,
                _USUAL_PX[self.shape] * float(np.exp(rng.uniform(-0.3, 0.3))),
                float(rng.uniform(0.1, 0.45)),
                int(rng.integers(2**31)),
                size_variation=float(rng.uniform(0.05, 0.25)),
                debris=float(rng.beta(0.7, 3.0)),
                degradation=float(rng.uniform(0.2, 1.0)),
            )
        )
        # What has rounded up or lies beside is no example of the shape.
        types = tuple(self.type_name if shape == self.shape else "" for shape in scene.types)
        return TypedCells(scene.pixels, scene.labels, types)


def drawn_pictures(count: int, seed: int, shapes: Sequence[str] = DRAWN_SHAPES) -> list[DrawnPicture]:
    """Choose scenes, equally many of each type as far as the count allows."""
    types = [(shape, modality) for modality in DRAWN_MODALITIES for shape in shapes]
    order = np.random.default_rng(seed).permutation(len(types))
    pictures = []
    for index in range(count):
        shape, modality = types[order[index % len(types)]]
        pictures.append(DrawnPicture(shape, modality, seed * 1_000_003 + index))
    return pictures
