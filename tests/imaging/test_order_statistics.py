"""Percentiles without the whole image in memory equal those of the whole image."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.imaging.order_statistics import order_statistics

DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]


def random_pixels(dtype: str, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[Any]:
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.random(shape) > 0.5
    if kind.kind == "f":
        return rng.normal(0, 1000, shape).astype(kind)
    known = np.iinfo(kind)
    return rng.integers(known.min, known.max, shape, kind, endpoint=True)


def in_pieces(pixels: NDArray[Any], rows: int = 7) -> Callable[[], Iterable[NDArray[Any]]]:
    return lambda: (pixels[first : first + rows] for first in range(0, len(pixels), rows))


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_at_ranks_are_those_of_the_sorted_pixels(dtype: str) -> None:
    pixels = random_pixels(dtype, np.random.default_rng(1), (41, 23))
    ranks = [0, 1, 17, 500, 41 * 23 - 1, 17]
    count, values = order_statistics(in_pieces(pixels), pixels.dtype, lambda n: ranks)
    assert count == pixels.size
    np.testing.assert_array_equal(values, np.sort(pixels, axis=None)[ranks])
    assert values.dtype == pixels.dtype


def test_values_that_are_no_numbers_are_left_out() -> None:
    pixels = np.array([[np.nan, 3, -0.0], [np.inf, -2, 0.0], [-np.inf, 5, 1]], np.float32)
    count, values = order_statistics(in_pieces(pixels, 1), pixels.dtype, range)
    assert count == 6
    assert values.tolist() == [-2, 0, 0, 1, 3, 5]


def test_without_pixels_there_are_no_values() -> None:
    pixels = np.full((3, 3), np.nan)
    count, values = order_statistics(in_pieces(pixels), pixels.dtype, lambda n: [0])
    assert (count, len(values)) == (0, 0)


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("shape", [(41, 23), (100, 101), (3, 5)])
def test_parts_are_prepared_as_within_the_whole(name: str, dtype: str, shape: tuple[int, int]) -> None:
    normalisation = NORMALISATIONS[name]
    pixels = random_pixels(dtype, np.random.default_rng(2), shape)
    known = normalisation.measure(in_pieces(pixels), pixels.dtype)
    parts = [normalisation.prepare_part(part, known) for part in in_pieces(pixels)()]
    np.testing.assert_array_equal(np.concatenate(parts), normalisation.prepare_image(pixels))


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
@pytest.mark.parametrize(
    "pixels",
    [
        np.full((9, 9), 7, np.uint16),
        np.array([[0, np.nan], [np.inf, 1]], np.float32),
        np.full((4, 4), np.nan, np.float32),
        np.array([[3e38, -3e38], [1, 2]], np.float32),
        np.where(np.arange(10_000) == 5, 900, 4).reshape(100, 100).astype(np.uint16),
    ],
)
def test_odd_images_are_prepared_in_parts_too(name: str, pixels: NDArray[Any]) -> None:
    normalisation = NORMALISATIONS[name]
    known = normalisation.measure(in_pieces(pixels, 1), pixels.dtype)
    parts = [normalisation.prepare_part(part, known) for part in in_pieces(pixels, 1)()]
    np.testing.assert_array_equal(np.concatenate(parts), normalisation.prepare_image(pixels))
