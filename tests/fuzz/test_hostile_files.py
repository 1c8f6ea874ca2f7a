"""Files made to do harm: to fill the memory, to keep the program busy, to run something, to lead elsewhere.

Each is refused with a sentence that names it, before memory is taken for what it claims.
"""

from __future__ import annotations

import json
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.export.cellpose_files import read_cellpose_seg
from dinocell_app.export.coco import read_coco_labels
from dinocell_app.export.imagej_rois import read_imagej_rois
from dinocell_app.export.label_files import read_labels
from dinocell_app.imaging.reading import open_image, stored_axes
from dinocell_app.imaging.tiff_directories import directories_are_whole
from dinocell_app.imaging.zarr_chunks import check_chunks
from tests.fuzz.fuzz_files import SHAPE, cells, grey, hostile_pickle, png_of, rois, zarrs

LITTLE = 48 << 20
"""Bytes that a refusal may take; each of these files claims far more."""

OME = '<?xml version="1.0"?>{0}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{1}</OME>'


def refused(read: Callable[[], object], path: Path, about: str) -> UserFacingError:
    """Check that a file is refused, by name, at little cost."""
    tracemalloc.start()
    try:
        with pytest.raises(UserFacingError, match=about) as raised:
            read()
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()
    assert path.name in str(raised.value)
    assert str(raised.value).endswith(".")
    return raised.value


def read_image(path: Path) -> None:
    """Open an image and decode a plane."""
    with open_image(path) as reader:
        reader.read_plane()


def ome_pixels(attributes: str, inside: str = '<TiffData IFD="0"/>') -> str:
    """An image of an OME description."""
    size = f'SizeX="{SHAPE[1]}" SizeY="{SHAPE[0]}" SizeC="1" SizeZ="1"'
    said = f'ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" {size} {attributes}'
    return f'<Image ID="Image:0"><Pixels {said}>{inside}</Pixels></Image>'


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {now} "{f"&{before};" * 10}">' for before, now in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (OME.format(LAUGHS, ome_pixels('SizeT="1" Name="&i;"')), "definitions of its own"),
        (OME.format("", ome_pixels('SizeT="2000000000"')), "declares 2,000,000,000 planes"),
        (OME.format("", ome_pixels('SizeT="1"', '<TiffData IFD="0" PlaneCount="3000000000"/>')), "planes"),
        *(
            (
                OME.format(
                    "",
                    ome_pixels('SizeT="1"', f'<TiffData IFD="0"><UUID FileName="{name}">u</UUID></TiffData>'),
                ),
                "in other folders",
            )
            for name in ("../../secret.tif", "/etc/secret.tif", "\\\\server\\share\\x.tif", "C:\\x.tif")
        ),
    ],
    ids=["entities", "times", "plane count", "folder above", "root", "server", "drive"],
)
@pytest.mark.parametrize("read", [read_image, read_labels, stored_axes])
def test_ome_descriptions_cannot_do_harm(read, text, about, tmp_path):
    path = tmp_path / "a_labels.ome.tif"
    tifffile.imwrite(path, grey(), description=text.encode(), metadata=None)
    refused(lambda: read(path), path, about)


def test_a_set_of_ome_files_in_one_folder_is_still_read(tmp_path):
    path = tmp_path / "a.ome.tif"
    inside = '<TiffData IFD="0"><UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>'
    text = OME.format("", ome_pixels('SizeT="1"', inside))
    tifffile.imwrite(path, grey(), description=text.encode(), metadata=None)
    with open_image(path) as reader:
        assert np.array_equal(reader.read_plane(), grey())


def enlarge(path: Path, **tags: int) -> None:
    """Let a TIFF file claim other numbers than it has."""
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for name, value in tags.items():
            tiff.pages[0].tags[name].overwrite(value, dtype=4)


@pytest.mark.parametrize("read", [read_image, read_labels])
@pytest.mark.parametrize(
    ("edges", "about"),
    [
        ((33_554_464, 24), "holds|strips or tiles"),
        ((60_000, 60_000), "strips or tiles"),
        ((2**31, 2**31), "GiB"),
    ],
)
def test_tiff_files_cannot_claim_what_they_have_no_bytes_for(read, edges, about, tmp_path):
    path = tmp_path / "a_labels.tif"
    tifffile.imwrite(path, grey(), compression="lzw", tile=(16, 16))
    enlarge(path, ImageWidth=edges[0], ImageLength=edges[1])
    refused(lambda: read(path), path, about)


def test_a_large_empty_tiff_that_is_well_packed_is_read(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8192, 8192), np.uint8), compression="zlib", rowsperstrip=256)
    assert path.stat().st_size < 1 << 17
    with open_image(path) as reader:
        assert not reader.read_plane().any()


