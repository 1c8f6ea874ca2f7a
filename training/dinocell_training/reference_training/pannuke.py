"""PanNuke's `.npy` folds as typed pictures, under the PerPanNuke protocol (2.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_training.reference_training.typed_pictures import TypedCells

PANNUKE_TYPES = ("neoplastic", "inflammatory", "connective", "dead", "epithelial")
"""Order of the first five channels of the masks; the sixth is background."""

TRAINING_FOLDS, EVALUATION_FOLD = (1, 2), 3
_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class PannukePicture:
    """One patch of a fold.

    Parameters
    ----------
    images, masks : Path
        `images.npy` (n, 256, 256, 3) and `masks.npy` (n, 256, 256, 6).
    """

    images: Path
    masks: Path
    fold: int
    index: int

    @property
    def name(self) -> str:
        """Fold and number of the patch."""
        return f"pannuke/fold{self.fold}/{self.index:04}"

    @property
    def types(self) -> frozenset[str]:
        """Types there may be; which ones there are is told by reading."""
        return frozenset(PANNUKE_TYPES)

    def read(self) -> TypedCells:
        """Read a patch; the file is mapped, so that the others stay on disk."""
        colours = np.asarray(_mapped(self.images, (3,))[self.index], np.float64)
        masks = np.asarray(_mapped(self.masks, (5, 6))[self.index]).astype(np.int64)
        labels, types = np.zeros(masks.shape[:2], np.int32), []
        for channel, name in enumerate(PANNUKE_TYPES):
            for label in np.unique(masks[..., channel][masks[..., channel] > 0]):
                cell = (masks[..., channel] == label) & (labels == 0)
                if cell.any():
                    types.append(name)
                    labels[cell] = len(types)
        return TypedCells((colours @ _GREY).astype(np.float32), labels, tuple(types))


def find_pannuke(folder: Path, folds: Sequence[int]) -> list[PannukePicture]:
    """Find the patches of some folds, however the archives were unpacked.

    Parameters
    ----------
    folder : Path
        With folders whose name ends with the number of the fold, `fold1` or `Fold 1` for example, and
        `images.npy` and `masks.npy` somewhere below each.

    Raises
    ------
    UnreadableFileError
        If a fold is missing or is no fold.
    """
    pictures = []
    for fold in folds:
        images = _array_of(folder, fold, "images.npy")
        masks = _array_of(folder, fold, "masks.npy")
        count = len(_mapped(images, (3,)))
        if len(_mapped(masks, (5, 6))) != count:
            raise UnreadableFileError(
                f"There are {count} images and another number of masks",
                path=masks,
                remedy="Download the fold again",
            )
        pictures += [PannukePicture(images, masks, fold, index) for index in range(count)]
    return pictures


def _array_of(folder: Path, fold: int, name: str) -> Path:
    for path in sorted(folder.rglob(name)):
        below = path.relative_to(folder).parts[:-1]
        if any(part.casefold().replace(" ", "").replace("_", "") == f"fold{fold}" for part in below):
            return path
    raise UnreadableFileError(
        f"Fold {fold} of PanNuke has no {name} here",
        path=folder,
        remedy=f"Unpack the fold so that there is fold{fold}/images.npy and fold{fold}/masks.npy",
    )


def _mapped(path: Path, channels: tuple[int, ...]) -> NDArray[np.generic]:
    try:
        array: NDArray[np.generic] = npy_format.open_memmap(path, mode="r")
    # numpy reads headers as Python, which fails in many ways where they are damaged.
    except Exception as error:
        raise UnreadableFileError(
            "This is no array of numbers", path=path, remedy="Download the fold again"
        ) from error
    if array.ndim != 4 or array.shape[3] not in channels:
        raise UnreadableFileError(
            f"An array of shape {array.shape} is none of PanNuke",
            path=path,
            remedy="Choose a folder with PanNuke's folds",
        )
    return array
