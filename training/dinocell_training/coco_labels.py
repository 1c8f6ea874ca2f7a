"""Labels of single images out of a COCO file that lists thousands.

A COCO file can only be parsed as a whole, which takes many seconds for the large public ones. It is
therefore drawn once a process and its label images are kept compressed in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.coco import read_coco_labels


@dataclass(frozen=True)
class _Packed:
    """An array compressed in memory; label images shrink to a few hundredths."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    content: bytes

    @classmethod
    def of(cls, array: NDArray[Any]) -> _Packed:
        return cls(array.shape, array.dtype, zlib.compress(array.tobytes(), level=1))

    def array(self) -> NDArray[Any]:
        return np.frombuffer(zlib.decompress(self.content), dtype=self.dtype).reshape(self.shape)


def count_boxes_only(path: Path, image_name: str) -> int:
    """Count the objects of an image that have a box and no outline.

    Raises
    ------
    UnreadableFileError
        As `read_listed_labels` does.
    """
    return _listed(path, image_name)[2]


def read_listed_labels(path: Path, image_name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Read the labels of one image of a COCO file.

    Parameters
    ----------
    path : Path
        The COCO file; it is read again when it has changed.
    image_name : str
        The image's `file_name` in that file.

    Returns
    -------
    labels : ndarray of shape (M, N), uint16 or uint32
        0 = background; read only.
    crowd : ndarray of shape (M, N), bool
        Where cells are not told apart (`iscrowd`), to be ignored; read only.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or does not list the image.
    """
    labels, crowd, _ = _listed(path, image_name)
    return labels.array(), crowd.array()


def _listed(path: Path, image_name: str) -> tuple[_Packed, _Packed, int]:
    modified = path.stat().st_mtime_ns if path.exists() else 0
    images = _drawn(path, modified)
    if image_name not in images:
        raise UnreadableFileError(
            f"The file does not list the image {image_name}",
            path=path,
            remedy="Export the annotations again together with their images",
        )
    return images[image_name]


@lru_cache(maxsize=4)
def _drawn(path: Path, modified: int) -> Mapping[str, tuple[_Packed, _Packed, int]]:
    return {
        image.file_name: (_Packed.of(image.labels), _Packed.of(image.crowd), image.n_boxes_only)
        for image in read_coco_labels(path)
    }
