"""What the viewer reads, and what it says when it cannot."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.display.loading import load_image, load_labels
from dinocell_app.ui.viewer.cell_outline import pixel_edges


def test_all_channels_of_a_plane_are_read(tmp_path):
    planes = np.arange(2 * 3 * 2, dtype=np.uint16).reshape(2, 3, 2, 1, 1)
    stack = np.broadcast_to(planes, (2, 3, 2, 5, 7)).copy()
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "TZCYX"})
    image = load_image(path, 1, 2)
    assert image.shape == (5, 7)
    assert [levels[0][0, 0] for levels in image.channels] == [10, 11]
    assert len(image.names) == len(image.statistics) == 2


def test_an_image_that_is_none_is_named(tmp_path):
    path = tmp_path / "notes.tif"
    path.write_text("no image")
    with pytest.raises(UserFacingError, match=r"notes\.tif"):
        load_image(path, 0, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int64])
def test_labels_of_every_type_are_read(tmp_path, dtype):
    labels = np.zeros((1, 6, 8), dtype)
    labels[0, 1:3, 2:5] = 4
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    loaded = load_labels(tmp_path / "labels.tif")
    assert loaded.shape == (6, 8)
    assert loaded.area(4) == 6
    assert loaded.box(4) == (slice(1, 3), slice(2, 5))
    assert (loaded.area(3), loaded.box(3), loaded.box(5), loaded.area(5)) == (0, None, None, 0)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b"no masks"),
        lambda path: tifffile.imwrite(path, np.zeros((3, 4, 5), np.uint8), photometric="minisblack"),
        lambda path: tifffile.imwrite(path, np.zeros((4, 5), np.float32)),
        lambda path: None,
    ],
    ids=["no tiff", "stack", "fractions", "no file"],
)
def test_masks_that_cannot_be_read_are_named_with_a_remedy(tmp_path, write):
    path = tmp_path / "cells_labels.tif"
    write(path)
    with pytest.raises(UnreadableFileError, match=r"cells_labels\.tif") as caught:
        load_labels(path)
    assert "Segment the image again" in str(caught.value)


@pytest.mark.parametrize("seed", range(5))
def test_outlines_follow_every_edge_between_pixels(seed):
    mask = np.random.default_rng(seed).random((7, 9)) < 0.5
    padded = np.pad(mask, 1)
    expected = set()
    for row in range(8):
        for column in range(10):
            here = padded[row + 1, column + 1] if row < 7 and column < 9 else False
            if column < 9 and here != padded[row, column + 1]:
                expected.add((column, row, column + 1, row))
            if row < 7 and here != padded[row + 1, column]:
                expected.add((column, row, column, row + 1))
    found = []
    for x1, y1, x2, y2 in pixel_edges(mask):
        steps = range(max(x2 - x1, y2 - y1))
        across = x2 > x1
        found += [
            (
                x1 + i * across,
                y1 + i * (not across),
                x1 + (i + 1) * across,
                y1 + i * (not across) + (not across),
            )
            for i in steps
        ]
    assert len(found) == len(set(found))
    assert set(found) == expected
