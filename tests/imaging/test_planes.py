import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, grey_of_rgb, select_planes


class ArrayReader(ImageReader):
    """Planes of an array (T, Z, C, M, N), counting what is read."""

    def __init__(self, pixels: NDArray[Any], names: tuple[str, ...] = (), is_rgb: bool = False) -> None:
        self.pixels = pixels
        self.reads: list[tuple[int, int, int]] = []
        t, z, c, m, n = pixels.shape
        names = name_channels(c, names, is_rgb=is_rgb)
        super().__init__(ImageMetadata(Path("array"), t, z, c, m, n, pixels.dtype, names, None, is_rgb))

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        self.reads.append((t, z, c))
        return self.pixels[t, z, c]


def random_pixels(*shape: int, dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(3).integers(0, 250, shape).astype(dtype)


axis_choices = st.sampled_from(["each", "max", "mean"]) | st.integers(0, 99)


@given(axis_choices, axis_choices)
def test_plane_choices_are_read_as_they_are_written(z: Any, t: Any) -> None:
    choice = PlaneChoice(z=z, t=t)
    assert PlaneChoice.parse(str(choice)) == choice


@given(st.sampled_from(["colour", "grey", "mean", "DAPI", "phase (2)"]) | st.integers(0, 20))
def test_channel_choices_are_read_as_they_are_written(channel: Any) -> None:
    assert ChannelChoice.parse(str(ChannelChoice(channel))) == ChannelChoice(channel)


@pytest.mark.parametrize("text", ["", "all", "-1", "1.5", "y=1", "z=max,z=mean", "max,mean", "z="])
def test_what_is_no_plane_choice_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="no choice of planes"):
        PlaneChoice.parse(text)


def test_every_plane_is_given_with_a_suffix_of_its_own() -> None:
    pixels = random_pixels(2, 3, 1, 4, 5)
    planes = list(select_planes(ArrayReader(pixels)))
    assert [plane.address.suffix for plane in planes] == [
        f"_t{t:04d}_z{z:03d}" for t in range(2) for z in range(3)
    ]
    for plane in planes:
        np.testing.assert_array_equal(plane.pixels, pixels[plane.address.t, plane.address.z, 0])
        assert plane.pixels.dtype == np.uint16


@pytest.mark.parametrize(
    ("shape", "suffixes"),
    [((1, 1), [""]), ((1, 2), ["_z000", "_z001"]), ((2, 1), ["_t0000", "_t0001"])],
)
def test_only_axes_that_exist_are_in_the_suffix(shape: tuple[int, int], suffixes: list[str]) -> None:
    reader = ArrayReader(random_pixels(*shape, 1, 2, 2))
    assert [plane.address.suffix for plane in select_planes(reader)] == suffixes


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "bool"])
def test_projections_equal_those_of_the_whole_stack(dtype: str) -> None:
    pixels = random_pixels(3, 4, 1, 5, 6, dtype=dtype)
    stack = pixels[:, :, 0]
    by_choice = {
        PlaneChoice("max", "each"): stack.max(axis=1),
        PlaneChoice("max", "max"): stack.max(axis=(0, 1))[None],
        PlaneChoice("mean", "mean"): stack.mean(axis=(0, 1))[None],
        PlaneChoice("mean", 2): stack[2:].mean(axis=1),
        PlaneChoice("each", "max"): stack.max(axis=0),
        PlaneChoice(1, "mean"): stack[:, 1].mean(axis=0)[None],
        PlaneChoice(3, 1): stack[1:2, 3],
    }
    for choice, expected in by_choice.items():
        planes = list(select_planes(ArrayReader(pixels), choice))
        assert len(planes) == len(expected)
        for plane, values in zip(planes, expected, strict=True):
            np.testing.assert_allclose(plane.pixels, values, rtol=1e-6)
            mean_asked = "mean" in (choice.z, choice.t)
            assert plane.pixels.dtype == (np.float32 if mean_asked else pixels.dtype)


