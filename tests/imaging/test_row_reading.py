"""Rows of an image are those of its planes, whatever the file looks like."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import Cancelled, InvalidParameterError, UnreadableFileError
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image

HEIGHT, WIDTH = 301, 203
TIFFS: dict[str, tuple[tuple[int, ...], dict[str, Any], int]] = {
    "plain": ((HEIGHT, WIDTH), {}, 1),
    "big-endian": ((HEIGHT, WIDTH), {"byteorder": ">"}, 1),
    "tiled": ((HEIGHT, WIDTH), {"tile": (32, 48), "compression": "zlib"}, 32),
    "strips": ((HEIGHT, WIDTH), {"rowsperstrip": 17, "compression": "lzw"}, 17),
    "one-strip": ((HEIGHT, WIDTH), {"rowsperstrip": HEIGHT, "compression": "zlib"}, HEIGHT),
    "colours": ((HEIGHT, WIDTH, 3), {"photometric": "rgb", "tile": (32, 48), "compression": "zlib"}, 32),
    "colours-apart": (
        (3, HEIGHT, WIDTH),
        {"photometric": "rgb", "planarconfig": "separate", "tile": (32, 48), "compression": "zlib"},
        32,
    ),
    "plain-colours": ((HEIGHT, WIDTH, 3), {"photometric": "rgb"}, 1),
    "slices": (
        (4, HEIGHT, WIDTH),
        {"rowsperstrip": 17, "compression": "zlib", "photometric": "minisblack", "metadata": {"axes": "ZYX"}},
        17,
    ),
    "ome": (
        (2, 3, HEIGHT, WIDTH),
        {
            "ome": True,
            "tile": (64, 64),
            "compression": "zlib",
            "predictor": True,
            "metadata": {"axes": "TCYX"},
        },
        64,
    ),
    "imagej": ((2, 3, HEIGHT, WIDTH), {"imagej": True, "metadata": {"axes": "TCYX"}}, 1),
}
RUNS = ((0, 1), (0, HEIGHT), (10, 90), (32, 64), (HEIGHT - 1, HEIGHT))


def write_tiff(path: Path, name: str) -> None:
    shape, options, _ = TIFFS[name]
    pixels = np.random.default_rng(0).integers(0, 65_535, shape).astype(np.uint16)
    tifffile.imwrite(path, pixels, **options)


@pytest.mark.parametrize("name", TIFFS)
def test_rows_of_a_tiff_are_those_of_its_planes(tmp_path: Path, name: str) -> None:
    write_tiff(tmp_path / "a.tif", name)
    with open_image(tmp_path / "a.tif") as reader:
        m = reader.metadata
        assert reader.rows_together == TIFFS[name][2]
        for t, z, c in itertools.product(range(m.n_times), range(m.n_slices), range(m.n_channels)):
            plane = reader.read_plane(t, z, c)
            for first, end in RUNS:
                rows = reader.read_rows(first, end, t, z, c)
                np.testing.assert_array_equal(rows, plane[first:end])
                assert rows.dtype == plane.dtype


def test_rows_of_compressed_colours_are_those_of_the_plane(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(64, 64), compression="jpeg", photometric="rgb")
    with open_image(tmp_path / "a.tif") as reader:
        np.testing.assert_array_equal(reader.read_rows(10, 90, c=1), reader.read_plane(c=1)[10:90])


def test_rows_of_an_ome_zarr_are_those_of_its_plane(tmp_path: Path) -> None:
    import zarr

    pixels = np.random.default_rng(0).integers(0, 255, (2, HEIGHT, WIDTH)).astype(np.uint16)
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    place = {"store": str(tmp_path / "a.zarr" / "0"), "mode": "w"}
    array = zarr.open_array(**place, shape=pixels.shape, chunks=(1, 64, 64), dtype=pixels.dtype)
    array[:] = pixels
    group.attrs["multiscales"] = [{"version": "0.4", "axes": ["c", "y", "x"], "datasets": [{"path": "0"}]}]
    with open_image(tmp_path / "a.zarr") as reader:
        assert reader.rows_together == 64
        for first, end in RUNS:
            np.testing.assert_array_equal(reader.read_rows(first, end, c=1), pixels[1, first:end])


def test_a_picture_that_cannot_be_read_by_rows_is_decoded_once(tmp_path: Path) -> None:
    import imageio.v3 as iio

    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH)).astype(np.uint8)
    iio.imwrite(tmp_path / "a.png", pixels)
    with open_image(tmp_path / "a.png") as reader:
        assert reader.rows_together == HEIGHT
        np.testing.assert_array_equal(reader.read_rows(10, 90), pixels[10:90])


def test_rows_beyond_the_image_are_refused(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", "tiled")
    with open_image(tmp_path / "a.tif") as reader:
        for first, end in ((-1, 4), (5, 5), (0, HEIGHT + 1)):
            with pytest.raises(InvalidParameterError):
                reader.read_rows(first, end)
        with pytest.raises(InvalidParameterError):
            reader.read_rows(0, 1, c=1)


def test_rows_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", "tiled")
    with open_image(tmp_path / "a.tif") as reader:
        page = reader._tiff.pages[0]  # type: ignore[attr-defined]
        page.__dict__["databytecounts"] = tuple(10**9 for _ in page.databytecounts)
        with pytest.raises(UnreadableFileError, match="ends before its last pixel"):
            reader.read_rows(0, 5)


@pytest.mark.parametrize(
    ("name", "plane", "channel"),
    [
        ("colours", "each", "grey"),
        ("colours", "each", "mean"),
        ("slices", "max", "grey"),
        ("slices", "mean", "grey"),
        ("imagej", "t=max", "1"),
    ],
)
def test_rows_of_a_plane_are_projected_and_mixed_as_the_plane_is(
    tmp_path: Path, name: str, plane: str, channel: str
) -> None:
    write_tiff(tmp_path / "a.tif", name)
    with open_image(tmp_path / "a.tif") as reader:
        for chosen in select_planes(reader, PlaneChoice.parse(plane), ChannelChoice.parse(channel)):
            np.testing.assert_array_equal(chosen.read_rows(13, 99), chosen.pixels[13:99])


def test_pieces_are_decoded_once_on_the_way_down() -> None:
    pixels = np.arange(1000 * 3).reshape(1000, 3)
    decoded: list[tuple[int, int]] = []

    def read(first: int, end: int) -> np.ndarray[Any, Any]:
        decoded.append((first, end))
        return pixels[first:end]

    rows = PictureRows((1000, 3), read, 100)
    for first, end in ((0, 50), (20, 350), (299, 650), (600, 1000)):
        np.testing.assert_array_equal(rows.read(first, end), pixels[first:end])
    assert decoded == [(0, 300), (300, 600), (600, 900), (900, 1000)]
    np.testing.assert_array_equal(np.concatenate(list(rows.pieces())), pixels)


def test_reading_ends_when_asked_to() -> None:
    rows = PictureRows((10, 3), lambda first, end: np.zeros((end - first, 3)), should_stop=lambda: True)
    with pytest.raises(Cancelled):
        rows.read(0, 5)
