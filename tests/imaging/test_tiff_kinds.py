"""Scale, times, channel names and colours as the kinds of TIFF files write them."""

from __future__ import annotations

import logging
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.label_files import read_labels
from dinocell_app.imaging.file_formats import FORMAT_OF_SUFFIX
from dinocell_app.imaging.pixel_size import parse_pixel_size, seconds_in
from dinocell_app.imaging.reading import open_image, read_metadata
from dinocell_app.imaging.scan import scan_folder

RNG = np.random.default_rng(3)


def pixels_of(*shape: int, dtype: str = "u1") -> np.ndarray[Any, Any]:
    return RNG.integers(0, 250, shape).astype(dtype)


# ---- channel names


def composite(path: Path, labels: list[str], axes: str = "CYX", shape: tuple[int, ...] = (2,)) -> Path:
    metadata = {"axes": axes, "Labels": labels, "mode": "composite"}
    tifffile.imwrite(path, pixels_of(*shape, 20, 30), imagej=True, metadata=metadata)
    return path


def test_labels_of_slices_are_no_names_of_channels(tmp_path: Path) -> None:
    for number in range(3):
        labels = [f"c:{c}/2 - field{number}.lif" for c in (1, 2)]
        path = composite(tmp_path / f"field{number}.tif", labels)
        assert read_metadata(path).channel_names == ("ch1", "ch2")


def test_labels_that_are_the_same_in_every_plane_of_a_channel_are_names(tmp_path: Path) -> None:
    path = composite(tmp_path / "a.tif", ["DAPI", "GFP"] * 6, "TZCYX", (2, 3, 2))
    assert read_metadata(path).channel_names == ("DAPI", "GFP")
    path = composite(tmp_path / "b.tif", [f"frame {n}" for n in range(12)], "TZCYX", (2, 3, 2))
    assert read_metadata(path).channel_names == ("ch1", "ch2")


def test_a_label_that_repeats_the_name_of_the_file_is_no_name(tmp_path: Path) -> None:
    path = composite(tmp_path / "Exp7.tif", ["Exp7 - 1", "Exp7 - 2"])
    assert read_metadata(path).channel_names == ("ch1", "ch2")


# ---- scale and times


@pytest.mark.parametrize(("said", "um"), [("MPP = 0.4990", 0.499), ("|MPP=0.25|", 0.25), ("AMPP = 3", None)])
def test_slide_scanners_write_the_scale_into_the_description(
    tmp_path: Path, said: str, um: float | None
) -> None:
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, pixels_of(20, 30), description=f"A scanner\n{said} AppMag = 20", metadata=None)
    assert read_metadata(path).pixel_size_um == um


def test_philips_and_ventana_scanners_write_it_otherwise(tmp_path: Path) -> None:
    philips = '<Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028">"0.00025" "0.00025"</Attribute>'
    tifffile.imwrite(tmp_path / "p.tif", pixels_of(20, 30), description=philips, metadata=None)
    assert read_metadata(tmp_path / "p.tif").pixel_size_um == pytest.approx(0.25)
    xmp = b'<iScan Magnification="40" ScanRes="0.2325"/>'
    tifffile.imwrite(tmp_path / "v.tif", pixels_of(20, 30), extratags=[(700, 1, len(xmp), xmp, True)])
    assert read_metadata(tmp_path / "v.tif").pixel_size_um == pytest.approx(0.2325)


def test_electron_microscopes_write_it_into_their_tags(tmp_path: Path) -> None:
    fei = b"[User]\r\nDate=1/1/2020\r\n\r\n[Scan]\r\nPixelWidth=1.5e-008\r\nPixelHeight=1.5e-008\r\n"
    tifffile.imwrite(tmp_path / "fei.tif", pixels_of(20, 30), extratags=[(34682, 2, len(fei), fei, True)])
    assert read_metadata(tmp_path / "fei.tif").pixel_size_um == pytest.approx(0.015)
    sem = b"0\r\n0\r\n0\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 5.6 nm\r\n"
    tifffile.imwrite(tmp_path / "sem.tif", pixels_of(20, 30), extratags=[(34118, 2, len(sem), sem, True)])
    assert read_metadata(tmp_path / "sem.tif").pixel_size_um == pytest.approx(0.0056)


