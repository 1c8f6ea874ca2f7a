import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.reading import open_image, read_metadata
from dinocell_app.imaging.tiff import TiffReader

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def numbered(*shape: int, dtype: str = "uint16") -> NDArray[Any]:
    return (np.arange(np.prod(shape)) % 251).reshape(shape).astype(dtype)


def read_all(path: Path) -> tuple[ImageMetadata, NDArray[Any]]:
    """Every plane of a file as (T, Z, C, M, N), each read on its own."""
    with open_image(path) as reader:
        m = reader.metadata
        planes = [
            reader.read_plane(t, z, c)
            for t in range(m.n_times)
            for z in range(m.n_slices)
            for c in range(m.n_channels)
        ]
        shape = (m.n_times, m.n_slices, m.n_channels, m.height, m.width)
        return m, np.stack(planes).reshape(shape)


@quick
@given(
    axes=st.permutations("TZCYX"),
    lengths=st.tuples(*[st.integers(1, 4)] * 5),
    compression=st.sampled_from([None, "zlib"]),
    byteorder=st.sampled_from("<>"),
)
def test_axes_in_any_order_come_back_plane_by_plane(
    tmp_path: Path, axes: list[str], lengths: tuple[int, ...], compression: str | None, byteorder: str
) -> None:
    pixels = numbered(*lengths)
    path = tmp_path / "any.tif"
    tifffile.imwrite(
        path,
        pixels,
        metadata={"axes": "".join(axes)},
        photometric="minisblack",
        compression=compression,
        byteorder=byteorder,
    )
    metadata, read = read_all(path)
    expected = pixels.transpose([axes.index(axis) for axis in "TZCYX"])
    assert read.dtype == metadata.dtype == np.uint16
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["imagej", "ome", "bigtiff"])
def test_hyperstacks(tmp_path: Path, kind: str, compression: str | None) -> None:
    pixels = numbered(2, 3, 4, 5, 6)
    path = tmp_path / ("stack.ome.tif" if kind == "ome" else "stack.tif")
    imagej = kind == "imagej"
    tifffile.imwrite(
        path,
        pixels,
        imagej=imagej,
        bigtiff=kind == "bigtiff",
        metadata={"axes": "TZCYX"},
        photometric="minisblack",
        compression=compression,
    )
    metadata, read = read_all(path)
    np.testing.assert_array_equal(read, pixels)
    assert (metadata.n_times, metadata.n_slices, metadata.n_channels) == (2, 3, 4)
    assert not metadata.is_rgb


def test_pages_without_axes_are_slices(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "pages.tif") as writer:
        for page in numbered(4, 5, 6):
            writer.write(page, metadata=None, contiguous=False)
    metadata, read = read_all(tmp_path / "pages.tif")
    assert (metadata.n_times, metadata.n_slices, metadata.n_channels) == (1, 4, 1)
    np.testing.assert_array_equal(read[0, :, 0], numbered(4, 5, 6))


def test_axes_of_other_names_are_unrolled_into_slices(tmp_path: Path) -> None:
    pixels = numbered(2, 3, 2, 4, 5)
    tifffile.imwrite(tmp_path / "p.tif", pixels, metadata={"axes": "ZPCYX"}, photometric="minisblack")
    _, read = read_all(tmp_path / "p.tif")
    np.testing.assert_array_equal(read[0], pixels.swapaxes(0, 1).reshape(6, 2, 4, 5))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_depth_is_kept_and_byte_order_is_native(tmp_path: Path, dtype: str, byteorder: str) -> None:
    pixels = numbered(7, 8, dtype=dtype)
    tifffile.imwrite(tmp_path / "d.tif", pixels, byteorder=byteorder)
    metadata, read = read_all(tmp_path / "d.tif")
    np.testing.assert_array_equal(read[0, 0, 0], pixels)
    assert read.dtype == metadata.dtype == np.dtype(dtype)
    assert read.dtype.isnative


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd", "packbits", "deflate"])
def test_compressed_and_tiled_files(
    tmp_path: Path, compression: str | None, tile: tuple[int, int] | None
) -> None:
    pixels = numbered(3, 40, 37)
    predictor = compression in ("lzw", "zlib")
    tifffile.imwrite(
        tmp_path / "c.tif",
        pixels,
        compression=compression,
        tile=tile,
        predictor=predictor,
        photometric="minisblack",
    )
    _, read = read_all(tmp_path / "c.tif")
    np.testing.assert_array_equal(read.reshape(pixels.shape), pixels)


