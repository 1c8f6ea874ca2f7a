import errno
import os
import struct
import zlib
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.export.label_files import read_labels, write_labels
from dinocell_app.export.labelled_image import LabelledImage, compact_labels, label_ids

TWO_CELLS = np.array([[0, 1, 1, 0], [0, 1, 0, 9], [0, 0, 0, 9]], np.int32)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays(
        np.int64,
        array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
        elements=st.sampled_from([0, 1, 2, 255, 256, 65_535]),
    ),
    st.sampled_from([0, 65_536, 2**32 - 1]),
)
def test_labels_come_back_as_they_were(tmp_path, labels, largest):
    labels[0, 0] = max(labels[0, 0], largest)
    path = tmp_path / "x_labels.tif"
    write_labels(path, LabelledImage(labels, "x", 0.5))
    back = read_labels(path)
    assert np.array_equal(back, labels)
    assert back.dtype == (np.uint16 if labels.max() < 65_536 else np.uint32)


def test_uint16_files_are_imagej_tiffs_with_pixel_size(tmp_path):
    write_labels(tmp_path / "x.tif", LabelledImage(TWO_CELLS, "x", 0.325))
    with tifffile.TiffFile(tmp_path / "x.tif") as tif:
        assert tif.is_imagej
        assert tif.imagej_metadata["unit"] == "um"
        numerator, denominator = tif.pages[0].tags["XResolution"].value
        assert numerator / denominator == pytest.approx(1 / 0.325)
        assert tif.pages[0].dtype == np.uint16
        assert tif.pages[0].photometric == tifffile.PHOTOMETRIC.MINISBLACK


def test_without_pixel_size_no_unit_is_claimed(tmp_path):
    write_labels(tmp_path / "x.tif", LabelledImage(TWO_CELLS, "x"))
    with tifffile.TiffFile(tmp_path / "x.tif") as tif:
        assert tif.is_imagej
        assert "unit" not in tif.imagej_metadata


def test_uint32_files_are_ome_tiffs_with_pixel_size(tmp_path):
    labels = TWO_CELLS.astype(np.uint32) * 70_000
    write_labels(tmp_path / "x.tif", LabelledImage(labels, "x", 0.325))
    with tifffile.TiffFile(tmp_path / "x.tif") as tif:
        assert tif.is_ome
        pixels = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]
        assert pixels["PhysicalSizeX"] == pixels["PhysicalSizeY"] == 0.325
        assert pixels["PhysicalSizeXUnit"] == "µm"
        assert tif.series[0].dtype == np.uint32


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (5, 3), (4, 4), (3, 1), (1, 20_000)])
def test_shapes_that_look_like_colour_stay_label_images(tmp_path, shape):
    labels = np.arange(np.prod(shape)).reshape(shape)
    write_labels(tmp_path / "x.tif", LabelledImage(labels, "x"))
    assert np.array_equal(read_labels(tmp_path / "x.tif"), labels)


def test_a_picture_without_cells_gives_zeros(tmp_path):
    write_labels(tmp_path / "x.tif", LabelledImage(np.zeros((6, 5), bool), "x"))
    assert read_labels(tmp_path / "x.tif").shape == (6, 5)
    assert not read_labels(tmp_path / "x.tif").any()


@pytest.mark.parametrize(
    "stored",
    [
        TWO_CELLS.astype(np.float32),
        TWO_CELLS.astype(np.float64)[None],
        TWO_CELLS.astype(">u2"),
        TWO_CELLS.astype(np.int64)[..., None],
        TWO_CELLS.astype(np.uint8)[None, None],
    ],
)
def test_masks_of_other_types_are_read(tmp_path, stored):
    np.save(tmp_path / "x.npy", stored)
    assert np.array_equal(read_labels(tmp_path / "x.npy"), TWO_CELLS)
    assert read_labels(tmp_path / "x.npy").dtype == np.dtype(np.uint16)


@pytest.mark.parametrize(
    "stored", [TWO_CELLS.astype(np.float32), TWO_CELLS.astype(">i4"), TWO_CELLS.astype(np.uint8)]
)
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "tile": (16, 16)}])
def test_tiff_masks_of_other_types_are_read(tmp_path, stored, options):
    tifffile.imwrite(tmp_path / "x.tif", stored, photometric="minisblack", **options)
    assert np.array_equal(read_labels(tmp_path / "x.tif"), TWO_CELLS)


