"""The point-prompt baseline: SAM asked at points that look like the reference (paper, 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.references.types import N_LOOKS
from tests.benchmarks.personalised.percs_methods import References, SeenPicture

N_POINTS = 100
NEAREST_PATCHES = 2.0
"""Points are at least this far apart, in patches."""

MOST_OVERLAP = 0.5
"""IoU above which the less certain of two masks is left out."""

LARGEST_SHARE = 0.25
"""Masks that cover more of the picture are background."""


class PointPredictor(Protocol):
    """What is used of `segment_anything.SamPredictor`."""

    def set_image(self, image: NDArray[np.uint8]) -> None:
        """Encode a picture of shape (M, N, 3)."""

    def predict(self, point_coords: Any, point_labels: Any, multimask_output: bool) -> Any:
        """Give masks (n, M, N), scores (n,) and low-resolution logits for one prompt."""


@dataclass(frozen=True)
class PointPrompts:
    """SAM's masks at points that look like the reference, with duplicates suppressed."""

    predictor: PointPredictor

    def masks(self, seen: SeenPicture, references: References) -> NDArray[np.integer[Any]]:
        """Ask SAM.

        Returns
        -------
        ndarray of shape (M, N), int
        """
        pixels = np.asarray(seen.cells.pixels, np.float64)
        low, high = np.percentile(pixels, [0.5, 99.5])
        grey = np.clip((pixels - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
        self.predictor.set_image(np.repeat(grey[:, :, None], 3, axis=2))
        found: list[tuple[float, NDArray[np.bool_]]] = []
        for row, column in similar_points(seen, references):
            masks, scores, _ = self.predictor.predict(np.array([[column, row]]), np.array([1]), True)
            allowed = [i for i in range(len(masks)) if 0 < masks[i].mean() <= LARGEST_SHARE]
            if allowed:
                best = max(allowed, key=lambda i: float(scores[i]))
                found.append((float(scores[best]), np.asarray(masks[best], bool)))
        return without_duplicates(found, (pixels.shape[0], pixels.shape[1]))


def similar_points(seen: SeenPicture, references: References) -> list[tuple[float, float]]:
    """Choose points that are apart from each other, the most similar first.

    Returns
    -------
    list of tuple of float
        Row and column in the picture.
    """
    grid = seen.grid
    tokens = grid.values[-grid.block_widths[-1] :]
    directions = tokens.reshape(len(tokens), -1).T
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9)
    similarity = (directions @ references.like[:, :-N_LOOKS].T).max(axis=1)
    places = np.stack(np.divmod(np.arange(len(similarity)), tokens.shape[2]), axis=1)
    chosen: list[NDArray[np.int64]] = []
    for index in np.argsort(-similarity, kind="stable"):
        place = places[index]
        if all(np.hypot(*(place - other)) >= NEAREST_PATCHES for other in chosen):
            chosen.append(place)
        if len(chosen) == N_POINTS:
            break
    shape = seen.cells.labels.shape
    scale = [edge / network for edge, network in zip(shape, grid.network_shape, strict=True)]
    points = [((p + 0.5) * grid.spacing_px * scale).tolist() for p in chosen]
    return [(row, column) for row, column in points if row < shape[0] and column < shape[1]]


def without_duplicates(
    found: list[tuple[float, NDArray[np.bool_]]], shape: tuple[int, int]
) -> NDArray[np.int32]:
    """Suppress masks that overlap a more certain one.

    Parameters
    ----------
    found : list of tuple
        Certainty and mask.

    Returns
    -------
    ndarray of shape `shape`, int32
        Where masks that stay overlap, the more certain one has the pixels.
    """
    kept: list[NDArray[np.bool_]] = []
    labels = np.zeros(shape, np.int32)
    for _, mask in sorted(found, key=lambda each: -each[0]):
        if any((mask & other).sum() > MOST_OVERLAP * (mask | other).sum() for other in kept):
            continue
        kept.append(mask)
        labels[mask & (labels == 0)] = len(kept)
    return labels


def load_sam(weights: Path, device: str) -> PointPrompts:
    """Load SAM; the kind of network is told by the name of the file, as in `sam_vit_b_01ec64.pth`.

    Raises
    ------
    InvalidParameterError
        If the library is not installed, or the file is missing or has another name.
    """
    if find_spec("segment_anything") is None:
        raise InvalidParameterError(
            "The library segment-anything is not installed",
            remedy="Install it with pip install segment-anything torchvision",
        )
    kind = next((each for each in ("vit_b", "vit_l", "vit_h") if each in weights.name), None)
    if kind is None or not weights.is_file():
        raise InvalidParameterError(
            "This is no file of SAM weights",
            path=weights,
            remedy="Give one named as they are published, such as sam_vit_b_01ec64.pth",
        )
    from segment_anything import SamPredictor, sam_model_registry

    return PointPrompts(SamPredictor(sam_model_registry[kind](checkpoint=str(weights)).to(device)))
