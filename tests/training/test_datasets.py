"""Labelled images from folders as users have them."""

from __future__ import annotations

import json
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from dinocell_training.datasets import binary_as_components, labelled_pairs, split_pairs
from dinocell_training.diagnosis import ProblemKind
from roifile import ImagejRoi

from dinocell_app.base.errors import UserFacingError
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SHAPE = (40, 52)


def cells():
    labels = np.zeros(SHAPE, dtype=np.uint16)
    labels[3:13, 4:20] = 3
    labels[13:30, 4:20] = 8
    labels[20:32, 30:45] = 5
    return labels


def picture(seed=0, dtype=np.uint16):
    return np.random.default_rng(seed).integers(0, 250, SHAPE).astype(dtype)


def only_pair(folder):
    (pair,) = labelled_pairs(folder).pairs
    return pair


def kinds(pair):
    return [problem.kind for problem in pair.diagnosis]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_read_gives_the_files_own_numbers(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "x.tif", picture(dtype=dtype))
    tifffile.imwrite(tmp_path / "x_masks.tif", cells())
    pair = only_pair(tmp_path)
    pixels, labels = pair.read()
    assert pixels.dtype == dtype
    np.testing.assert_array_equal(pixels, picture(dtype=dtype))
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, cells())
    assert pair.diagnosis == ()


def test_colour_images_become_grey(tmp_path):
    iio.imwrite(tmp_path / "x.png", np.repeat(picture(dtype=np.uint8)[..., None], 3, axis=2))
    iio.imwrite(tmp_path / "x_masks.png", cells())
    pixels, labels = only_pair(tmp_path).read()
    np.testing.assert_allclose(pixels, picture(), atol=0.51)
    np.testing.assert_array_equal(labels, cells())