def test_missing_values_are_left_out_of_projections() -> None:
    pixels = np.array([[np.nan, 2.0, np.nan], [4.0, 6.0, np.nan]], np.float32).reshape(1, 2, 1, 1, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (mean,) = select_planes(ArrayReader(pixels), PlaneChoice("mean"))
        (largest,) = select_planes(ArrayReader(pixels), PlaneChoice("max"))
    np.testing.assert_array_equal(mean.pixels, [[4.0, 4.0, np.nan]])
    np.testing.assert_array_equal(largest.pixels, [[4.0, 6.0, np.nan]])


def test_only_what_is_chosen_is_read() -> None:
    reader = ArrayReader(random_pixels(4, 5, 3, 2, 2))
    plane = next(select_planes(reader, PlaneChoice(2, 1), ChannelChoice(1)))
    assert reader.reads == []  # finished planes of a stack are gone through without decoding them
    assert plane.pixels is plane.pixels
    assert reader.reads == [(1, 2, 1)]


def test_channels_are_found_by_index_name_and_mean() -> None:
    pixels = random_pixels(1, 1, 3, 4, 4)
    reader = ArrayReader(pixels, ("DAPI", "GFP", "phase"))
    for choice, expected in [
        ("1", pixels[0, 0, 1]),
        ("gfp", pixels[0, 0, 1]),
        ("phase", pixels[0, 0, 2]),
        ("mean", pixels[0, 0].mean(axis=0)),
    ]:
        (plane,) = select_planes(reader, channel=ChannelChoice.parse(choice))
        np.testing.assert_allclose(plane.pixels, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("choice", "words"), [("grey", "none was chosen"), ("3", "no channel 3"), ("CFP", "no channel CFP")]
)
def test_a_channel_that_is_not_there_is_named_with_those_that_are(choice: str, words: str) -> None:
    reader = ArrayReader(random_pixels(1, 1, 3, 4, 4), ("DAPI", "GFP", "phase"))
    with pytest.raises(InvalidParameterError, match=f"{words}.*1 \\(GFP\\)"):
        next(select_planes(reader, channel=ChannelChoice.parse(choice)))


@pytest.mark.parametrize("choice", [PlaneChoice(z=2), PlaneChoice(t=1)])
def test_a_plane_that_is_not_there_is_refused(choice: PlaneChoice) -> None:
    with pytest.raises(InvalidParameterError, match="counted from 0"):
        list(select_planes(ArrayReader(random_pixels(1, 2, 1, 3, 3)), choice))


@pytest.mark.parametrize("choice", ["grey", "mean", "0", "ch1", "channel_0"])
def test_the_only_channel_is_found_by_any_word(choice: str) -> None:
    pixels = random_pixels(1, 1, 1, 3, 3, dtype="uint8")
    (plane,) = select_planes(ArrayReader(pixels), channel=ChannelChoice.parse(choice))
    np.testing.assert_array_equal(plane.pixels, pixels[0, 0, 0])
    assert plane.pixels.dtype == np.uint8


@pytest.mark.parametrize(("dtype", "tolerance"), [("uint8", 0), ("uint16", 0), ("float32", 1e-6)])
def test_grey_is_the_luminance_of_opencv(dtype: str, tolerance: float) -> None:
    pixels = random_pixels(1, 1, 3, 17, 19, dtype=dtype)
    (plane,) = select_planes(ArrayReader(pixels, is_rgb=True))
    blue_first = np.ascontiguousarray(pixels[0, 0, ::-1].transpose(1, 2, 0))
    np.testing.assert_allclose(plane.pixels, cv2.cvtColor(blue_first, cv2.COLOR_BGR2GRAY), rtol=tolerance)
    assert plane.pixels.dtype == dtype


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int16", "float64"])
def test_a_grey_picture_stored_as_rgb_keeps_its_values(dtype: str) -> None:
    grey = random_pixels(6, 6, dtype=dtype)
    np.testing.assert_allclose(grey_of_rgb(grey, grey, grey), grey, rtol=1e-12)
    assert grey_of_rgb(grey, grey, grey).dtype == dtype


def test_channel_names_are_complete_and_unique() -> None:
    assert name_channels(3, ("a", "a", "")) == ("a", "a (2)", "ch3")
    assert name_channels(2, ("a",)) == ("ch1", "ch2")
    assert name_channels(3, ("x", "y", "z"), is_rgb=True) == ("red", "green", "blue")


def test_colour_is_red_green_and_blue_where_there_are_any() -> None:
    pixels = random_pixels(2, 3, 3, 4, 5, dtype="uint8")
    reader = ArrayReader(pixels, is_rgb=True)
    colour = ChannelChoice.parse("Colour")
    plane = next(select_planes(reader, PlaneChoice(z=1, t=1), colour))
    np.testing.assert_array_equal(plane.pixels, pixels[1, 1].transpose(1, 2, 0))
    np.testing.assert_array_equal(plane.read_rows(1, 3), plane.pixels[1:3])
    brightest = next(select_planes(reader, PlaneChoice(z="max", t=0), colour))
    np.testing.assert_array_equal(brightest.pixels, pixels[0].max(axis=0).transpose(1, 2, 0))


def test_colour_is_grey_where_there_are_none_and_for_networks_that_take_none() -> None:
    pixels = random_pixels(1, 1, 1, 4, 5)
    plane = next(select_planes(ArrayReader(pixels), channel=ChannelChoice("colour")))
    np.testing.assert_array_equal(plane.pixels, pixels[0, 0, 0])
    assert ChannelChoice("colour").shown_to("grey") == ChannelChoice("grey")
    assert ChannelChoice("colour").shown_to("rgb") == ChannelChoice("colour")
    assert ChannelChoice("DAPI").shown_to("grey") == ChannelChoice("DAPI")


def test_channels_that_are_no_colours_are_not_taken_for_some() -> None:
    reader = ArrayReader(random_pixels(1, 1, 3, 4, 5), names=("DAPI", "GFP", "RFP"))
    with pytest.raises(InvalidParameterError, match="none was chosen"):
        next(select_planes(reader, channel=ChannelChoice("colour")))