def test_an_ome_tiff_without_a_size_has_the_one_of_its_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, pixels_of(20, 30), resolution=(20000, 20000), resolutionunit="CENTIMETER")
    assert read_metadata(path).pixel_size_um == pytest.approx(0.5)
    tifffile.imwrite(path, pixels_of(20, 30), resolution=(72, 72), resolutionunit="INCH")
    assert read_metadata(path).pixel_size_um is None


def test_imagej_writes_slices_and_times(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    metadata = {"axes": "TZYX", "unit": "um", "spacing": 1.5, "finterval": 30.0}
    tifffile.imwrite(path, pixels_of(3, 2, 20, 30), imagej=True, resolution=(4, 4), metadata=metadata)
    m = read_metadata(path)
    assert (m.pixel_size_um, m.z_step_um, m.times_s) == (0.25, 1.5, (0, 30, 60))
    assert (m.time_s(2), m.depth_um(1), m.time_s(None), m.depth_um(None)) == (60, 1.5, None, None)


def test_ome_times_are_those_of_the_planes_before_the_increment(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    plane = {"DeltaT": [1.0, 3.0, 8.0], "DeltaTUnit": ["min"] * 3}
    metadata = {"axes": "TYX", "TimeIncrement": 2.0, "TimeIncrementUnit": "s", "Plane": plane}
    tifffile.imwrite(path, pixels_of(3, 20, 30), photometric="minisblack", metadata=metadata)
    assert read_metadata(path).times_s == (0, 120, 420)
    del metadata["Plane"]
    tifffile.imwrite(path, pixels_of(3, 20, 30), photometric="minisblack", metadata=metadata)
    assert read_metadata(path).times_s == (0, 2, 4)


def test_oblong_pixels_are_warned_about_with_the_name_of_the_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "oblong.ome.tif"
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.6}
    tifffile.imwrite(path, pixels_of(20, 30), metadata=metadata)
    with caplog.at_level(logging.WARNING):
        read_metadata(path)
    assert "oblong.ome.tif" in caplog.text
    assert "0.5 x 0.6 um" in caplog.text


@pytest.mark.parametrize(
    "text", ["0.65 um/px", "0.65um / pixel", "650 nm per px", "0,65 µm/Pixel", "0.65/px"]
)
def test_a_pixel_size_may_be_said_by_the_pixel(text: str) -> None:
    assert parse_pixel_size(text) == pytest.approx(0.65)


@pytest.mark.parametrize("text", ["um/px", "0.65 px/um", "0.65 um/px/px"])
def test_what_is_no_length_by_the_pixel_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="not a pixel size"):
        parse_pixel_size(text)


@pytest.mark.parametrize(
    ("unit", "seconds"), [("ms", 1e-3), ("µs", 1e-6), ("min", 60), ("h", 3600), ("m", None)]
)
def test_units_of_time(unit: str, seconds: float | None) -> None:
    assert seconds_in(unit) == seconds
    assert seconds_in(None) is None


# ---- colours


def read_colours(path: Path) -> np.ndarray[Any, Any]:
    with open_image(path) as reader:
        assert reader.metadata.is_rgb
        planes = [reader.read_plane(c=c) for c in range(3)]
        rows = [reader.read_rows(2, 9, c=c) for c in range(3)]
        np.testing.assert_array_equal(np.dstack(rows), np.dstack(planes)[2:9])
        return np.dstack(planes)


def palette_tiff(path: Path, colours: list[tuple[int, int, int]], bits: np.ndarray[Any, Any]) -> None:
    """A palette of one bit a pixel, which tifffile does not write, by hand (TIFF 6.0)."""
    height, width = bits.shape
    packed = np.packbits(bits, axis=1).tobytes()
    table = struct.pack("<6H", *(257 * colour[c] for c in range(3) for colour in colours))
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 3)]
    start = 8 + 2 + 12 * 9 + 4
    entries += [(273, 4, 1, start + 12), (278, 3, 1, height), (279, 4, 1, len(packed)), (320, 3, 6, start)]
    directory = struct.pack("<H", 9) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + directory + table + packed)


