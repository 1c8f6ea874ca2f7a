"""Training examples: the n-th crop is a function of the seed and n alone.

That makes runs resume on the very example where they stopped, on any number of loader processes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.measure import label as connected_components
from torch.utils.data import Dataset

from dinocell_app.imaging.intensity import NORMALISATIONS, IntensityNormalisation
from dinocell_app.jobs.training_settings import AugmentationSettings
from dinocell_app.model.objective import Objective
from dinocell_training.augmentation import Scenery, change_intensity, draw_view, take_view
from dinocell_training.colours import as_input, change_colours

TARGET_MARGIN = 32
"""Pixels around a crop that targets see, so that a cell cut by the crop still points to its own centre."""

MIN_CELL_AREA = 9
"""Pieces with fewer pixels after resampling are not taught."""

MIN_PIECE_SHARE = 0.25
"""Pieces below this share of the largest piece of their cell are ignored: resampling breaks thin processes,
and a broken tip taught as a cell of its own makes the network see cells in every process."""


CACHE_BYTES = 1 << 30
"""Of decoded pictures that a training keeps in memory, in all its processes that load crops together."""

UNKNOWN = -1
"""In place of a label where the labels say nothing; such pixels have no weight in the loss."""


class LabelledImage(Protocol):
    """An image with labels, read when asked."""

    def read(self) -> tuple[NDArray[np.generic], NDArray[np.integer]]:
        """Read pixels of shape (M, N) or (M, N, 3) and labels of shape (M, N)."""

    def read_ignore_region(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Read where the labels say nothing."""


@dataclass(frozen=True)
class Source:
    """Images that are drawn from together.

    Parameters
    ----------
    weight : float
        Relative probability that an example comes from here.
    fully_labelled : bool
        Whether unlabelled pixels are background; if not, they are ignored but for the ignore weight.
    """

    images: Sequence[LabelledImage]
    weight: float = 1.0
    fully_labelled: bool = True