@pytest.mark.parametrize("colour", [False, True])
def test_jpeg_inside_tiff(tmp_path: Path, colour: bool) -> None:
    rows, columns = np.mgrid[:64, :48]
    pixels = (rows + columns).astype(np.uint8)
    if colour:
        pixels = np.dstack((pixels, pixels // 2, 200 - pixels))
    tifffile.imwrite(
        tmp_path / "j.tif", pixels, compression="jpeg", photometric="rgb" if colour else "minisblack"
    )
    metadata, read = read_all(tmp_path / "j.tif")
    assert metadata.is_rgb is colour
    expected = pixels.transpose(2, 0, 1) if colour else pixels[None]
    assert np.abs(read[0, 0].astype(int) - expected).max() <= 6


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours_with_and_without_alpha(tmp_path: Path, planar: str, samples: int, dtype: str) -> None:
    pixels = numbered(samples, 9, 10, dtype=dtype)
    stored = pixels.transpose(1, 2, 0) if planar == "contig" else pixels
    tifffile.imwrite(
        tmp_path / "rgb.tif",
        stored,
        photometric="rgb",
        planarconfig=planar,
        extrasamples=["unassalpha"] if samples == 4 else None,
    )
    metadata, read = read_all(tmp_path / "rgb.tif")
    assert metadata.is_rgb
    assert metadata.channel_names == ("red", "green", "blue")
    np.testing.assert_array_equal(read[0, 0], pixels[:3])


def test_grey_with_alpha_is_one_channel(tmp_path: Path) -> None:
    pixels = numbered(6, 7, 2, dtype="uint8")
    tifffile.imwrite(
        tmp_path / "la.tif",
        pixels,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    metadata, read = read_all(tmp_path / "la.tif")
    assert metadata.n_channels == 1
    np.testing.assert_array_equal(read[0, 0, 0], pixels[..., 0])


def test_colour_hyperstack_of_imagej(tmp_path: Path) -> None:
    pixels = numbered(2, 3, 5, 6, 3, dtype="uint8")
    tifffile.imwrite(tmp_path / "ij.tif", pixels, imagej=True, photometric="rgb", metadata={"axes": "TZYXS"})
    metadata, read = read_all(tmp_path / "ij.tif")
    assert metadata.is_rgb
    np.testing.assert_array_equal(read, np.moveaxis(pixels, -1, 2))


def test_palette_is_shown_as_colours(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint16)
    pixels = numbered(6, 7, dtype="uint8")
    tifffile.imwrite(tmp_path / "p.tif", pixels, photometric="palette", colormap=colours * 257)
    metadata, read = read_all(tmp_path / "p.tif")
    assert metadata.is_rgb
    assert metadata.dtype == np.uint8
    np.testing.assert_array_equal(read[0, 0], colours[:, pixels])


def test_look_up_table_of_imagej_only_colours_the_display(tmp_path: Path) -> None:
    table = np.stack([np.arange(256), np.zeros(256), np.zeros(256)]).astype(np.uint16) * 257
    pixels = numbered(6, 7, dtype="uint8")
    description = "ImageJ=1.53t\n"
    tifffile.imwrite(
        tmp_path / "lut.tif",
        pixels,
        photometric="palette",
        colormap=table,
        description=description,
        metadata=None,
    )
    metadata, read = read_all(tmp_path / "lut.tif")
    assert metadata.n_channels == 1
    np.testing.assert_array_equal(read[0, 0, 0], pixels)


def test_one_bit_images(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).random((9, 21)) > 0.5
    tifffile.imwrite(tmp_path / "b.tif", pixels, photometric="minisblack")
    metadata, read = read_all(tmp_path / "b.tif")
    assert metadata.dtype == bool
    np.testing.assert_array_equal(read[0, 0, 0], pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1)])
def test_extreme_shapes(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = numbered(*shape)
    tifffile.imwrite(tmp_path / "s.tif", pixels)
    np.testing.assert_array_equal(read_all(tmp_path / "s.tif")[1][0, 0, 0], pixels)


def test_missing_pixels_stay_missing(tmp_path: Path) -> None:
    pixels = numbered(5, 6, dtype="float32")
    pixels[2, 3] = np.nan
    tifffile.imwrite(tmp_path / "nan.tif", pixels)
    np.testing.assert_array_equal(read_all(tmp_path / "nan.tif")[1][0, 0, 0], pixels)


def test_planes_outlive_the_reader_and_may_be_written_to(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", numbered(5, 6))
    with open_image(tmp_path / "m.tif") as reader:
        plane = reader.read_plane()
    plane[:] = 0
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "m.tif"), numbered(5, 6))


def test_only_the_page_of_a_plane_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lazy.tif"
    tifffile.imwrite(
        path, numbered(6, 4, 32, 32), metadata={"axes": "TZYX"}, compression="zlib", photometric="minisblack"
    )
    decoded: list[int] = []
    for kind in (tifffile.TiffPage, tifffile.TiffFrame):
        whole = kind.asarray

        def counting(page: Any, *given: Any, _whole: Any = whole, **named: Any) -> Any:
            if page.index not in decoded:
                decoded.append(page.index)
            return _whole(page, *given, **named)

        monkeypatch.setattr(kind, "asarray", counting)
    with open_image(path) as reader:
        assert decoded == []
        np.testing.assert_array_equal(reader.read_plane(2, 3), numbered(6, 4, 32, 32)[2, 3])
    assert decoded == [2 * 4 + 3]


@pytest.mark.parametrize(
    ("unit", "size", "size_um"),
    [
        *[("m", 6.5e-7, 0.65), ("cm", 6.5e-5, 0.65), ("mm", 6.5e-4, 0.65), ("nm", 650.0, 0.65)],
        *[("pm", 6.5e5, 0.65), ("Å", 6500.0, 0.65), ("in", 0.65 / 25400, 0.65), ("µm", 0.65, 0.65)],
        *[("pixel", 0.65, None), ("reference frame", 0.65, None)],
    ],
)
def test_physical_sizes_of_ome_in_any_unit(
    tmp_path: Path, unit: str, size: float, size_um: float | None
) -> None:
    metadata = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeXUnit": unit, "PhysicalSizeY": size}
    metadata["PhysicalSizeYUnit"] = unit
    tifffile.imwrite(tmp_path / "u.ome.tif", numbered(4, 5), metadata=metadata)
    assert read_metadata(tmp_path / "u.ome.tif").pixel_size_um == pytest.approx(size_um)


def test_physical_size_of_ome_is_in_um_when_no_unit_is_given(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "u.ome.tif", numbered(4, 5), metadata={"axes": "YX", "PhysicalSizeX": 0.5})
    assert read_metadata(tmp_path / "u.ome.tif").pixel_size_um == 0.5


def test_channel_names_of_ome(tmp_path: Path) -> None:
    metadata = {"axes": "CYX", "Channel": {"Name": ["DAPI", "phase"]}}
    tifffile.imwrite(tmp_path / "c.ome.tif", numbered(2, 4, 5), metadata=metadata, photometric="minisblack")
    assert read_metadata(tmp_path / "c.ome.tif").channel_names == ("DAPI", "phase")


@pytest.mark.parametrize(
    ("unit", "per_unit", "size_um"),
    [
        *[("micron", 2.0, 0.5), ("um", 2.0, 0.5), ("\\u00B5m", 2.0, 0.5), ("nm", 0.002, 0.5)],
        *[("mm", 2000.0, 0.5), ("pixel", 1.0, None), (None, 1.0, None), ("inch", 72.0, None)],
    ],
)
def test_units_of_imagej(tmp_path: Path, unit: str | None, per_unit: float, size_um: float | None) -> None:
    metadata = {"axes": "YX"} | ({"unit": unit} if unit else {})
    tifffile.imwrite(
        tmp_path / "i.tif", numbered(4, 5), imagej=True, resolution=(per_unit, per_unit), metadata=metadata
    )
    assert read_metadata(tmp_path / "i.tif").pixel_size_um == pytest.approx(size_um)


@pytest.mark.parametrize(
    ("resolution", "unit", "size_um"),
    [
        *[(72, "INCH", None), (300, "INCH", None), (118.11, "CENTIMETER", None), (1, "NONE", None)],
        *[(20_000, "CENTIMETER", 0.5), (50_800, "INCH", 0.5), (2, "NONE", None)],
    ],
)
def test_resolution_tags_are_believed_only_for_a_microscope(
    tmp_path: Path, resolution: float, unit: str, size_um: float | None
) -> None:
    tifffile.imwrite(
        tmp_path / "r.tif",
        numbered(4, 5),
        resolution=(resolution, resolution),
        resolutionunit=unit,
        metadata=None,
    )
    assert read_metadata(tmp_path / "r.tif").pixel_size_um == pytest.approx(size_um)


def test_further_series_are_images_of_the_same_file(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.tif") as writer:
        writer.write(numbered(8, 9))
        writer.write(numbered(3, 4, dtype="uint8"))
    first, second = (read_metadata(tmp_path / "two.tif", scene=scene) for scene in range(2))
    assert (first.height, first.scene, first.n_scenes) == (8, 0, 2)
    assert (second.height, second.dtype, second.scene) == (3, np.uint8, 1)


def test_file_of_a_set_without_its_neighbours_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.ome.tif", numbered(2, 4, 5), metadata={"axes": "ZYX"}, photometric="minisblack"
    )
    text = tifffile.tiffcomment(tmp_path / "a.ome.tif")
    assert isinstance(text, str)
    apart = text.replace(
        '<TiffData IFD="0" PlaneCount="2"/>',
        '<TiffData IFD="0" FirstZ="0" PlaneCount="1"/>'
        '<TiffData IFD="0" FirstZ="1" PlaneCount="1"><UUID FileName="b.ome.tif">urn:uuid:1</UUID></TiffData>',
    )
    assert apart != text
    tifffile.tiffcomment(tmp_path / "a.ome.tif", apart.encode())
    with open_image(tmp_path / "a.ome.tif") as reader:
        np.testing.assert_array_equal(reader.read_plane(z=0), numbered(2, 4, 5)[0])
        with pytest.raises(UnreadableFileError, match=r"slice 1.*not there.*set into one folder"):
            reader.read_plane(z=1)


def test_what_tifffile_says_is_logged_and_not_printed() -> None:
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("tifffile").handlers)
    assert TiffReader.__module__ == "dinocell_app.imaging.tiff"
