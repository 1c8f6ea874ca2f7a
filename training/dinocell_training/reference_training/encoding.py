"""What the frozen network sees of a crop, kept on disk because it never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dinocell_app.base.files import replacing
from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_training.reference_training.typed_pictures import TypedCells


@dataclass(frozen=True, eq=False)
class EncodedCrop:
    """A crop as the head is shown it.

    Parameters
    ----------
    tokens : ndarray of shape (D, h, w), float16
        Patch tokens of the last feature block.
    labels : ndarray of shape (M, N), uint16
    flows : ndarray of shape (2, M, N), float16
        Of all cells.
    cells : ndarray of shape (K, D + N_LOOKS), float32
        Descriptions.
    types : ndarray of shape (K,), str
    """

    tokens: NDArray[np.float16]
    labels: NDArray[np.uint16]
    flows: NDArray[np.float16]
    cells: NDArray[np.float32]
    types: NDArray[np.str_]

    @property
    def known_types(self) -> list[str]:
        """Types of its cells, in order."""
        return sorted(set(self.types.tolist()) - {""})


def encode_crop(model: SegmentationModel, crop: TypedCells) -> EncodedCrop:
    """Run the network's transformer over a crop.

    Parameters
    ----------
    crop : TypedCells
        Of the edge of the network's tiles or smaller, with grey values about 0 to 1.
    """
    normalisation = NORMALISATIONS[model.manifest.intensity_normalisation]
    pixels = crop.pixels
    if normalisation.prepare_image(np.zeros((2, 2), np.float32)).dtype == np.uint8:
        pixels = np.clip(crop.pixels * 255, 0, 255).astype(np.uint8)
    tile = torch.from_numpy(normalisation.prepare_tile(pixels))[None].to(model.device)
    with torch.inference_mode():
        tokens = model.network.features(tile)[-1][0].float().cpu().numpy()
    config = model.network.config
    spacing = config.patch_size * config.tile_size / config.input_size
    grid = FeatureGrid(tokens, (len(tokens),), spacing, (crop.labels.shape[0], crop.labels.shape[1]))
    ids = np.arange(1, len(crop.types) + 1)
    return EncodedCrop(
        tokens.astype(np.float16),
        crop.labels.astype(np.uint16),
        labels_to_flows(crop.labels).astype(np.float16),
        describe_cells(crop.labels, ids, grid, crop.pixels),
        np.array(crop.types, dtype=np.str_),
    )


class CropStore:
    """Crops that are encoded when first asked for and then read from a folder.

    Parameters
    ----------
    encode : callable
        Makes the crop of a number.
    n_kept : int
        Crops that are kept, from number 0; others are made each time.
    """

    def __init__(self, folder: Path, encode: Callable[[int], EncodedCrop], *, n_kept: int) -> None:
        self._folder = folder
        self._encode = encode
        self._n_kept = n_kept

    def has(self, number: int) -> bool:
        """Tell whether a crop is there."""
        return self._path(number).exists()

    def get(self, number: int) -> EncodedCrop:
        """Give a crop."""
        path = self._path(number)
        if not path.exists():
            crop = self._encode(number)
            if number >= self._n_kept:
                return crop
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside, beside.open("wb") as file:
                np.savez(file, **vars(crop))
            return crop
        with np.load(path, allow_pickle=False) as stored:
            return EncodedCrop(**{name: stored[name] for name in stored.files})

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.npz"
