import io
import struct
import warnings
import zlib
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
import zarr

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.imaging import image_reader
from dinocell_app.imaging.image_reader import reading_failures
from dinocell_app.imaging.reading import open_image

NOISE = np.random.default_rng(5).integers(0, 256, (60, 70), dtype=np.uint8)


def tiff_bytes(**options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.stack([NOISE] * 3), photometric="minisblack", **options)
    return stream.getvalue()


WHOLE = {
    "tif": tiff_bytes(),
    "separate.tif": tiff_bytes(compression="zlib"),
    "lzw.tif": tiff_bytes(compression="lzw"),
    "zstd.tif": tiff_bytes(compression="zstd", tile=(16, 16)),
    "jpeg.tif": tiff_bytes(compression="jpeg"),
    "big.tif": tiff_bytes(bigtiff=True),
    "ome.tif": tiff_bytes(ome=True),
    "imagej.tif": tiff_bytes(imagej=True),
    "png": iio.imwrite("<bytes>", NOISE, extension=".png"),
    "deep.png": iio.imwrite("<bytes>", NOISE.astype(np.uint16) * 200, extension=".png"),
    "jpg": iio.imwrite("<bytes>", NOISE, extension=".jpg"),
    "bmp": iio.imwrite("<bytes>", NOISE, extension=".bmp"),
}


def read_every_plane(path: Path) -> None:
    with open_image(path) as reader:
        for z in range(reader.metadata.n_slices):
            reader.read_plane(z=z)


def assert_refused(path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_every_plane(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert caught.value.remedy
    assert "\n" not in sentence


@pytest.mark.parametrize("suffix", WHOLE)
def test_the_whole_files_can_be_read(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"x.{suffix}").write_bytes(WHOLE[suffix])
    read_every_plane(tmp_path / f"x.{suffix}")


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", WHOLE)
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(WHOLE[suffix][: max(4, int(kept * len(WHOLE[suffix])))])
    assert_refused(path)


@pytest.mark.parametrize("suffix", [*WHOLE, "czi", "lif", "nd2"])
def test_garbage_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(b"\x00garbage" + NOISE.tobytes())
    assert_refused(path)


@pytest.mark.parametrize("suffix", WHOLE)
def test_garbage_behind_a_good_beginning_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(WHOLE[suffix][:4] + bytes(255 - value for value in WHOLE[suffix][4:200]))
    assert_refused(path)


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg", "bmp", "czi", "lif", "nd2", "txt"])
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"x.{suffix}").touch()
    with pytest.raises(UnreadableFileError, match="0 bytes"):
        open_image(tmp_path / f"x.{suffix}")


def test_corrupt_ome_zarr_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.zarr").mkdir()
    assert_refused(tmp_path / "empty.zarr")
    zarr.open_group(str(tmp_path / "bare.zarr"), mode="w")
    assert_refused(tmp_path / "bare.zarr")


@pytest.mark.parametrize("content", ["png", "jpg", "bmp", "tif"])
def test_the_content_decides_not_the_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / ("x.png" if content == "tif" else "x.tif")
    path.write_bytes(WHOLE[content])
    with open_image(path) as reader:
        assert reader.read_plane().shape == NOISE.shape


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="does not exist"):
        open_image(tmp_path / "absent.tif")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        open_image(tmp_path)


def png_declaring(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_absurd_dimensions_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png_declaring(2_000_000, 2_000_000))
    with pytest.raises(UnreadableFileError, match=r"2000000 x 2000000 x 3 pixels.*GiB"):
        open_image(tmp_path / "x.png")
    corrupt = bytearray(tiff_bytes(compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(bytes(corrupt))) as tiff:
        for name in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            tag = tiff.pages[0].tags[name]
            struct.pack_into("<I", corrupt, tag.valueoffset, 60_000) if tag.dtype == 4 else struct.pack_into(
                "<H", corrupt, tag.valueoffset, 60_000
            )
    (tmp_path / "x.tif").write_bytes(bytes(corrupt))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_reader, "LARGEST_DECODED_BYTES", 2**30)
        with pytest.raises(UnreadableFileError, match=r"60000 x 60000 pixels.*GiB"):
            open_image(tmp_path / "x.tif")


def test_an_unknown_packing_is_named_and_not_called_damage(tmp_path: Path) -> None:
    path = tmp_path / "packed.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8))
    content = bytearray(path.read_bytes())
    place = content.index(struct.pack("<HHI", 259, 3, 1)) + 8
    content[place : place + 2] = struct.pack("<H", 34676)  # SGI LogLuv
    path.write_bytes(bytes(content))
    with pytest.raises(UnreadableFileError, match=r"packed in a way that is not read here.*34676"):
        open_image(path)


def test_complex_pixels_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", NOISE.astype(np.complex64))
    with pytest.raises(UnreadableFileError, match="complex64"):
        open_image(tmp_path / "x.tif")


def test_a_plane_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(WHOLE["png"])
    with open_image(tmp_path / "x.png") as reader:
        for place in ({"t": 1}, {"z": 1}, {"c": 1}, {"z": -1}):
            with pytest.raises(InvalidParameterError, match="counted from 0"):
                reader.read_plane(**place)


def test_warnings_of_readers_are_kept_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with reading_failures(Path("x.tif")):
        warnings.warn("colours are doubtful", UserWarning, stacklevel=1)
        warnings.warn("an old way to call a codec", DeprecationWarning, stacklevel=1)
    assert "x.tif: colours are doubtful" in caplog.text
    assert "old way" not in caplog.text
