"""LSM, STK, SVS, NDPI, QPTIFF and SCN, laid out by hand as tifffile finds their makers do."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.reading import open_file, open_image

RNG = np.random.default_rng(9)
_LSM_INFO = 34412


def pixels_of(*shape: int, dtype: str = "u1") -> np.ndarray[Any, Any]:
    return RNG.integers(0, 250, shape).astype(dtype)


def colours(path: Path, scene: int = 0) -> np.ndarray[Any, Any]:
    with open_image(path, scene=scene) as reader:
        return np.dstack([reader.read_plane(c=c) for c in range(reader.metadata.n_channels)])


def write_ndpi(path: Path, pages: list[tuple[np.ndarray[Any, Any], float, int]]) -> None:
    """Pages as Hamamatsu links them: links of 64 bits, and the high halves of all values behind them.

    Each is pixels (rows, columns, samples), the power of the objective, and pixels in a centimetre.
    """
    content = bytearray(b"II*\0" + bytes(8))
    link = 4
    for pixels, lens, resolution in pages:
        height, width, n_samples = pixels.shape
        start = len(content)
        content += pixels.tobytes() + struct.pack("<2I", resolution, 1) + b"Hamamatsu\0" + bytes(6)
        extra = start + pixels.nbytes
        power = struct.unpack("<I", struct.pack("<f", lens))[0]
        entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1)]
        entries += [(262, 3, 1, 2 if n_samples == 3 else 1), (271, 2, 10, extra + 8), (273, 4, 1, start)]
        entries += [
            (277, 3, 1, n_samples),
            (278, 4, 1, height),
            (279, 4, 1, pixels.nbytes),
            (282, 5, 1, extra),
        ]
        entries += [(283, 5, 1, extra), (296, 3, 1, 3), (65420, 4, 1, 1), (65421, 11, 1, power)]
        struct.pack_into("<Q", content, link, len(content))
        content += struct.pack("<H", len(entries)) + b"".join(
            struct.pack("<HHII", *entry) for entry in entries
        )
        link = len(content)
        content += bytes(8 + 4 * len(entries))
    path.write_bytes(bytes(content))


def test_a_hamamatsu_slide_without_map_and_macro(tmp_path: Path) -> None:
    path, slide = tmp_path / "a.ndpi", pixels_of(512, 768, 3)
    pages = [(slide[::factor, ::factor], 20 / factor, 40000 // factor) for factor in (1, 4, 16)]
    write_ndpi(path, [*pages, (slide[:60, :200], -1, 500), (slide[:50, :60, :1], -2, 500)])
    with open_file(path) as file:
        assert len(file.scenes) == 1
        assert {"macro", "map"} <= set(file.left_out)
        assert file.metadata().pixel_size_um == pytest.approx(0.25)
    np.testing.assert_array_equal(colours(path), slide)
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    with pytest.raises(UnreadableFileError, match=r"a\.ndpi"):
        open_image(path)


def test_a_slide_of_perkin_elmer_has_its_channels_with_names(tmp_path: Path) -> None:
    path, channels = tmp_path / "a.qptiff", pixels_of(3, 256, 256, dtype="u2")
    names = ("DAPI", "Opal 520", "CD8 (Opal 690)")

    def said(kind: str, name: str) -> str:
        root = "PerkinElmer-QPI-ImageDescription"
        return f"<{root}><ImageType>{kind}</ImageType><Name>{name}</Name></{root}>"

    words: dict[str, Any] = {"metadata": None, "software": "PerkinElmer-QPI", "photometric": "minisblack"}
    size = {"resolution": (20000, 20000), "resolutionunit": "CENTIMETER"}
    with tifffile.TiffWriter(path) as writer:
        for name, channel in zip(names, channels, strict=True):
            writer.write(channel, tile=(64, 64), description=said("FullResolution", name), **words, **size)
        rgb = words | {"photometric": "rgb"}
        writer.write(pixels_of(40, 40, 3), description=said("Thumbnail", ""), **rgb)
        for name, channel in zip(names, channels, strict=True):
            level = channel[::2, ::2].copy()
            writer.write(level, tile=(64, 64), subfiletype=1, description=said("Reduced", name), **words)
        writer.write(pixels_of(50, 90, 3), description=said("Overview", ""), **rgb)
    with open_file(path) as file:
        assert len(file.scenes) == 1
        assert set(file.left_out) >= {"thumbnail", "macro"}
        m = file.metadata()
        assert (m.n_channels, m.channel_names, m.pixel_size_um) == (3, names, pytest.approx(0.5))
    np.testing.assert_array_equal(np.moveaxis(colours(path), -1, 0), channels)


def test_a_leica_slide_has_its_regions_and_not_the_overview(tmp_path: Path) -> None:
    path = tmp_path / "a.scn"
    overview, regions = pixels_of(100, 60, 3), [pixels_of(128, 192, 3), pixels_of(144, 160, 3)]

    def image(number: int, ifd: int, objective: float) -> str:
        return (
            f'<image name="image_{number}"><pixels sizeX="1" sizeY="1"><dimension r="0" ifd="{ifd}" '
            'sizeX="1" sizeY="1"/></pixels><scanSettings><objectiveSettings>'
            f"<objective>{objective}</objective></objectiveSettings></scanSettings></image>"
        )

    images = "".join(image(n, n, objective) for n, objective in enumerate((0.6, 20, 20)))
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        f'<collection name="c">{images}</collection></scn>'
    )
    with tifffile.TiffWriter(path) as writer:
        writer.write(overview, photometric="rgb", description=xml, metadata=None)
        for region in regions:
            writer.write(region, photometric="rgb", tile=(64, 64), metadata=None)
    with open_file(path) as file:
        assert [scene.name for scene in file.scenes] == ["image_1", "image_2"]
        assert file.left_out == ("image_0",)
    for scene, region in enumerate(regions):
        np.testing.assert_array_equal(colours(path, scene), region)


def lsm_info(values: dict[str, Any]) -> bytes:
    """The record of Zeiss in which tifffile finds axes and scale."""
    record = np.zeros((), np.dtype(tifffile.TIFF.CZ_LSMINFO))
    record["MagicNumber"] = 67127628
    record["StructureSize"] = record.dtype.itemsize
    for name, value in values.items():
        record[name] = value
    return bytes(record.tobytes())


def test_a_zeiss_lsm_stack_has_its_planes_and_scale(tmp_path: Path) -> None:
    path, stack = tmp_path / "a.lsm", pixels_of(4, 3, 24, 32)
    lengths = {
        "DimensionX": 32,
        "DimensionY": 24,
        "DimensionZ": 4,
        "DimensionChannels": 3,
        "DimensionTime": 1,
    }
    size = {"VoxelSizeX": 0.25e-6, "VoxelSizeY": 0.25e-6, "VoxelSizeZ": 1.5e-6}
    info = lsm_info(lengths | size | {"ScanType": 0})
    words: dict[str, Any] = {"photometric": "rgb", "planarconfig": "separate", "metadata": None}
    with tifffile.TiffWriter(path, byteorder="<") as writer:
        for number, plane in enumerate(stack):
            tags = [(_LSM_INFO, 1, len(info), info, True)] if number == 0 else []
            writer.write(plane, extratags=tags, **words)
            writer.write(pixels_of(3, 8, 8), subfiletype=1, **words)
    with open_file(path) as file:
        m = file.metadata()
        assert len(file.scenes) == 1
        assert (m.n_slices, m.n_channels, m.is_rgb) == (4, 3, False)
        assert (m.pixel_size_um, m.z_step_um) == (pytest.approx(0.25), pytest.approx(1.5))
        reader = file.image()
        for z, c in np.ndindex(4, 3):
            np.testing.assert_array_equal(reader.read_plane(z=z, c=c), stack[z, c])


def write_stk(
    path: Path, stack: np.ndarray[Any, Any], distances_um: list[float], milliseconds: list[int]
) -> None:
    """A stack of MetaMorph: planes below each other behind one directory, calibration in tags of its own."""
    n_planes, height, width = stack.shape
    n_entries = 13
    start = 8 + 2 + 12 * n_entries + 4
    calibration = struct.pack("<4I", 1, 0, 645, 1000) + struct.pack("<I", 3) + b"um\0\0"
    first = struct.pack("<8I", 3, 1, 4, start + 8, 5, start + 8, 6, start + 16)
    planes = b"".join(
        struct.pack("<6I", round(1000 * um), 1000, 2458850, ms, 2458850, ms)
        for um, ms in zip(distances_um, milliseconds, strict=True)
    )
    waves = struct.pack("<2I", 525, 1) * n_planes
    blocks = [calibration, first, planes, waves]
    offsets = [start + sum(map(len, blocks[:number])) for number in range(len(blocks) + 1)]
    pixels = offsets[-1]
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, pixels), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, height * width * 2)]
    entries += [(33628, 4, 4, offsets[1]), (33629, 5, n_planes, offsets[2]), (33630, 5, n_planes, offsets[3])]
    entries += [(65000, 3, 1, 0)]
    directory = struct.pack("<H", n_entries) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    content = b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + b"".join(blocks)
    path.write_bytes(content + stack.astype("<u2").tobytes())


def test_a_metamorph_stack_has_its_planes_and_scale(tmp_path: Path) -> None:
    path, stack = tmp_path / "a.stk", pixels_of(3, 24, 32, dtype="u2")
    write_stk(path, stack, [2.0, 2.0, 2.0], [0, 10, 20])
    with open_image(path) as reader:
        m = reader.metadata
        assert (m.n_slices, m.n_times) == (3, 1)
        assert (m.pixel_size_um, m.z_step_um) == (pytest.approx(0.645), pytest.approx(2))
        for z in range(3):
            np.testing.assert_array_equal(reader.read_plane(z=z), stack[z])
            np.testing.assert_array_equal(reader.read_rows(3, 8, z=z), stack[z, 3:8])


def test_a_metamorph_movie_has_its_times(tmp_path: Path) -> None:
    path, stack = tmp_path / "a.stk", pixels_of(3, 24, 32, dtype="u2")
    write_stk(path, stack, [0.0, 0.0, 0.0], [86_395_000, 0, 7500])
    with open_image(path) as reader:
        m = reader.metadata
        assert (m.n_slices, m.n_times, m.z_step_um) == (1, 3, None)
        assert m.times_s == pytest.approx((0, 5, 12.5))
        np.testing.assert_array_equal(reader.read_plane(t=2), stack[2])


def test_an_unmarked_level_of_a_slide_is_no_image_of_its_own(tmp_path: Path) -> None:
    path, slide = tmp_path / "a.svs", pixels_of(512, 768, 3)
    said = "Aperio Image Library v12\r\n768x512 |MPP = 0.5"
    with tifffile.TiffWriter(path) as writer:
        for factor in (1, 16):
            words = {"tile": (64, 64)} if factor == 1 else {"rowsperstrip": 16}
            writer.write(
                slide[::factor, ::factor].copy(), photometric="rgb", description=said, metadata=None, **words
            )
    with open_file(path) as file:
        assert len(file.scenes) == 1
    np.testing.assert_array_equal(colours(path), slide)