def test_directories_that_lie_over_each_other_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    n_entries = 300
    content = bytearray(b"II*\0" + struct.pack("<I", 8) + b"\0" * 60_000)
    for offset in range(8, 3_000, 6):  # each begins within the one before
        struct.pack_into("<H", content, offset, n_entries)
        struct.pack_into("<I", content, offset + 2 + 12 * n_entries, offset + 6)
    path.write_bytes(content)
    assert not directories_are_whole(path)
    refused(lambda: read_image(path), path, "cannot be read|last page")


def bmp_of(width: int, height: int) -> bytes:
    """A BMP file that claims a size and holds nothing."""
    return struct.pack(
        "<2sIHHIIiiHHIIiiII", b"BM", 1200, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0
    )


@pytest.mark.parametrize("read", [read_image, read_labels])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a_masks.png", png_of(100_000, 60_000)),
        ("b_masks.png", png_of(30_000, 30_000, 16)),
        ("c_masks.png", png_of(2**31 - 1, 2**31 - 1)),
        ("d_masks.bmp", bmp_of(40_000, 40_000)),
    ],
)
def test_pictures_cannot_claim_what_they_have_no_bytes_for(read, name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    refused(lambda: read(path), path, "GiB|holds|cannot be read")


def test_labels_are_read_as_the_few_formats_they_are_written_in(tmp_path):
    path = tmp_path / "a_masks.png"
    path.write_bytes(b"GIF89a" + bytes(100))
    refused(lambda: read_labels(path), path, "no picture")
    tifffile.imwrite(tmp_path / "b_masks.png", cells())  # a TIFF file of another name
    assert np.array_equal(read_labels(tmp_path / "b_masks.png"), cells())


def test_arrays_that_are_shorter_than_they_claim_are_refused(tmp_path):
    path = tmp_path / "a_masks.npy"
    np.save(path, cells())
    content = path.read_bytes()
    text = b"{'descr': '<u2', 'fortran_order': False, 'shape': (90000, 90000), }"
    path.write_bytes(content[:8] + struct.pack("<H", 118) + text.ljust(117) + b"\n" + content[128:])
    refused(lambda: read_labels(path), path, "cannot be read")
    path.rename(tmp_path / "a_seg.npy")
    refused(lambda: read_labels(tmp_path / "a_seg.npy"), tmp_path / "a_seg.npy", "shorter")


class Lie:
    """Pickled as a call, and what is put into the result."""

    def __init__(self, call: Callable[..., Any], arguments: tuple[Any, ...], state: Any = None) -> None:
        self._what = (call, arguments) if state is None else (call, arguments, state)

    def __reduce__(self) -> Any:
        return self._what


FIELDS_OVER_OBJECTS = pickle.dumps(np.dtype([("a", "O")]), protocol=2)
"""Objects where plain bytes are: whoever looks at a field follows a pointer out of the file."""


def nested_key() -> bytes:
    """A dictionary whose key takes 2 to the power of 60 steps to look up."""
    steps = b")" + b"".join(b"2\x86" for _ in range(60))  # duplicate the top, make a tuple of two
    return b"\x80\x02}" + steps + b"K\x01s."


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("opcodes", "about"),
    [
        (b"\x80\x02}r\xff\xff\xff\x7f.", "no masks|differs|damaged"),
        (b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.", "damaged"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.", "damaged"),
        (pickle.dumps({"masks": Lie(bytearray, (1 << 40,))}, protocol=2), "unusual bytes"),
        (nested_key(), "tuple as a key"),
        (FIELDS_OVER_OBJECTS, "unusual type"),
        (pickle.dumps(Lie(np.dtype, ("V8",)), protocol=2), "unusual type"),
        (pickle.dumps(Lie(np.ndarray, ((1 << 40,),)), protocol=2), "damaged"),
        (
            pickle.dumps(Lie(np.dtype, ("u2",), (3, "<", None, ("a",), {}, 8, 1, 0)), protocol=2),
            "unusual type",
        ),
        (
            pickle.dumps(np.zeros((2, 3), np.uint8), protocol=2).replace(
                b"K\x02K\x03\x86", b"M\x00\x40K\x03\x86"
            ),
            "more or less",
        ),
    ],
    ids=[
        *("memo", "bytes", "long bytes", "bytearray", "key", "fields", "void", "ndarray", "state", "shape"),
    ],
)
def test_pickles_cannot_do_harm(opcodes, about, tmp_path):
    path = tmp_path / "a_seg.npy"
    path.write_bytes(hostile_pickle(opcodes))
    refused(lambda: read_cellpose_seg(path), path, about)