def test_a_palette_of_two_colours_is_shown_in_them(tmp_path: Path) -> None:
    bits = RNG.integers(0, 2, (20, 30)).astype(np.uint8)
    colours = [(10, 20, 30), (250, 100, 5)]
    palette_tiff(tmp_path / "two.tif", colours, bits)
    np.testing.assert_array_equal(read_colours(tmp_path / "two.tif"), np.array(colours, np.uint8)[bits])


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
def test_lab_is_shown_in_colours(tmp_path: Path, photometric: str) -> None:
    rgb = cv2.GaussianBlur(pixels_of(20, 30, 3), (5, 5), 0)
    lab = cv2.cvtColor((rgb / np.float32(255)).astype(np.float32), cv2.COLOR_RGB2Lab)
    lightness = np.rint(lab[..., :1] * 2.55).astype(np.uint8)
    signed = np.rint(lab[..., 1:]).astype(np.int16)
    stored = (
        signed.astype(np.int8).view(np.uint8) if photometric == "cielab" else (signed + 128).astype(np.uint8)
    )
    tifffile.imwrite(
        tmp_path / "lab.tif",
        np.concatenate([lightness, stored], -1),
        photometric=photometric,
        planarconfig="contig",
    )
    found = read_colours(tmp_path / "lab.tif").astype(int)
    assert np.abs(found - rgb).max() <= 5  # a* and b* are whole numbers


def test_cmyk_is_shown_as_pillow_shows_it(tmp_path: Path) -> None:
    ink = pixels_of(20, 30, 4)
    Image.fromarray(ink, "CMYK").save(tmp_path / "ink.tif")
    expected = np.asarray(Image.fromarray(ink, "CMYK").convert("RGB")).astype(int)
    assert np.abs(read_colours(tmp_path / "ink.tif") - expected).max() <= 1


# ---- names of files


def test_every_suffix_that_a_reader_knows_is_found_by_a_scan(tmp_path: Path) -> None:
    for number, suffix in enumerate(s for s in FORMAT_OF_SUFFIX if s != ".zarr"):
        (tmp_path / f"{number}{suffix}").write_bytes(b"content")
    found = {path.suffix for path in scan_folder(tmp_path).images}
    assert found == set(FORMAT_OF_SUFFIX) - {".zarr"}
    assert {".lsm", ".stk", ".svs", ".ndpi", ".scn", ".qptiff", ".jfif", ".lof"} <= found


# ---- what old libraries beside a present numpy could not read


def test_big_endian_labels_keep_their_numbers(tmp_path: Path) -> None:
    labels = RNG.integers(0, 40000, (20, 30)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "fiji_labels.tif", labels, imagej=True, byteorder=">")
    np.testing.assert_array_equal(read_labels(tmp_path / "fiji_labels.tif"), labels)


def test_a_big_endian_palette_is_shown_in_its_colours(tmp_path: Path) -> None:
    indices = pixels_of(20, 30)
    colours = RNG.integers(0, 256, (3, 256)).astype(np.uint16)
    words: dict[str, Any] = {"photometric": "palette", "colormap": colours * 257, "byteorder": ">"}
    tifffile.imwrite(tmp_path / "palette.tif", indices, **words)
    np.testing.assert_array_equal(read_colours(tmp_path / "palette.tif"), colours.T[indices])


def test_rows_of_a_large_tiled_image_are_read_without_the_rest(tmp_path: Path) -> None:
    path, side = tmp_path / "large.tif", 8200
    rows = (np.arange(side) % 251).astype(np.uint8)
    tiles = (
        np.repeat(rows[first : first + 512, None], 512, 1) for first in range(0, side, 512) for _ in range(17)
    )
    padded = (np.pad(tile, ((0, 512 - len(tile)), (0, 0))) for tile in tiles)
    words: dict[str, Any] = {
        "tile": (512, 512),
        "compression": "zlib",
        "shape": (side, side),
        "dtype": np.uint8,
    }
    tifffile.imwrite(path, padded, **words)
    with open_image(path) as reader:
        assert reader.rows_together == 512
        np.testing.assert_array_equal(reader.read_rows(8190, 8200)[:, -3:], np.repeat(rows[-10:, None], 3, 1))
