import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dinocell_app.imaging.intensity import NORMALISATIONS, standardise

PERCENTILE = NORMALISATIONS["percentile"]
CLAHE = NORMALISATIONS["clahe_imagenet"]
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def published_preprocessing(tile: np.ndarray) -> np.ndarray:
    """The published preprocessing of an 8-bit crop, written out with OpenCV calls in float64."""
    equalised = cv2.createCLAHE(clipLimit=1, tileGridSize=(8, 8)).apply(tile)
    stretched = cv2.normalize(equalised, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    colours = cv2.cvtColor(stretched, cv2.COLOR_GRAY2BGR) / 255.0
    return ((colours - MEAN) / STD).transpose(2, 0, 1)


@pytest.mark.parametrize("shape", [(512, 512), (64, 100), (7, 13), (1, 1), (1, 300), (300, 1)])
def test_clahe_is_that_of_the_published_code(shape: tuple[int, int]) -> None:
    tile = np.random.default_rng(0).gamma(2.0, 20.0, shape).clip(0, 255).astype(np.uint8)
    shown = CLAHE.prepare_tile(CLAHE.prepare_image(tile))
    assert shown.dtype == np.float32
    assert shown.shape == (3, *shape)
    np.testing.assert_allclose(shown, published_preprocessing(tile), atol=1e-5)


def test_clahe_of_a_part_of_a_larger_image() -> None:
    image = np.random.default_rng(1).integers(0, 256, (96, 90), dtype=np.uint8)
    shown = CLAHE.prepare_tile(image[8:72, 3:67])
    np.testing.assert_allclose(shown, published_preprocessing(image[8:72, 3:67].copy()), atol=1e-5)


def test_clahe_rounds_resampled_tiles() -> None:
    tile = np.random.default_rng(2).integers(0, 256, (40, 40), dtype=np.uint8)
    blurred = (tile + 0.3).astype(np.float32)
    np.testing.assert_array_equal(CLAHE.prepare_tile(blurred), CLAHE.prepare_tile(tile))


def test_clahe_keeps_8_bit_and_stretches_other_depths() -> None:
    narrow = np.array([[10, 20], [30, 40]], np.uint8)
    np.testing.assert_array_equal(CLAHE.prepare_image(narrow), narrow)
    for dtype in ("uint16", "int16", "uint32", "int32", "float32", "float64"):
        np.testing.assert_array_equal(CLAHE.prepare_image(narrow.astype(dtype)), [[0, 85], [170, 255]])
    np.testing.assert_array_equal(CLAHE.prepare_image(np.array([[True, False]])), [[255, 0]])


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
@pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf])
def test_an_image_of_one_value_becomes_zero(name: str, value: float) -> None:
    prepared = NORMALISATIONS[name].prepare_image(np.full((4, 5), value, np.float32))
    assert not prepared.any()
    assert np.isfinite(NORMALISATIONS[name].prepare_tile(prepared)).all()


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
def test_missing_values_do_not_disturb_the_others(name: str) -> None:
    values = np.random.default_rng(4).normal(100, 10, (30, 30)).astype(np.float32)
    holed = values.copy()
    holed[0, :3] = np.nan, np.inf, -np.inf
    prepared = NORMALISATIONS[name].prepare_image(holed)
    assert not prepared[0, :3].any()
    low, high = np.percentile(values.ravel()[3:], (1, 99))
    if name == "percentile":
        np.testing.assert_allclose(prepared[1:], ((values - low) / (high - low))[1:], atol=1e-5)


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
@settings(max_examples=30, deadline=None)
@given(
    pixels=hnp.arrays(
        st.sampled_from(
            ["bool", "uint8", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64"]
        ),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    )
)
def test_any_pixels_become_finite_network_input(name: str, pixels: np.ndarray) -> None:
    prepared = NORMALISATIONS[name].prepare_image(pixels)
    shown = NORMALISATIONS[name].prepare_tile(prepared)
    assert shown.shape == (3, *pixels.shape)
    assert shown.dtype == np.float32
    assert np.isfinite(shown).all()


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
def test_small_differences_on_a_high_ground_survive_in_32_bit(name: str) -> None:
    ramp = np.arange(256, dtype=np.uint32).reshape(16, 16)
    normalisation = NORMALISATIONS[name]
    on_top = normalisation.prepare_image(ramp + np.uint32(2**31))
    np.testing.assert_allclose(on_top, normalisation.prepare_image(ramp), atol=1e-5)


def test_percentiles_become_zero_and_one() -> None:
    values = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    prepared = PERCENTILE.prepare_image(values)
    np.testing.assert_allclose(np.percentile(prepared, (1, 99)), (0, 1), atol=1e-6)


def test_bright_specks_stay_graded_up_to_the_overshoot() -> None:
    values = np.zeros((100, 100), np.float32)
    values[:50] = 1
    values[0, :2] = 2, 50
    prepared = PERCENTILE.prepare_image(values)
    assert prepared[0, 0] == 2
    assert prepared[0, 1] == 2.5


def test_grey_is_shown_with_the_statistics_of_imagenet() -> None:
    np.testing.assert_allclose(
        standardise(np.full((1, 1), 0.5, np.float32))[:, 0, 0], (0.5 - MEAN) / STD, rtol=1e-6
    )


def test_colours_keep_their_hue_and_go_to_one_input_channel_each() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    percentile = NORMALISATIONS["percentile"]
    prepared = percentile.prepare_image(pixels)
    low, high = np.percentile(pixels, (1, 99))
    np.testing.assert_allclose(prepared, (pixels - low) / (high - low), atol=1e-6)
    known = percentile.measure(lambda: iter([pixels[:15], pixels[15:]]), pixels.dtype)
    np.testing.assert_array_equal(percentile.prepare_part(pixels[:9], known), prepared[:9])
    tile = percentile.prepare_tile(prepared)
    assert tile.shape == (3, 40, 50)
    for channel in range(3):
        grey = percentile.prepare_tile(prepared[..., channel])
        np.testing.assert_array_equal(tile[channel], grey[channel])


def test_a_colour_image_of_greys_is_shown_as_the_grey_image() -> None:
    grey = np.random.default_rng(1).integers(0, 4096, (30, 20), dtype=np.uint16)
    percentile = NORMALISATIONS["percentile"]
    shown = percentile.prepare_tile(percentile.prepare_image(np.repeat(grey[..., None], 3, axis=2)))
    np.testing.assert_array_equal(shown, percentile.prepare_tile(percentile.prepare_image(grey)))
