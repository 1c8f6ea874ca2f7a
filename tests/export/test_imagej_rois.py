import os
import zipfile

import numpy as np
import pytest
import roifile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.draw import polygon2mask

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.imagej_rois import read_imagej_rois, region_of, write_imagej_rois
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.polygons import CellOutline, Polygon

LABEL_IMAGES = arrays(
    np.uint16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=10),
    elements=st.sampled_from([0, 0, 1, 2, 9]),
)
RING = np.ones((3, 3), np.uint8)
RING[1, 1] = 0


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


def imagej_mask(region, shape):
    """Pixels whose centre is inside by the even-odd rule, from roifile's coordinates."""
    odd = np.zeros(shape, bool)
    for ring in region.coordinates(multi=True):
        # polygon2mask puts pixel centres at integers, ImageJ at one half beyond the corner.
        odd ^= polygon2mask(shape, np.asarray(ring, float)[:, ::-1] - 0.5)
    return odd


def regions_of(path):
    return roifile.roiread(path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LABEL_IMAGES)
def test_regions_rasterise_to_the_masks_in_imagejs_convention(tmp_path, labels):
    path = tmp_path / "x_rois.zip"
    write_imagej_rois(path, LabelledImage(labels, "x"))
    regions = regions_of(path)
    assert [region.name for region in regions] == [str(i) for i in np.unique(labels) if i]
    for region in regions:
        assert np.array_equal(imagej_mask(region, labels.shape), labels == int(region.name))
    assert np.array_equal(read_imagej_rois(path, labels.shape), labels)


def test_a_plain_cell_is_a_traced_polygon_and_others_are_composites(tmp_path):
    labels = np.zeros((8, 12), np.uint8)
    labels[1:4, 1:6] = 3
    labels[5:8, 1:4] = RING * 4
    labels[5, 6] = labels[7, 6] = 5
    write_imagej_rois(tmp_path / "x.zip", LabelledImage(labels, "x"))
    plain, ring, parts = regions_of(tmp_path / "x.zip")
    assert plain.roitype == roifile.ROI_TYPE.TRACED
    assert (plain.left, plain.top, plain.right, plain.bottom) == (1, 1, 6, 4)
    assert plain.coordinates().tolist() == [[1, 1], [6, 1], [6, 4], [1, 4]]
    assert not plain.composite
    assert ring.composite
    assert parts.composite
    assert len(ring.coordinates(multi=True)) == len(parts.coordinates(multi=True)) == 2
    assert (parts.left, parts.top, parts.right, parts.bottom) == (6, 5, 7, 8)


def test_coordinates_beyond_sixteen_bits_stay_exact():
    ring = np.array([[2, 40_000], [2, 70_001], [5, 70_001], [5, 40_000]], np.int32)
    region = roifile.ImagejRoi.frombytes(region_of(CellOutline(7, (Polygon(ring),))).tobytes())
    assert np.unique(region.coordinates(), axis=0).tolist() == [
        [40_000, 2],
        [40_000, 5],
        [70_001, 2],
        [70_001, 5],
    ]
    near = ring - (0, 20_000)
    region = roifile.ImagejRoi.frombytes(region_of(CellOutline(7, (Polygon(near),))).tobytes())
    assert region.roitype == roifile.ROI_TYPE.TRACED
    assert region.coordinates().tolist() == near[:, ::-1].tolist()


def test_no_cell_gives_an_archive_that_opens(tmp_path):
    write_imagej_rois(tmp_path / "x.zip", LabelledImage(np.zeros((4, 4), np.uint8), "x"))
    assert regions_of(tmp_path / "x.zip") == []
    assert not read_imagej_rois(tmp_path / "x.zip", (4, 4)).any()


def test_an_older_file_is_replaced_not_appended_to(tmp_path):
    path = tmp_path / "x.zip"
    write_imagej_rois(path, LabelledImage(np.arange(9).reshape(3, 3), "x"))
    write_imagej_rois(path, LabelledImage(np.eye(3, dtype=int), "x"))
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["1.roi"]
    first = path.read_bytes()
    write_imagej_rois(path, LabelledImage(np.eye(3, dtype=int), "x"))
    assert path.read_bytes() == first


def test_regions_drawn_in_imagej_are_read(tmp_path):
    freehand = roifile.ImagejRoi.frompoints(
        [[1.25, 1.25], [6.25, 1.25], [6.25, 4.25], [1.25, 4.25]], name="0003-0002"
    )
    box = roifile.ImagejRoi()
    box.roitype, box.top, box.left, box.bottom, box.right, box.name = roifile.ROI_TYPE.RECT, 6, 0, 8, 3, "box"
    oval = roifile.ImagejRoi()
    oval.roitype, oval.top, oval.left, oval.bottom, oval.right, oval.name = (
        roifile.ROI_TYPE.OVAL,
        10,
        0,
        20,
        10,
        "o",
    )
    line = roifile.ImagejRoi()
    line.roitype, line.x1, line.y1, line.x2, line.y2, line.name = roifile.ROI_TYPE.LINE, 0, 0, 5, 5, "line"
    roifile.roiwrite(tmp_path / "x.zip", [freehand, line, box, oval])
    labels = read_imagej_rois(tmp_path / "x.zip", (20, 12))
    expected = np.zeros((20, 12), int)
    expected[1:4, 1:6] = 1
    expected[6:8, 0:3] = 2
    rows, columns = np.indices(labels.shape) + 0.5
    expected[np.hypot(rows - 15, columns - 5) < 5] = 3
    assert np.array_equal(labels, expected)
    freehand.tofile(tmp_path / "one.roi")
    assert np.array_equal(read_imagej_rois(tmp_path / "one.roi", (20, 12)), expected == 1)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 broken", b"Iout\x00", b"Iout\x00\xe4\x00\x00" + b"\x01" * 60]
)
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"x\.zip") as caught:
        read_imagej_rois(tmp_path / "x.zip", (4, 4))
    assert caught.value.remedy


def test_curved_composites_are_refused(tmp_path):
    region = roifile.ImagejRoi()
    region.roitype, region.name = roifile.ROI_TYPE.RECT, "1"
    region.multi_coordinates = np.array([0, 1, 1, 2, 3, 3, 4, 4, 4], np.float32)
    region.shape_roi_size = 9
    region.tofile(tmp_path / "x.roi")
    with pytest.raises(UnreadableFileError, match="curves"):
        read_imagej_rois(tmp_path / "x.roi", (4, 4))
