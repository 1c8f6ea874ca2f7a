"""Pictures without labels: found once, judged once, and read only when their turn comes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.utils.data import Dataset

from dinocell_app.base.errors import UserFacingError
from dinocell_app.imaging.intensity import PercentileNormalisation
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.imaging.scan import LeftOut, scan_inputs
from dinocell_training.pairing import DERIVED_ENDINGS, LABEL_ENDINGS, LABEL_FOLDERS
from dinocell_training.self_distillation.multi_crop import ViewSizes, multi_crop

CROP_EDGE = 1024
"""Pixels of the densest part that is taken from a picture (paper 3.1.1)."""

SMALLEST_EDGE = 32
MOST_TIMES = 8
"""Time points of a film that count as pictures of their own; neighbouring ones hardly differ."""

CACHE_BYTES = 256 << 20

_BLOCK = 64


@dataclass(frozen=True)
class Picture:
    """The part of one plane of one file that views are cut from.

    Parameters
    ----------
    channel : str
        As `imaging.planes.ChannelChoice` reads it.
    box : tuple of int
        Top, left, height and width in pixels.
    """

    path: str
    channel: str
    t: int
    z: int
    box: tuple[int, int, int, int]

    def read(self) -> NDArray[np.float16]:
        """Decode the picture.

        Returns
        -------
        ndarray of shape (height, width), float16
            0 at percentile 1 of the plane and 1 at percentile 99.
        """
        top, left, height, width = self.box
        plane = _prepared(Path(self.path), self.channel, self.t, self.z)
        return plane[top : top + height, left : left + width].astype(np.float16)


def find_pictures(inputs: Sequence[Path], *, recursive: bool) -> Iterator[Picture | LeftOut]:
    """Find what can be learned from, and what cannot and why.

    Parameters
    ----------
    inputs : sequence of Path
        Image files and folders.
    recursive : bool
        Whether folders below are searched.

    Yields
    ------
    Picture or LeftOut
        In the order of the files. Each channel of a fluorescence image is a picture, and so is their mean.
    """
    for path in scan_inputs(inputs, recursive=recursive).images:
        if _is_label_file(path):
            yield LeftOut(path, "is a label image by its name or folder")
            continue
        try:
            with open_image(path) as reader:
                metadata = reader.metadata
            if min(metadata.height, metadata.width) < SMALLEST_EDGE:
                yield LeftOut(path, f"has fewer than {SMALLEST_EDGE} pixels along an edge")
                continue
            for t in _spread(metadata.n_times):
                for channel in _channels(metadata):
                    yield _judged(path, channel, t, metadata.n_slices // 2)
        except UserFacingError as error:
            yield LeftOut(path, error.what)


def densest_box(plane: NDArray[np.float32], edge: int = CROP_EDGE) -> tuple[int, int, int, int]:
    """Find the part of a plane with the highest variance of the Laplacian.

    Parameters
    ----------
    plane : ndarray of shape (M, N), float32
    edge : int
        Of the part, or what the plane has.

    Returns
    -------
    top, left, height, width : int
        On a grid of 64 pixels, which is as good and needs no memory for every place.
    """
    rows, columns = plane.shape
    height, width = min(edge, rows), min(edge, columns)
    if (height, width) == plane.shape:
        return 0, 0, height, width
    laplacian = ndimage.laplace(plane)
    sums, squares = (_block_sums(values) for values in (laplacian, np.square(laplacian, dtype=np.float64)))
    best, found = -1.0, (0, 0)
    down, right = -(-height // _BLOCK), -(-width // _BLOCK)
    for top in range(max(1, sums.shape[0] - down + 1)):
        for left in range(max(1, sums.shape[1] - right + 1)):
            window = np.s_[top : top + down, left : left + right]
            n = down * right * _BLOCK**2
            variance = float(squares[window].sum() / n - (sums[window].sum() / n) ** 2)
            if variance > best:
                best, found = variance, (top * _BLOCK, left * _BLOCK)
    return min(found[0], rows - height), min(found[1], columns - width), height, width


class ViewDataset(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Views of pictures without end; the n-th example depends on n and the seed alone."""

    def __init__(self, pictures: Sequence[Picture], sizes: ViewSizes, seed: int) -> None:
        self._pictures = pictures
        self._sizes = sizes
        self._seed = seed
        self._read: OrderedDict[int, NDArray[np.float16]] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Give an example; every picture has its turn before one comes again.

        Returns
        -------
        large : Tensor of shape (2, H, W)
        small : Tensor of shape (L, h, w)
        """
        turn, place = divmod(n, len(self._pictures))
        order = np.random.default_rng((self._seed, 0, turn)).permutation(len(self._pictures))
        pixels = self._pixels(int(order[place])).astype(np.float32)
        return multi_crop(pixels, np.random.default_rng((self._seed, 1, n)), self._sizes)

    def _pixels(self, index: int) -> NDArray[np.float16]:
        if index in self._read:
            self._read.move_to_end(index)
            return self._read[index]
        pixels = self._pictures[index].read()
        self._read[index] = pixels
        self._bytes += pixels.nbytes
        while self._bytes > CACHE_BYTES and len(self._read) > 1:
            self._bytes -= self._read.popitem(last=False)[1].nbytes
        return pixels


def _judged(path: Path, channel: str, t: int, z: int) -> Picture | LeftOut:
    plane = _prepared(path, channel, t, z)
    if float(plane.max()) == float(plane.min()):
        name = "" if channel == "grey" else f" (channel {channel})"
        return LeftOut(path, f"is blank: all its pixels have the same value{name}")
    return Picture(str(path), channel, t, z, densest_box(plane))


def _prepared(path: Path, channel: str, t: int, z: int) -> NDArray[np.float32]:
    with open_image(path) as reader:
        plane = next(select_planes(reader, PlaneChoice(t=t, z=z), ChannelChoice.parse(channel)))
        return PercentileNormalisation().prepare_image(plane.pixels)


def _channels(metadata: ImageMetadata) -> list[str]:
    if metadata.n_channels == 1 or metadata.is_rgb:
        return ["grey"]
    return [*map(str, range(metadata.n_channels)), "mean"]


def _spread(n_times: int) -> list[int]:
    return sorted({int(t) for t in np.linspace(0, n_times - 1, min(n_times, MOST_TIMES))})


def _block_sums(values: NDArray[np.floating]) -> NDArray[np.float64]:
    rows, columns = (np.arange(0, length, _BLOCK) for length in values.shape)
    by_row = np.add.reduceat(values, rows, axis=0, dtype=np.float64)
    sums: NDArray[np.float64] = np.add.reduceat(by_row, columns, axis=1)
    return sums


def _is_label_file(path: Path) -> bool:
    return path.parent.name.lower() in LABEL_FOLDERS or path.stem.lower().endswith(
        (*LABEL_ENDINGS, *DERIVED_ENDINGS)
    )