def test_regions_cannot_fill_the_memory(tmp_path):
    path = tmp_path / "a_rois.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.roi", bytes(20 << 20))
    refused(lambda: read_imagej_rois(path, SHAPE), path, "claims to hold")


@pytest.mark.parametrize("corner", [1e20, -1e20, float("inf"), float("nan")])
def test_corners_far_away_are_damage(corner, tmp_path):
    rois(tmp_path)
    path = tmp_path / "a.roi"
    content = path.read_bytes()
    at = content.rindex(struct.pack(">f", 15.0))
    path.write_bytes(content[:at] + struct.pack(">f", corner) + content[at + 4 :])
    refused(lambda: read_imagej_rois(path, SHAPE), path, "outside of any image")


def coco_of(height: int, segmentations: list[Any]) -> str:
    """A COCO file of one image."""
    image = {"id": 1, "file_name": "a.tif", "height": height, "width": 1000}
    annotations = [{"id": n, "image_id": 1, "segmentation": each} for n, each in enumerate(segmentations)]
    return json.dumps({"images": [image], "annotations": annotations})


@pytest.mark.parametrize(
    ("content", "about"),
    [
        (coco_of(10**7, []), "an image of"),
        (coco_of(300, [[[0, 0, 1000, 0, 1000, 300, 0, 300]]] * 40), "more than 16 times"),
        (coco_of(1000, [{"size": [1000, 1000], "counts": [2**62] * 3 + [2**62 + 10**6]}]), "run lengths"),
        (coco_of(1000, [{"size": [1000, 1000], "counts": "o" * 200_000}]), "without end"),
        (coco_of(1000, [[[1e300, 0, 5, 5, 0, 5]]]), "outside of any image"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["size", "layers", "overrun", "number", "corner", "nesting"],
)
def test_coco_files_cannot_fill_the_memory(content, about, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(UnreadableFileError, match=about) as raised:
        list(read_coco_labels(path))
    assert path.name in str(raised.value)


def describe_again(folder: Path, **fields: Any) -> None:
    """Change what a Zarr array in format 2 says about itself."""
    path = folder / "0" / ".zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({"shape": [2**60, 24, 32]}, "planes"),
        ({"shape": [2, 2**40, 32]}, "GiB"),
        ({"chunks": [1, 2**20, 2**20]}, "declares chunks of"),
        ({"shape": [2, 60_000, 60_000], "chunks": [1, 1, 1]}, "chunks in a plane"),
        ({"compressor": {"id": "pickle"}}, "cannot be read|packed with"),
    ],
    ids=["planes", "rows", "chunks", "many chunks", "pickle"],
)
def test_zarr_arrays_cannot_do_harm(fields, about, tmp_path):
    zarrs(tmp_path)
    path = tmp_path / "v2_plain.zarr"
    describe_again(path, **fields)
    refused(lambda: read_image(path), path, about)


@pytest.mark.parametrize("codec", ["pickle", "json2", "vlen-utf8", "somebody.elses"])
def test_only_packings_that_give_numbers_are_unpacked(codec):
    array = SimpleNamespace(
        compressor=SimpleNamespace(codec_id="zstd"),
        filters=[SimpleNamespace(codec_id=codec)],
        chunks=(16, 16),
        dtype=np.dtype(np.uint8),
    )
    with pytest.raises(UnreadableFileError, match=f"packed with {codec}"):
        check_chunks(Path("a.zarr"), array, (32, 32), (0, 1))
    array.filters = None
    check_chunks(Path("a.zarr"), array, (32, 32), (0, 1))


@pytest.mark.parametrize("name", ["v2_blosc", "v3_blosc", "v3_shards"])
def test_chunks_of_blosc_cannot_claim_bytes_that_they_do_not_have(name, tmp_path):
    """numcodecs reads beyond the end of such a chunk, which ends the process more often than not."""
    zarrs(tmp_path)
    path = tmp_path / f"{name}.zarr"
    read_image(path)
    chunks = [file for file in (path / "0").rglob("*") if file.is_file() and file.suffix != ".json"]
    for file in chunks:
        if not file.name.startswith(".z"):
            content = bytearray(file.read_bytes())
            content[12:16] = b"\xff\xff\xff\x7f"
            file.write_bytes(content)
    refused(lambda: read_image(path), path, "a chunk of .* claims 2147483647")


def test_pages_that_lead_round_in_a_circle_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([grey(), grey(1)]), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as tiff:
        first, last = (page.offset for page in tiff.pages)
        n_tags = len(tiff.pages[1].tags)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, last + 2 + 12 * n_tags, first)
    path.write_bytes(content)
    refused(lambda: read_image(path), path, "last page")
    refused(lambda: read_labels(path), path, "last page")
