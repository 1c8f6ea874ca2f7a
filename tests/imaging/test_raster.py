from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging import raster
from dinocell_app.imaging.reading import open_image

NOISE = np.random.default_rng(6).integers(0, 256, (6, 7, 4), dtype=np.uint8)


def read(path: Path) -> tuple[np.ndarray, bool]:
    """All channels of a picture (C, M, N), and whether they are colours; checks what is declared."""
    with open_image(path) as reader:
        m = reader.metadata
        planes = np.stack([reader.read_plane(0, 0, c) for c in range(m.n_channels)])
    assert planes.shape == (m.n_channels, m.height, m.width)
    assert planes.dtype == m.dtype
    assert (m.n_times, m.n_slices, m.pixel_size_um) == (1, 1, None)
    return planes, m.is_rgb


@pytest.mark.parametrize("suffix", ["png", "bmp"])
@pytest.mark.parametrize("n_samples", [1, 3, 4])
def test_grey_colour_and_alpha(tmp_path: Path, suffix: str, n_samples: int) -> None:
    pixels = NOISE[..., 0] if n_samples == 1 else NOISE[..., :n_samples]
    Image.fromarray(pixels).save(tmp_path / f"x.{suffix}")
    planes, is_rgb = read(tmp_path / f"x.{suffix}")
    assert is_rgb is (n_samples > 1)
    np.testing.assert_array_equal(planes, np.atleast_3d(pixels)[..., :3].transpose(2, 0, 1))


@pytest.mark.parametrize("n_samples", [1, 3, 4])
def test_16_bits_a_sample_are_kept(tmp_path: Path, n_samples: int) -> None:
    pixels = np.random.default_rng(7).integers(0, 65536, (6, 7, n_samples), dtype=np.uint16)
    stored = pixels[..., [2, 1, 0, 3][:n_samples]] if n_samples > 1 else pixels
    assert cv2.imwrite(str(tmp_path / "x.png"), stored)  # OpenCV stores blue first
    planes, _ = read(tmp_path / "x.png")
    np.testing.assert_array_equal(planes, pixels[..., :3].transpose(2, 0, 1))


def test_grey_with_alpha_is_grey(tmp_path: Path) -> None:
    bands = [Image.fromarray(NOISE[..., band].copy()) for band in range(2)]
    Image.merge("LA", bands).save(tmp_path / "x.png")
    planes, is_rgb = read(tmp_path / "x.png")
    assert not is_rgb
    np.testing.assert_array_equal(planes, NOISE[None, ..., 0])


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_one_bit(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(NOISE[..., 0] > 100).save(tmp_path / f"x.{suffix}")
    planes, _ = read(tmp_path / f"x.{suffix}")
    assert planes.dtype == bool
    np.testing.assert_array_equal(planes[0], NOISE[..., 0] > 100)


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_palettes_are_shown_as_colours(tmp_path: Path, suffix: str) -> None:
    colours = np.random.default_rng(8).integers(0, 256, (256, 3), dtype=np.uint8)
    picture = Image.fromarray(NOISE[..., 0])
    picture.putpalette(colours.tobytes())
    picture.save(tmp_path / f"x.{suffix}")
    planes, is_rgb = read(tmp_path / f"x.{suffix}")
    assert is_rgb
    np.testing.assert_array_equal(planes, colours[NOISE[..., 0]].transpose(2, 0, 1))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (9, 8), (60, 120, 180)).convert(mode).save(tmp_path / "x.jpg", quality=95)
    planes, is_rgb = read(tmp_path / "x.jpg")
    expected = [109] if mode == "L" else [60, 120, 180]
    assert is_rgb is (mode != "L")
    assert np.abs(planes.astype(int) - np.reshape(expected, (-1, 1, 1))).max() <= 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000)])
@pytest.mark.parametrize("suffix", ["png", "bmp", "jpg"])
def test_extreme_shapes(tmp_path: Path, suffix: str, shape: tuple[int, int]) -> None:
    iio.imwrite(tmp_path / f"x.{suffix}", np.full(shape, 100, np.uint8))
    planes, _ = read(tmp_path / f"x.{suffix}")
    assert planes.shape == (1, *shape)
    assert np.abs(planes.astype(int) - 100).max() <= 2


def test_what_cannot_be_held_is_refused_before_memory_is_taken(tmp_path, monkeypatch):
    """A PNG of 1 bit a pixel is some thousand times as large in memory as on the disk."""
    path = tmp_path / "claims.png"
    iio.imwrite(path, np.zeros((12_000, 12_000), np.uint8))
    monkeypatch.setattr(raster, "free_memory_bytes", lambda: 100 << 20)
    monkeypatch.setattr(raster.RasterReader, "_decode", lambda _: pytest.fail("decoded"))
    with open_image(path) as reader, pytest.raises(UnreadableFileError, match="GiB are free"):
        reader.read_plane(0, 0, 0)