def test_png_masks_are_read_also_grey_ones_stored_as_colours(tmp_path):
    iio.imwrite(tmp_path / "16.png", (TWO_CELLS * 300).astype(np.uint16))
    assert np.array_equal(read_labels(tmp_path / "16.png"), TWO_CELLS * 300)
    iio.imwrite(tmp_path / "rgb.png", np.repeat(TWO_CELLS.astype(np.uint8)[..., None], 3, axis=2))
    assert np.array_equal(read_labels(tmp_path / "rgb.png"), TWO_CELLS)


def test_palette_png_is_read_by_index(tmp_path):
    from PIL import Image

    picture = Image.fromarray(TWO_CELLS.astype(np.uint8), mode=None).convert("P")
    picture.putdata(TWO_CELLS.ravel().tolist())
    picture.putpalette([i % 256 for i in range(768)])
    picture.save(tmp_path / "p.png")
    assert np.array_equal(read_labels(tmp_path / "p.png"), TWO_CELLS)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (np.array([[0, 0.5]]), "fractions"),
        (np.array([[0, np.nan]]), "fractions"),
        (np.array([[0, -2]]), "outside"),
        (np.array([[0, 2**33]]), "outside"),
        (np.zeros((4, 5, 6), np.uint8), "4x5x6"),
        (np.dstack([TWO_CELLS, TWO_CELLS * 2, TWO_CELLS]).astype(np.uint8), "colour"),
        (np.array([["a"]]), "no labels"),
        (np.array([[1j]]), "no labels"),
    ],
)
def test_what_cannot_be_labels_is_refused_with_a_remedy(tmp_path, stored, reason):
    np.save(tmp_path / "x.npy", stored)
    with pytest.raises(UnreadableFileError, match=reason) as caught:
        read_labels(tmp_path / "x.npy")
    assert caught.value.path == tmp_path / "x.npy"
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["x.tif", "x.png", "x.npy", "x_seg.npy", "x.bmp"])
@pytest.mark.parametrize("content", [b"", b"not an image at all", None])
def test_damaged_and_absent_files_are_refused(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"x") as caught:
        read_labels(tmp_path / name)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "not permitted"), (errno.EIO, "could not be written")],
)
def test_what_the_disk_refuses_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, number, words):
    target = tmp_path / "x.tif"
    target.write_bytes(b"before")

    def refuse(*_args, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tifffile, "imwrite", refuse)
    with pytest.raises(UserFacingError, match=words) as caught:
        write_labels(target, LabelledImage(TWO_CELLS, "x"))
    assert caught.value.path == target
    assert [file.name for file in tmp_path.iterdir()] == ["x.tif"]
    assert target.read_bytes() == b"before"


def test_ids_and_dtype_of_labels():
    assert label_ids(TWO_CELLS).tolist() == [1, 9]
    assert label_ids(TWO_CELLS * 10**8).tolist() == [10**8, 9 * 10**8]
    assert label_ids(np.zeros((3, 3), np.uint8)).tolist() == []
    assert label_ids(np.zeros((0, 3), np.uint8)).tolist() == []
    assert compact_labels(TWO_CELLS).dtype == np.dtype(np.uint16)


@pytest.mark.parametrize("labels", [np.zeros((2, 2), float), np.zeros((2, 2, 2), int)])
def test_labels_must_be_a_plane_of_integers(labels):
    with pytest.raises(ValueError, match="labels are"):
        LabelledImage(labels, "x")


def test_frames_must_agree():
    with pytest.raises(ValueError, match="differs"):
        LabelledImage(TWO_CELLS, "x", pixels=np.zeros((4, 3)))
    with pytest.raises(ValueError, match="flows"):
        LabelledImage(TWO_CELLS, "x", flows=np.zeros((2, 4, 3), np.float32))


def png_of_few_bits(path: Path, labels: np.ndarray, bits: int) -> None:
    """A grey PNG whose pixels share their bytes, by hand (PNG, section 7.2)."""
    per_byte = 8 // bits
    padded = np.pad(labels, ((0, 0), (0, -labels.shape[1] % per_byte))).reshape(len(labels), -1, per_byte)
    shifts = np.arange(per_byte)[::-1] * bits
    rows = (padded.astype(np.uint8) << shifts.astype(np.uint8)).sum(-1).astype(np.uint8)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", labels.shape[1], len(labels), bits, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    )


@pytest.mark.parametrize("bits", [2, 4])
def test_labels_in_a_png_of_few_bits_keep_their_numbers(tmp_path: Path, bits: int) -> None:
    labels = np.arange(10 * 13).reshape(10, 13) % 2**bits
    png_of_few_bits(tmp_path / "few.png", labels, bits)
    np.testing.assert_array_equal(read_labels(tmp_path / "few.png"), labels)