def test_cellpose_seg(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    np.save(tmp_path / "x_seg.npy", {"masks": cells(), "outlines": cells(), "filename": "x.tif"})
    np.testing.assert_array_equal(only_pair(tmp_path).read()[1], cells())


def test_coco_with_a_crowd(tmp_path):
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images" / "x.tif", picture())
    box = [[4, 3, 20, 3, 20, 13, 4, 13]]
    crowd = [[30, 20, 45, 20, 45, 32, 30, 32]]
    annotations = [
        {"id": 1, "image_id": 9, "category_id": 1, "segmentation": box, "iscrowd": 0},
        {"id": 2, "image_id": 9, "category_id": 1, "segmentation": crowd, "iscrowd": 1},
    ]
    image = {"id": 9, "file_name": "x.tif", "height": SHAPE[0], "width": SHAPE[1]}
    listing = {"images": [image], "annotations": annotations, "categories": [{"id": 1, "name": "cell"}]}
    (tmp_path / "coco.json").write_text(json.dumps(listing))
    pair = only_pair(tmp_path)
    np.testing.assert_array_equal(pair.read()[1] > 0, cells() == 3)
    np.testing.assert_array_equal(pair.read_ignore_region(SHAPE), cells() == 5)


def test_imagej_regions(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    corners = np.array([[4, 3], [20, 3], [20, 13], [4, 13]], dtype=np.float32)
    ImagejRoi.frompoints(corners, name="1").tofile(tmp_path / "x_rois.zip")
    ImagejRoi.frompoints(corners + 20, name="2").tofile(tmp_path / "x_rois.zip", mode="a")
    labels = only_pair(tmp_path).read()[1]
    np.testing.assert_array_equal(labels == 1, cells() == 3)
    np.testing.assert_array_equal(np.unique(labels), [0, 1, 2])


def test_other_formats_have_no_ignore_region(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    tifffile.imwrite(tmp_path / "x_masks.tif", cells())
    region = only_pair(tmp_path).read_ignore_region(SHAPE)
    assert region.shape == SHAPE
    assert not region.any()


def test_binary_masks_are_said_to_be_binary_and_offered_as_components(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    iio.imwrite(tmp_path / "x_mask.png", (cells() > 0).astype(np.uint8) * 255)
    pair = only_pair(tmp_path)
    assert kinds(pair) == [ProblemKind.BINARY]
    assert set(np.unique(pair.read()[1])) == {0, 255}  # not repaired silently
    (offered,) = binary_as_components([pair])
    labels = offered.read()[1]
    assert labels.max() == 2  # the two touching cells are one
    np.testing.assert_array_equal(labels > 0, cells() > 0)


def test_pairs_that_are_not_binary_are_left_alone(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    tifffile.imwrite(tmp_path / "x_mask.tif", cells())
    pair = only_pair(tmp_path)
    assert binary_as_components([pair]) == (pair,)


def test_labels_of_another_size_are_diagnosed_and_refused(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    tifffile.imwrite(tmp_path / "x_masks.tif", cells().T)
    pair = only_pair(tmp_path)
    assert ProblemKind.SIZE_MISMATCH in kinds(pair)
    with pytest.raises(UserFacingError, match=r"52x40 .* 40x52.*transpose") as refused:
        pair.read()
    assert refused.value.path == tmp_path / "x_masks.tif"


def test_coloured_masks_are_diagnosed_and_refused(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    iio.imwrite(
        tmp_path / "x_masks.png", np.random.default_rng(0).integers(0, 9, (*SHAPE, 3)).astype(np.uint8)
    )
    pair = only_pair(tmp_path)
    assert kinds(pair) == [ProblemKind.RGB, ProblemKind.UNREADABLE]
    assert any(problem.is_blocking for problem in pair.diagnosis)
    with pytest.raises(UserFacingError):
        pair.read()


def test_float_masks_of_whole_numbers_are_read_and_mentioned(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    tifffile.imwrite(tmp_path / "x_masks.tif", cells().astype(np.float32))
    pair = only_pair(tmp_path)
    assert kinds(pair) == [ProblemKind.FLOAT]
    np.testing.assert_array_equal(pair.read()[1], cells())


def test_a_second_label_file_is_mentioned(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    tifffile.imwrite(tmp_path / "x_masks.tif", cells())
    iio.imwrite(tmp_path / "x_cp_masks.png", cells())
    pair = only_pair(tmp_path)
    assert kinds(pair) == [ProblemKind.SEVERAL_SOURCES]
    assert "x_cp_masks.png" in pair.diagnosis[0].what


def test_a_damaged_label_file_is_diagnosed(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    (tmp_path / "x_masks.tif").write_bytes(b"II*\0 nothing")
    assert kinds(only_pair(tmp_path)) == [ProblemKind.UNREADABLE]


def test_ids_beyond_int32_are_renumbered(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", picture())
    large = cells().astype(np.uint32)
    large[large == 8] = 4_000_000_000
    tifffile.imwrite(tmp_path / "x_masks.tif", large)
    labels = only_pair(tmp_path).read()[1]
    assert labels.tolist() == np.searchsorted([0, 3, 5, 8], cells()).tolist()


def test_equal_pictures_under_different_names_are_split_together(tmp_path):
    for number in range(6):
        for copy in ("a", "b"):
            name = f"{copy}{number}"
            suffix = ".tif" if copy == "a" else ".png"
            iio.imwrite(tmp_path / f"{name}{suffix}", picture(number, np.uint8))
            tifffile.imwrite(tmp_path / f"{name}_masks.tif", cells())
    split = split_pairs(labelled_pairs(tmp_path).pairs, held_out_fraction=0.4)
    held_out = sorted(pair.image_path.stem for pair in split.held_out)
    assert len(held_out) == 4
    assert {name[1] for name in held_out if name[0] == "a"} == {
        name[1] for name in held_out if name[0] == "b"
    }
    assert len(split.training) == 8


def test_one_plane_and_channel_of_a_stack_is_read(tmp_path):
    stack = np.stack([picture(n) for n in range(6)]).reshape(3, 2, *SHAPE)
    tifffile.imwrite(tmp_path / "x.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    tifffile.imwrite(tmp_path / "x_masks.tif", cells())
    (grey,) = labelled_pairs(tmp_path).pairs
    assert kinds(grey) == [ProblemKind.UNREADABLE]  # no single channel is the grey one
    (chosen,) = labelled_pairs(tmp_path, channel=ChannelChoice(1), plane=PlaneChoice(z=2, t=0)).pairs
    assert kinds(chosen) == [ProblemKind.SEVERAL_PLANES]
    np.testing.assert_array_equal(chosen.read()[0], stack[2, 1])


@pytest.mark.skipif(not DATA.is_dir(), reason="the microscopy data sets are not beside the repository")
@pytest.mark.parametrize(
    "name", ["usiigaci_phase", "yeastvision_phase", "qpi_vicar_dense", "pannuke_3patches"]
)
def test_real_data_is_paired_and_readable(name):
    found = labelled_pairs(DATA / name / "test")
    assert found.pairs
    assert found.unpaired == ()
    pixels, labels = found.pairs[0].read()
    assert pixels.shape == labels.shape
    assert labels.max() > 5
    assert not any(problem.is_blocking for problem in found.pairs[0].diagnosis)
