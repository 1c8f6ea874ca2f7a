"""Rows resampled by themselves are those of the whole image resampled by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dinocell_app.segmentation.label_store import LabelStore
from dinocell_app.segmentation.resampled_rows import resampled_rows, source_rows

SIZES = [
    ((60, 47), (45, 35), cv2.INTER_AREA),
    ((60, 47), (20, 16), cv2.INTER_AREA),
    ((60, 47), (59, 46), cv2.INTER_AREA),
    ((60, 47), (1, 1), cv2.INTER_AREA),
    ((60, 47), (110, 86), cv2.INTER_CUBIC),
    ((60, 47), (61, 48), cv2.INTER_CUBIC),
    ((60, 47), (23, 18), cv2.INTER_LINEAR),
    ((60, 47), (30, 24), cv2.INTER_LINEAR),
    ((60, 47), (240, 188), cv2.INTER_LINEAR),
    ((60, 47), (60, 47), cv2.INTER_LINEAR),
]


@pytest.mark.parametrize(("source", "target", "interpolation"), SIZES)
def test_rows_are_those_of_the_whole(
    source: tuple[int, int], target: tuple[int, int], interpolation: int
) -> None:
    image = np.random.default_rng(0).random(source).astype(np.float32)
    expected = cv2.resize(image, target[::-1], interpolation=interpolation)
    asked: list[tuple[int, int]] = []

    def read(first: int, end: int) -> np.ndarray:
        asked.append((first, end))
        return image[first:end]

    for first, end in ((0, target[0]), (target[0] // 3, target[0] // 3 + 1), (target[0] // 2, target[0])):
        rows = resampled_rows(read, source, target, (first, end), interpolation)
        np.testing.assert_allclose(rows, expected[first:end], atol=1e-5)
        assert asked[-1] == source_rows(source[0], target[0], first, end, interpolation)


def test_several_channels_are_resampled_at_once() -> None:
    maps = np.random.default_rng(0).random((3, 50, 40)).astype(np.float32)
    rows = resampled_rows(
        lambda first, end: maps[:, first:end], (50, 40), (75, 60), (10, 30), cv2.INTER_LINEAR
    )
    for channel, found in zip(maps, rows, strict=True):
        expected = cv2.resize(channel, (60, 75), interpolation=cv2.INTER_LINEAR)[10:30]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_labels_are_read_as_they_were_written() -> None:
    rng = np.random.default_rng(0)
    expected = np.zeros((2100, 3050), np.uint32)
    store = LabelStore((2100, 3050), open_pieces=1)
    for cell in range(1, 60):
        top, left = int(rng.integers(0, 2000)), int(rng.integers(0, 2900))
        part = (rng.random((100, 150)) > 0.3) * cell
        store.add(top, left, part)
        expected[top : top + 100, left : left + 150][part > 0] = cell
    np.testing.assert_array_equal(store.read((0, 2100), (0, 3050)), expected)
    np.testing.assert_array_equal(store.read((900, 1300), (1000, 2100)), expected[900:1300, 1000:2100])
    ids = np.arange(60, dtype=np.uint16)[::-1].copy()
    ids[0] = 0
    store.renumber(ids)
    assert store.dtype == np.uint16
    np.testing.assert_array_equal(store.read((0, 2100), (0, 3050)), ids[expected])
