"""Crops of pictures at the scale the network likes, with cells of other types pasted in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.jobs.training_settings import AugmentationSettings
from dinocell_training.augmentation import Scenery, change_intensity, draw_view, take_view
from dinocell_training.crops import median_diameter
from dinocell_training.reference_training.mixing import mix
from dinocell_training.reference_training.typed_pictures import TypedCells, TypedPicture

FEWEST_PIXELS = 40
"""Smaller pieces, cut off by the edge of a crop, are left out."""

MIXED_SHARE = 0.85
MOST_DONORS = 2
MOST_PASTED = 10
RELATIVE_SIZES = (0.6, 1.6)
"""Diameter of pasted cells, in diameters of those that are there: types differ in size, too."""


@dataclass(frozen=True)
class CropMaker:
    """Makes mixed crops; the same number gives the same crop.

    Parameters
    ----------
    size : int
        Edge in pixels.
    normalisation : str
        Key of `imaging.intensity.NORMALISATIONS`.
    diameters : tuple of float
        Range of the median diameter of the cells, in pixels of the crop.
    augmentation : AugmentationSettings
        What changes grey values; geometry is always changed.
    more_donors : sequence of TypedPicture
        Whose cells may be pasted, too.
    """

    pictures: Sequence[TypedPicture]
    size: int
    normalisation: str
    diameters: tuple[float, float]
    seed: int
    augmentation: AugmentationSettings
    more_donors: Sequence[TypedPicture] = ()

    def make(self, number: int) -> TypedCells:
        """Make a crop.

        Returns
        -------
        TypedCells
            Grey values about 0 to 1.
        """
        rng = np.random.default_rng((self.seed, number))
        hosts = _by_type(self.pictures)
        names = sorted(hosts)
        host_type = names[int(rng.integers(len(names)))]
        diameter = float(np.exp(rng.uniform(*np.log(self.diameters))))
        host = self._crop(_one(hosts[host_type], rng), diameter, rng)
        by_type = _by_type([*self.pictures, *self.more_donors])
        others = [name for name in sorted(by_type) if name not in host.types]
        if others and len(set(host.types) - {""}) < 2 and rng.random() < MIXED_SHARE:
            donors = []
            for _ in range(int(rng.integers(1, MOST_DONORS + 1))):
                relative = float(np.exp(rng.uniform(*np.log(RELATIVE_SIZES))))
                donor = _one(by_type[_alike(others, host_type, rng)], rng)
                donors.append(self._crop(donor, diameter * relative, rng))
            host = mix(host, donors, MOST_PASTED, rng)
        changed = change_intensity(rng, host.pixels, self.augmentation)
        return TypedCells(changed, host.labels, host.types)

    def _crop(self, picture: TypedPicture, diameter: float, rng: np.random.Generator) -> TypedCells:
        cells = picture.read()
        prepared = NORMALISATIONS[self.normalisation].prepare_image(cells.pixels)
        scale = np.float32(255 if prepared.dtype == np.uint8 else 1)
        scenery = Scenery(
            (cells.labels.shape[0], cells.labels.shape[1]),
            median_diameter(cells.labels),
            _anchors(cells.labels),
        )
        view = draw_view(
            rng, scenery, self.size, AugmentationSettings(diameter_range=(diameter, diameter), elastic=0.0)
        )
        pixels, labels = take_view(prepared.astype(np.float32) / scale, cells.labels, view)
        return separated(pixels, labels, cells.types)


UNCHANGED = AugmentationSettings(brightness=(1.0, 1.0), inversion=0.0)
"""Grey values of pictures for scoring."""

HELD_OUT_SEEDS = {"test": 1, "novel": 2}
"""Of what is made of the pictures of each set."""


def held_out_crops(
    name: str,
    pictures: Sequence[TypedPicture],
    more_donors: Sequence[TypedPicture],
    sizes: tuple[int, tuple[float, float]],
    count: int,
) -> dict[str, TypedCells]:
    """Make mixed pictures for scoring; they are the same in every run.

    Parameters
    ----------
    name : {"test", "novel"}
        Of the set.
    more_donors : sequence of TypedPicture
        Whose cells may be pasted, too.
    sizes : tuple
        Edge of a picture and range of the median diameter of its cells, in pixels.

    Returns
    -------
    dict of str to TypedCells
        None without pictures.
    """
    if not pictures:
        return {}
    size, diameters = sizes
    maker = CropMaker(pictures, size, "percentile", diameters, HELD_OUT_SEEDS[name], UNCHANGED, more_donors)
    return {f"{name}/{number:04}": maker.make(number) for number in range(count)}


def separated(pixels: NDArray[np.float32], labels: NDArray[np.int32], types: Sequence[str]) -> TypedCells:
    """Give every piece of a cell an id of its own, and leave out crumbs.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
    labels : ndarray of shape (M, N), int32
    types : sequence of str
        Item k belongs to label k + 1.
    """
    pieces = connected_components(labels, background=0, connectivity=2)  # type: ignore[no-untyped-call] # untyped there
    ids, first, areas = np.unique(pieces, return_index=True, return_counts=True)
    kept = (ids > 0) & (areas >= FEWEST_PIXELS)
    new = np.zeros(int(ids.max(initial=0)) + 1, np.int32)
    new[ids[kept]] = np.arange(1, kept.sum() + 1)
    names = tuple(types[label - 1] for label in labels.ravel()[first[kept]])
    return TypedCells(pixels, new[pieces], names)


def _by_type(pictures: Sequence[TypedPicture]) -> dict[str, list[TypedPicture]]:
    by_type: dict[str, list[TypedPicture]] = {}
    for picture in pictures:
        for name in picture.types:
            by_type.setdefault(name, []).append(picture)
    return by_type


def _one(pictures: Sequence[TypedPicture], rng: np.random.Generator) -> TypedPicture:
    return pictures[int(rng.integers(len(pictures)))]


def _alike(names: Sequence[str], host: str, rng: np.random.Generator) -> str:
    """Choose a type, mostly of the host's modality, which what is after the comma of a name tells."""
    same = [name for name in names if name.partition(", ")[2] == host.partition(", ")[2]]
    chosen = same if same and rng.random() < 0.7 else names
    return chosen[int(rng.integers(len(chosen)))]


def _anchors(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    ids, first = np.unique(labels, return_index=True)
    return np.column_stack(np.unravel_index(first[ids > 0], labels.shape)).astype(np.int64)