class SceneSource(Protocol):
    """Draws images with labels that need no file."""

    def draw(self, rng: np.random.Generator, size: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Draw pixels of shape (size, size) or (size, size, 3), and labels of shape (size, size)."""


@dataclass(frozen=True)
class CropParameters:
    """How examples are made.

    Parameters
    ----------
    size : int
        Edge of a crop in pixels.
    normalisation : str
        Name in `imaging.intensity.NORMALISATIONS`.
    ignore_weight : float
        Weight of unlabelled pixels of partially labelled images (paper 3.3.5).
    input_colour : {"grey", "rgb"}
        What the network is shown of colour images.
    synthetic_share : float
        Probability that an example is synthetic.
    cache_bytes : int
        Of decoded pictures that are kept in the memory of each loader process; the last one is kept even if
        it alone is larger, as reading it for every crop would take for ever.
    """

    size: int
    seed: int = 0
    normalisation: str = "percentile"
    ignore_weight: float = 0.05
    input_colour: str = "grey"
    synthetic_share: float = 0.0
    cache_bytes: int = CACHE_BYTES


@dataclass(frozen=True)
class _Prepared:
    pixels: NDArray[np.generic]
    labels: NDArray[np.int32]
    scenery: Scenery

    @property
    def n_bytes(self) -> int:
        return self.pixels.nbytes + self.labels.nbytes + self.scenery.anchors.nbytes


class CropDataset(Dataset[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]):
    """Crops of labelled images and synthetic scenes with the targets of an objective.

    Parameters
    ----------
    scenes : SceneSource, optional
        Needed when `parameters.synthetic_share` is above 0.
    length : int
        Number of examples.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        objective: Objective,
        parameters: CropParameters,
        augmentation: AugmentationSettings,
        *,
        scenes: SceneSource | None = None,
        length: int = 1 << 40,
    ) -> None:
        self.sources = tuple(source for source in sources if len(source.images))
        self.objective = objective
        self.parameters = parameters
        self.augmentation = augmentation
        self.scenes = scenes
        self.length = length
        weights = np.array([source.weight for source in self.sources], float)
        self._probabilities = weights / weights.sum() if len(weights) else weights
        self._cache: OrderedDict[tuple[int, int], _Prepared] = OrderedDict()
        self.cached_bytes = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Make the example of an index.

        Returns
        -------
        tile : Tensor of shape (3, H, W), float32
            What the network is shown.
        target : Tensor of shape (C, H, W), float32
            Maps of the objective.
        weight : Tensor of shape (H, W), float32
            Weight of each pixel in the loss.
        """
        rng = np.random.default_rng((self.parameters.seed, index))
        size = self.parameters.size + 2 * TARGET_MARGIN
        unlabelled_weight = 1.0
        if not self.sources or rng.random() < self.parameters.synthetic_share:
            pixels, labels = self._draw_scene(rng, size)
        else:
            pixels, labels, unlabelled_weight = self._draw_crop(rng, size)
        unknown = labels == UNKNOWN
        labels, ignored = _as_separate_cells(np.where(unknown, 0, labels))
        ignored |= unknown
        inner = slice(TARGET_MARGIN, TARGET_MARGIN + self.parameters.size)
        target = self.objective.targets(labels)[:, inner, inner]
        labels, pixels = labels[inner, inner], pixels[inner, inner]
        weight = np.where(labels > 0, 1.0, unlabelled_weight).astype(np.float32)
        weight[ignored[inner, inner]] = 0
        tile = self._normalisation.prepare_tile(self._with_changed_intensity(rng, pixels))
        return (
            torch.from_numpy(tile),
            torch.from_numpy(np.ascontiguousarray(target)),
            torch.from_numpy(weight),
        )

    @property
    def _normalisation(self) -> IntensityNormalisation:
        return NORMALISATIONS[self.parameters.normalisation]

    def _with_changed_intensity(
        self, rng: np.random.Generator, pixels: NDArray[np.generic]
    ) -> NDArray[np.generic]:
        """Change values in 0 to 1, whatever depth the normalisation works at."""
        full = np.float32(255 if pixels.dtype == np.uint8 else 1)
        fractions = pixels.astype(np.float32) / full
        if fractions.ndim == 3:
            fractions = change_colours(rng, fractions)
        changed = change_intensity(rng, fractions, self.augmentation)
        return changed if full == 1 else np.clip(changed * 255, 0, 255).astype(np.uint8)

    def _draw_scene(
        self, rng: np.random.Generator, size: int
    ) -> tuple[NDArray[np.generic], NDArray[np.int32]]:
        if self.scenes is None:
            raise ValueError("a synthetic share needs a source of scenes")
        pixels, labels = self.scenes.draw(rng, size)
        shown = as_input(rng, pixels, self.parameters.input_colour)
        return self._normalisation.prepare_image(shown), labels

    def _draw_crop(
        self, rng: np.random.Generator, size: int
    ) -> tuple[NDArray[np.generic], NDArray[np.int32], float]:
        which = int(rng.choice(len(self.sources), p=self._probabilities))
        source = self.sources[which]
        image = self._read(which, int(rng.integers(len(source.images))))
        view = draw_view(rng, image.scenery, size, self.augmentation)
        shown = as_input(rng, image.pixels, self.parameters.input_colour)
        # A crop of its own range stands in for pictures that are darker or denser than those at hand.
        own_range = self.augmentation.strong_intensity and rng.random() < 0.25
        if own_range:
            crop, labels = take_view(shown.astype(np.float32), image.labels, view)
            return self._normalisation.prepare_image(crop), labels, self._unlabelled_weight(source)
        prepared = self._normalisation.prepare_image(shown)
        crop, labels = take_view(prepared.astype(np.float32), image.labels, view)
        return crop.astype(prepared.dtype), labels, self._unlabelled_weight(source)

    def _unlabelled_weight(self, source: Source) -> float:
        return 1.0 if source.fully_labelled else self.parameters.ignore_weight

    def _read(self, source: int, image: int) -> _Prepared:
        key = (source, image)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        pixels, labels = self.sources[source].images[image].read()
        shape = (labels.shape[0], labels.shape[1])
        scenery = Scenery(shape, median_diameter(labels), _anchors(labels))
        ignored = self.sources[source].images[image].read_ignore_region(shape)
        known = np.where(ignored & (labels == 0), UNKNOWN, labels).astype(np.int32)
        prepared = _Prepared(pixels, known, scenery)
        self._cache[key] = prepared
        self.cached_bytes += prepared.n_bytes
        while self.cached_bytes > self.parameters.cache_bytes and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self.cached_bytes -= oldest.n_bytes
        return prepared


def median_diameter(labels: NDArray[np.integer]) -> float | None:
    """Measure the median equivalent diameter of the cells.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int

    Returns
    -------
    float or None
        Pixels; diameter of the disk of the median cell area. None without cells.
    """
    areas = np.unique(labels[labels > 0], return_counts=True)[1]
    return float(2 * np.sqrt(np.median(areas) / np.pi)) if len(areas) else None


def _anchors(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Pick one pixel of each cell."""
    ids, first = np.unique(labels, return_index=True)
    return np.column_stack(np.unravel_index(first[ids > 0], labels.shape)).astype(np.int64)


def _as_separate_cells(labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Give every connected piece its own id; say which pixels of cells are left out as fragments.

    The mirrored border shows a cell twice under one id, and a crop may cut a bent cell in two: such large
    pieces are cells. The small ones that resampling breaks off are neither cells nor background.
    """
    pieces = connected_components(labels, background=0, connectivity=2)  # type: ignore[no-untyped-call] # untyped there
    areas = np.bincount(pieces.ravel())
    largest = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    np.maximum.at(largest, labels.ravel(), areas[pieces.ravel()])
    size = areas[pieces]
    kept = (labels > 0) & (size >= MIN_CELL_AREA) & (size >= MIN_PIECE_SHARE * largest[labels])
    return np.where(kept, pieces, 0).astype(np.int32), (labels > 0) & ~kept
