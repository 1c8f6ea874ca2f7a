"""Axes that files have wrong: written by a library that is not ours, read with what a person says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.axes import StoredAxes, check_axes, likely_axes, looks_misread
from dinocell_app.imaging.reading import open_image, read_metadata, stored_axes

RNG = np.random.default_rng(5)


def written(path: Path, pixels: np.ndarray, **words) -> Path:
    tifffile.imwrite(path, pixels, **words)
    return path


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_colours_last_written_as_pages_are_put_right(tmp_path: Path, compression: str | None) -> None:
    pixels = RNG.random((50, 40, 3)).astype(np.float32)
    path = written(tmp_path / "a.tif", pixels, photometric="minisblack", compression=compression)
    wrong = read_metadata(path)
    assert (wrong.n_slices, wrong.height, wrong.width) == (50, 40, 3)
    stored = stored_axes(path)
    assert stored is not None
    assert looks_misread(stored)
    assert likely_axes(stored) == "YXC"
    with open_image(path, "YXC") as reader:
        assert (reader.metadata.n_slices, reader.metadata.n_channels) == (1, 3)
        assert (reader.metadata.height, reader.metadata.width) == (50, 40)
        for channel in range(3):
            assert np.array_equal(reader.read_plane(c=channel), pixels[..., channel])


@pytest.mark.parametrize(
    ("shape", "word"), [((3, 30, 40), "CYX"), ((30, 3, 40), "YCX"), ((4, 30, 40, 3), "ZYXC")]
)
def test_every_order_is_read_as_it_is_said(tmp_path: Path, shape: tuple[int, ...], word: str) -> None:
    pixels = RNG.integers(0, 60000, shape).astype(np.uint16)
    path = written(tmp_path / "a.tif", pixels, photometric="minisblack")
    moved = np.moveaxis(pixels, word.index("C"), -1)
    with open_image(path, word) as reader:
        assert (reader.metadata.height, reader.metadata.width) == (30, 40)
        for channel in range(3):
            expected = moved[..., channel] if moved.ndim == 3 else moved[2, ..., channel]
            z = 2 if "Z" in word else 0
            assert np.array_equal(reader.read_plane(z=z, c=channel), expected)


def test_times_and_slices_are_exchanged_in_an_imagej_file(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 255, (5, 2, 20, 30)).astype(np.uint8)
    path = written(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "ZCYX"})
    with open_image(path, "TCYX") as reader:
        assert (reader.metadata.n_times, reader.metadata.n_slices, reader.metadata.n_channels) == (5, 1, 2)
        assert np.array_equal(reader.read_plane(t=3, c=1), pixels[3, 1])


def test_what_the_file_says_is_said_again_without_a_change(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 255, (2, 3, 20, 30)).astype(np.uint8)
    path = written(tmp_path / "a.ome.tif", pixels, metadata={"axes": "TCYX"})
    stored = stored_axes(path)
    assert stored is not None
    assert stored.named() == "TCYX"
    assert read_metadata(path, stored.named()) == read_metadata(path)
    assert likely_axes(stored) is None


@pytest.mark.parametrize(
    ("word", "said"),
    [("YX", "3 axes"), ("QYX", "no axis is called Q"), ("YYX", "once each"), ("ZYC", "once")],
)
def test_a_word_that_cannot_be_meant_is_refused(tmp_path: Path, word: str, said: str) -> None:
    path = written(tmp_path / "a.tif", np.zeros((3, 20, 30), np.uint8), photometric="minisblack")
    with pytest.raises(InvalidParameterError, match=said):
        open_image(path, word)


def test_a_format_with_fixed_axes_says_so(tmp_path: Path) -> None:
    import imageio.v3 as imageio

    imageio.imwrite(tmp_path / "a.png", np.zeros((20, 30), np.uint8))
    assert stored_axes(tmp_path / "a.png") is None
    with pytest.raises(InvalidParameterError, match="axes are fixed"):
        open_image(tmp_path / "a.png", "XY")


@pytest.mark.parametrize(
    ("codes", "shape", "word"),
    [
        ("QYX", (1724, 1024, 3), "YXC"),
        ("QYX", (1724, 3, 1024), "YCX"),
        ("QQYX", (10, 1724, 1024, 4), "ZYXC"),
        ("QYX", (3, 512, 512), "CYX"),
        ("QYX", (30, 512, 512), None),
        ("ZYX", (3, 512, 512), None),
        ("CYX", (3, 512, 512), None),
        ("YXS", (512, 512, 3), None),
        ("YX", (1, 20000), None),
        ("YX", (512, 512), None),
    ],
)
def test_what_is_suggested(codes: str, shape: tuple[int, ...], word: str | None) -> None:
    assert likely_axes(StoredAxes(codes, shape)) == word


@given(st.lists(st.tuples(st.sampled_from("TZCQYXSI"), st.integers(1, 3000)), min_size=1, max_size=6))
def test_a_suggestion_can_always_be_meant(axes: list[tuple[str, int]]) -> None:
    stored = StoredAxes("".join(code for code, _ in axes), tuple(length for _, length in axes))
    suggested = likely_axes(stored)
    if suggested is not None:
        check_axes(suggested, stored, Path("a.tif"))
        assert suggested != stored.named()
