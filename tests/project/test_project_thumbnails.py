"""Thumbnails of images of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.project.project import Project
from dinocell_app.project.thumbnails import make_thumbnail, read_thumbnail, thumbnail_path, write_thumbnail


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "bool"])
@pytest.mark.parametrize(
    ("shape", "expected"), [((200, 400), (48, 96)), ((30, 20), (30, 20)), ((1000, 2), (96, 1))]
)
def test_the_longer_side_has_the_size(
    tmp_path: Path, dtype: str, shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, np.indices(shape).sum(axis=0).astype(dtype), photometric="minisblack")
    thumbnail = make_thumbnail(path)
    assert thumbnail.shape == (*expected, 3)
    assert thumbnail.dtype == np.uint8


def test_bright_is_bright_and_nan_does_not_spread(tmp_path: Path) -> None:
    pixels = np.zeros((400, 400), np.float32)
    pixels[:, 200:] = 5.0
    pixels[0, 0] = np.nan
    tifffile.imwrite(tmp_path / "x.tif", pixels)
    thumbnail = make_thumbnail(tmp_path / "x.tif")
    assert thumbnail[50, 20].max() < 20
    assert thumbnail[50, 70].min() > 230


def test_colours_stay_colours(tmp_path: Path) -> None:
    pixels = np.zeros((300, 300, 3), np.uint8)
    pixels[:, :150, 0], pixels[:, 150:, 2] = 200, 200
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb")
    left, right = make_thumbnail(tmp_path / "x.tif")[48, [20, 70]]
    assert left.argmax() == 0
    assert right.argmax() == 2


def test_channels_are_mixed(tmp_path: Path) -> None:
    pixels = np.zeros((2, 300, 300), np.uint16)
    pixels[0, :, :150], pixels[1, :, 150:] = 900, 900
    tifffile.imwrite(tmp_path / "x.tif", pixels, imagej=True, metadata={"axes": "CYX"})
    left, right = make_thumbnail(tmp_path / "x.tif")[48, [20, 70]].tolist()
    assert left == [0, 255, 0]
    assert right == [255, 0, 255]


def test_a_thumbnail_that_was_kept_comes_back(filled: Project) -> None:
    image = filled.images.all()[0]
    path = thumbnail_path(filled.folder / "thumbnails", image)
    assert read_thumbnail(path) is None
    thumbnail = make_thumbnail(filled.images.path(image.id))
    write_thumbnail(path, thumbnail)
    again = read_thumbnail(path)
    assert again is not None
    assert np.array_equal(again, thumbnail)
    path.write_bytes(b"damaged")
    assert read_thumbnail(path) is None


def test_a_broken_image_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.tif").touch()
    with pytest.raises(UnreadableFileError, match="empty"):
        make_thumbnail(tmp_path / "x.tif")
