"""CZI, LIF and ND2 files laid out as their makers do, by writers of ours; `tests/peers` has others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.metadata import what_is_missing
from dinocell_app.imaging.planes import select_planes
from dinocell_app.imaging.reading import list_scenes, open_file, open_image, read_metadata
from tests.imaging.vendor_files import zeiss
from tests.imaging.vendor_files.leica import LifPicture, write_lif
from tests.imaging.vendor_files.nikon import Nd2Picture, write_nd2
from tests.imaging.vendor_files.zeiss import CziPicture, CziPicturePiece, write_czi

RNG = np.random.default_rng(11)


def pixels_of(*shape: int, dtype: str = "u2") -> NDArray[Any]:
    return RNG.integers(0, 250, shape).astype(dtype)


def all_planes(path: Path, scene: int = 0) -> NDArray[Any]:
    """Every plane (T, Z, C, Y, X), whole and by rows."""
    with open_image(path, scene=scene) as reader:
        m = reader.metadata
        places = [(t, z, c) for t in range(m.n_times) for z in range(m.n_slices) for c in range(m.n_channels)]
        planes = [reader.read_plane(*place) for place in places]
        for place, plane in zip(places, planes, strict=True):
            parts = [
                reader.read_rows(first, min(first + 7, m.height), *place) for first in range(0, m.height, 7)
            ]
            np.testing.assert_array_equal(np.concatenate(parts), plane)
            assert plane.dtype == m.dtype
            assert plane.dtype.isnative
        return np.stack(planes).reshape(m.n_times, m.n_slices, m.n_channels, m.height, m.width)


# ---- LIF


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_lif_planes_names_scale_and_times(tmp_path: Path, dtype: str) -> None:
    pixels = pixels_of(2, 3, 2, 20, 30, dtype=dtype)
    stamps = tuple(60.0 * t + 0.1 * i for t in range(2) for i in range(6))
    write_lif(tmp_path / "a.lif", LifPicture("Series1", pixels, ("Green", "Gray"), 0.325, stamps_s=stamps))
    m = read_metadata(tmp_path / "a.lif")
    assert (m.n_times, m.n_slices, m.n_channels, m.scene_name) == (2, 3, 2, "Series1")
    assert m.pixel_size_um == pytest.approx(0.325)
    assert m.z_step_um == pytest.approx(1)
    assert m.times_s == pytest.approx((0, 60))
    assert m.channel_names == ("Green", "Gray")
    np.testing.assert_array_equal(all_planes(tmp_path / "a.lif"), pixels)


def test_lif_channels_are_called_by_their_dyes(tmp_path: Path) -> None:
    picture = LifPicture("s", pixels_of(1, 1, 2, 8, 9), ("Green", "Red"), dyes=("DAPI", "GFP"))
    write_lif(tmp_path / "a.lif", picture)
    assert read_metadata(tmp_path / "a.lif").channel_names == ("DAPI", "GFP")


def test_lif_images_are_scenes_even_of_one_name(tmp_path: Path) -> None:
    images = [pixels_of(1, 1, 1, 10 + number, 12) for number in range(3)]
    names = ("Image", "Image", "other")
    write_lif(tmp_path / "a.lif", *(LifPicture(n, p, ("Gray",)) for n, p in zip(names, images, strict=True)))
    assert [scene.name for scene in list_scenes(tmp_path / "a.lif")] == list(names)
    for scene, pixels in enumerate(images):
        np.testing.assert_array_equal(all_planes(tmp_path / "a.lif", scene), pixels)


def test_lif_colours_come_as_red_green_blue(tmp_path: Path) -> None:
    pixels = pixels_of(1, 1, 3, 20, 30, dtype="u1")
    write_lif(tmp_path / "a.lif", LifPicture("c", pixels, ("Blue", "Green", "Red"), is_colour=True))
    assert read_metadata(tmp_path / "a.lif").is_rgb
    np.testing.assert_array_equal(all_planes(tmp_path / "a.lif"), pixels[:, :, ::-1])


def test_lif_tiles_of_a_mosaic_are_images(tmp_path: Path) -> None:
    pixels = pixels_of(4, 2, 1, 10, 12)
    write_lif(tmp_path / "a.lif", LifPicture("m", pixels, ("Gray",), is_mosaic=True))
    assert [scene.name for scene in list_scenes(tmp_path / "a.lif")] == [f"m tile {n}" for n in (1, 2, 3, 4)]
    for tile in range(4):
        np.testing.assert_array_equal(all_planes(tmp_path / "a.lif", tile)[0], pixels[tile])


def test_a_lif_scan_without_rows_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    line, image = pixels_of(1, 5, 1, 1, 30), pixels_of(1, 1, 1, 8, 9)
    write_lif(
        tmp_path / "a.lif",
        LifPicture("line", line, ("Gray",), axes=(1, 6)),
        LifPicture("image", image, ("Gray",)),
    )
    with open_file(tmp_path / "a.lif") as file:
        with pytest.raises(UnreadableFileError, match=r"'line' is a scan along x.*without rows"):
            file.image(0)
        np.testing.assert_array_equal(file.image(1).read_plane(), image[0, 0, 0])


def test_a_lif_file_cut_in_an_image_keeps_the_ones_before(tmp_path: Path) -> None:
    first, second = pixels_of(1, 1, 1, 20, 30), pixels_of(1, 1, 1, 20, 30)
    path = tmp_path / "a.lif"
    write_lif(path, LifPicture("first", first, ("Gray",)), LifPicture("second", second, ("Gray",)))
    path.write_bytes(path.read_bytes()[:-100])
    np.testing.assert_array_equal(all_planes(path), first)
    with pytest.raises(UnreadableFileError, match="ends before the pixels of this image"):
        read_metadata(path, scene=1)


# ---- ND2


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("loops", ["TZ", "ZT", "T", "Z", ""])
def test_nd2_planes_names_scale_and_times(tmp_path: Path, loops: str, is_packed: bool) -> None:
    lengths = {"T": 3, "Z": 2}
    frames = pixels_of(*(lengths[axis] for axis in loops), 2, 20, 30, 1)
    write_nd2(tmp_path / "a.nd2", Nd2Picture(frames, loops, ("DAPI", "GFP"), is_packed=is_packed))
    m = read_metadata(tmp_path / "a.nd2")
    assert (m.n_times, m.n_slices) == tuple(lengths[axis] if axis in loops else 1 for axis in "TZ")
    assert (m.channel_names, m.pixel_size_um) == (("DAPI", "GFP"), 0.25)
    assert m.z_step_um == (2.0 if "Z" in loops else None)
    assert m.times_s == ((0, 1.5, 3) if "T" in loops else ())
    moved = np.moveaxis(frames[..., 0], 0, 1) if loops == "ZT" else frames[..., 0]
    expected = moved.reshape(m.n_times, m.n_slices, 2, 20, 30)
    np.testing.assert_array_equal(all_planes(tmp_path / "a.nd2"), expected)


def test_nd2_positions_are_images(tmp_path: Path) -> None:
    frames = pixels_of(2, 3, 1, 8, 9, 1)
    acquired = tuple(1000.0 * number for number in range(6))
    picture = Nd2Picture(frames, "TP", ("DAPI",), positions=("A1", "", "B7"), acquired_ms=acquired)
    write_nd2(tmp_path / "a.nd2", picture)
    assert [scene.name for scene in list_scenes(tmp_path / "a.nd2")] == ["A1", "", "B7"]
    for position in range(3):
        np.testing.assert_array_equal(
            all_planes(tmp_path / "a.nd2", position)[:, 0], frames[:, position, ..., 0]
        )
        assert read_metadata(tmp_path / "a.nd2", scene=position).times_s == (0, 3)


def test_nd2_colours_come_as_red_green_blue(tmp_path: Path) -> None:
    frames = pixels_of(1, 20, 30, 3, dtype="u1")
    write_nd2(tmp_path / "a.nd2", Nd2Picture(frames, "", ("brightfield",)))
    assert read_metadata(tmp_path / "a.nd2").is_rgb
    np.testing.assert_array_equal(
        all_planes(tmp_path / "a.nd2")[0, 0], np.moveaxis(frames[0, ..., ::-1], -1, 0)
    )


def test_frames_that_nd2_would_give_black_are_missing(tmp_path: Path) -> None:
    frames = pixels_of(4, 2, 1, 8, 9, 1)
    write_nd2(tmp_path / "a.nd2", Nd2Picture(frames, "TZ", ("DAPI",), written=range(5)))
    with open_image(tmp_path / "a.nd2") as reader:
        assert reader.metadata.missing == {(2, 1, 0), (3, 0, 0), (3, 1, 0)}
        assert "3 of 8 planes" in what_is_missing(reader.metadata)
        planes = list(select_planes(reader))
        assert [(plane.address.t, plane.address.z) for plane in planes] == [
            (0, 0),
            (0, 1),
            (1, 0),
            (1, 1),
            (2, 0),
        ]
        np.testing.assert_array_equal(planes[-1].pixels, frames[2, 0, 0, ..., 0])


def test_an_nd2_file_without_calibration_has_no_scale(tmp_path: Path) -> None:
    picture = Nd2Picture(pixels_of(1, 8, 9, 1), "", ("DAPI",), pixel_size_um=None)
    write_nd2(tmp_path / "a.nd2", picture)
    assert read_metadata(tmp_path / "a.nd2").pixel_size_um is None


# ---- CZI


@pytest.mark.parametrize("compression", [zeiss.RAW, zeiss.LZW, zeiss.JPEG_XR, zeiss.ZSTD_0, zeiss.ZSTD_1])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_czi_planes_names_scale_and_times(tmp_path: Path, compression: int, dtype: str) -> None:
    pixels = pixels_of(2, 3, 2, 20, 32, dtype=dtype)
    pieces = tuple(
        CziPicturePiece(pixels[t, z, c], index={"T": t + 4, "Z": z, "C": c}, compression=compression)
        for t, z, c in np.ndindex(2, 3, 2)
    )
    picture = CziPicture(pieces, ("DAPI", "GFP"), (), 0.325, 1.5, increment_s=20.0)
    write_czi(tmp_path / "a.czi", picture)
    m = read_metadata(tmp_path / "a.czi")
    assert (m.n_times, m.n_slices, m.n_channels, m.n_scenes) == (2, 3, 2, 1)
    assert (m.channel_names, m.times_s) == (("DAPI", "GFP"), (0, 20))
    assert (m.pixel_size_um, m.z_step_um) == (pytest.approx(0.325), pytest.approx(1.5))
    np.testing.assert_array_equal(all_planes(tmp_path / "a.czi"), pixels)


@pytest.mark.parametrize("compression", [zeiss.RAW, zeiss.ZSTD_0, zeiss.JPEG_XR])
def test_czi_scenes_are_put_together_of_their_tiles(tmp_path: Path, compression: int) -> None:
    tiles = pixels_of(3, 10, 16, 3, dtype="u1")
    words = {"compression": compression}
    pieces = (
        CziPicturePiece(tiles[0], -5, 100, {"C": 0, "S": 0, "M": 0}, **words),
        CziPicturePiece(tiles[1], -2, 110, {"C": 0, "S": 0, "M": 1}, **words),
        CziPicturePiece(tiles[2], 300, 7, {"C": 0, "S": 3, "M": 0}, **words),
        CziPicturePiece(tiles[0, ::2, ::2], -5, 100, {"C": 0, "S": 0}, covers=2, **words),
    )
    write_czi(tmp_path / "a.czi", CziPicture(pieces, ("H&amp;E",), ("left", "", "", "right")))
    assert [scene.name for scene in list_scenes(tmp_path / "a.czi")] == ["left", "right"]
    expected = np.zeros((13, 26, 3), np.uint8)
    expected[:10, :16] = tiles[0]
    expected[3:, 10:] = tiles[1]  # later tiles lie over earlier ones
    found = all_planes(tmp_path / "a.czi")[0, 0]
    np.testing.assert_array_equal(np.moveaxis(found, 0, -1), expected[..., ::-1])
    assert read_metadata(tmp_path / "a.czi").is_rgb
    right = all_planes(tmp_path / "a.czi", 1)[0, 0]
    np.testing.assert_array_equal(np.moveaxis(right, 0, -1), tiles[2][..., ::-1])


def test_czi_times_are_those_that_were_recorded(tmp_path: Path) -> None:
    pieces = tuple(CziPicturePiece(pixels_of(8, 9), index={"T": t, "C": 0}) for t in range(3))
    write_czi(tmp_path / "a.czi", CziPicture(pieces, increment_s=1.0, stamps_s=(10.0, 12.5, 30.0)))
    assert read_metadata(tmp_path / "a.czi").times_s == (0, 2.5, 20)


def test_czi_planes_that_were_not_written_are_missing(tmp_path: Path) -> None:
    pieces = tuple(
        CziPicturePiece(pixels_of(8, 9), index={"T": t, "C": c})
        for t, c in ((0, 0), (0, 1), (1, 0), (3, 0), (3, 1))
    )
    write_czi(tmp_path / "a.czi", CziPicture(pieces, ("DAPI", "GFP")))
    assert read_metadata(tmp_path / "a.czi").missing == {(1, 0, 1), (2, 0, 0), (2, 0, 1)}


def test_czi_phases_are_unrolled_into_slices(tmp_path: Path) -> None:
    pixels = pixels_of(3, 2, 8, 9)
    pieces = tuple(CziPicturePiece(pixels[h, z], index={"H": h, "Z": z, "C": 0}) for h, z in np.ndindex(3, 2))
    write_czi(tmp_path / "a.czi", CziPicture(pieces, z_step_um=1.0))
    m = read_metadata(tmp_path / "a.czi")
    assert (m.n_slices, m.z_step_um) == (6, None)
    np.testing.assert_array_equal(all_planes(tmp_path / "a.czi")[0, :, 0], pixels.reshape(6, 8, 9))


def test_a_later_part_of_a_czi_file_says_so(tmp_path: Path) -> None:
    write_czi(tmp_path / "a(1).czi", CziPicture((CziPicturePiece(pixels_of(8, 9)),), part=1))
    with pytest.raises(UnreadableFileError, match=r"a\(1\).czi.*later part.*first part"):
        open_image(tmp_path / "a(1).czi")


def test_few_bytes_cannot_claim_a_large_czi_image(tmp_path: Path) -> None:
    far = tuple(CziPicturePiece(pixels_of(8, 9), top, 0, {"M": n}) for n, top in enumerate((0, 2**30)))
    write_czi(tmp_path / "a.czi", CziPicture(far))
    with pytest.raises(UnreadableFileError, match=r"GiB of memory|holds .* bytes"):
        open_image(tmp_path / "a.czi")


@pytest.mark.parametrize("last", [2**30, 2**20 + 2**19])
def test_a_few_planes_cannot_announce_millions(tmp_path: Path, last: int) -> None:
    pieces = tuple(
        CziPicturePiece(pixels_of(8, 9), index={"T": t, "C": c}) for t in (0, last) for c in (0, 1)
    )
    write_czi(tmp_path / "a.czi", CziPicture(pieces))
    with pytest.raises(UnreadableFileError, match=r"declares .* planes"):
        open_image(tmp_path / "a.czi")


@pytest.mark.parametrize("suffix", ["czi", "lif", "nd2"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_half_a_copy_is_named_in_one_sentence(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"a.{suffix}"
    pixels = pixels_of(60, 70)
    if suffix == "czi":
        write_czi(path, CziPicture((CziPicturePiece(pixels),)))
    elif suffix == "lif":
        write_lif(path, LifPicture("s", pixels[None, None, None], ("Gray",)))
    else:
        write_nd2(path, Nd2Picture(pixels[None, :, :, None], "", ("DAPI",)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableFileError, match=path.name), open_image(path) as reader:
        reader.read_plane()
