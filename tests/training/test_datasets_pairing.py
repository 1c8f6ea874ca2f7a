"""Which label file belongs to which image."""

from __future__ import annotations

import json

import pytest
from dinocell_training.pairing import LabelFormat, find_pairs

from dinocell_app.base.errors import UnreadableFileError


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return find_pairs(folder)


def names(search, folder):
    return {
        pair.image_path.relative_to(folder).as_posix(): pair.labels.path.relative_to(folder).as_posix()
        for pair in search.pairs
    }


@pytest.mark.parametrize(
    ("image", "labels", "label_format"),
    [
        ("x.tif", "x_masks.tif", LabelFormat.LABEL_IMAGE),
        ("x.tif", "x_mask.png", LabelFormat.LABEL_IMAGE),
        ("X.TIF", "x_Masks.tiff", LabelFormat.LABEL_IMAGE),
        ("x.jpg", "x_cp_masks.png", LabelFormat.LABEL_IMAGE),
        ("x.tif", "x_labels.npy", LabelFormat.LABEL_IMAGE),
        ("x.ome.tif", "x_label.ome.tif", LabelFormat.LABEL_IMAGE),
        ("x.ome.tif", "x_masks.tif", LabelFormat.LABEL_IMAGE),
        ("x_img.png", "x_masks.png", LabelFormat.LABEL_IMAGE),
        ("deep/er/x_image.png", "deep/er/x_label.png", LabelFormat.LABEL_IMAGE),
        ("x.tif", "x_seg.npy", LabelFormat.CELLPOSE),
        ("x.tif", "x_rois.zip", LabelFormat.IMAGEJ_ROIS),
        ("x.tif", "x_RoiSet.zip", LabelFormat.IMAGEJ_ROIS),
        ("x.tif", "RoiSet.zip", LabelFormat.IMAGEJ_ROIS),
        ("images/x.tif", "masks/x.tif", LabelFormat.LABEL_IMAGE),
        ("images/x.jpg", "labels/x.png", LabelFormat.LABEL_IMAGE),
        ("images/x.tif", "masks/x_masks.tif", LabelFormat.LABEL_IMAGE),
        ("images/x_img.tif", "masks/x_mask.tif", LabelFormat.LABEL_IMAGE),
        ("images/x.tif", "images/x_masks.tif", LabelFormat.LABEL_IMAGE),
        ("images/x.tif", "labels/x_rois.zip", LabelFormat.IMAGEJ_ROIS),
        ("train/images/x.tif", "train/masks/x.tif", LabelFormat.LABEL_IMAGE),
        ("images/train/x.tif", "labels/train/x.tif", LabelFormat.LABEL_IMAGE),
        ("train/x.tif", "train/masks/x.tif", LabelFormat.LABEL_IMAGE),
        ("Images/a/b/x.tif", "Masks/a/b/x.tif", LabelFormat.LABEL_IMAGE),
    ],
)
def test_conventions(tmp_path, image, labels, label_format):
    search = make(tmp_path, image, labels)
    assert names(search, tmp_path) == {image: labels}
    assert search.pairs[0].labels.format is label_format
    assert search.unpaired == ()


def test_equal_names_in_different_splits_are_kept_apart(tmp_path):
    search = make(
        tmp_path, "train/images/x.tif", "train/masks/x.tif", "test/images/x.tif", "test/masks/x.tif"
    )
    assert names(search, tmp_path) == {
        "train/images/x.tif": "train/masks/x.tif",
        "test/images/x.tif": "test/masks/x.tif",
    }


def test_a_folder_of_images_finds_the_labels_beside_it(tmp_path):
    make(tmp_path, "images/a/x.tif", "labels/a/x.tif", "images/y.tif")
    search = find_pairs(tmp_path / "images")
    assert names(search, tmp_path) == {"images/a/x.tif": "labels/a/x.tif"}
    assert [left.path.name for left in search.unpaired] == ["y.tif"]


def test_a_result_of_cellpose_comes_after_named_masks_and_before_seg(tmp_path):
    (pair,) = make(tmp_path, "x.tif", "x_seg.npy", "x_cp_masks.png", "x_masks.tif", "x_rois.zip").pairs
    assert [source.path.name for source in (pair.labels, *pair.other_labels)] == [
        "x_masks.tif", "x_cp_masks.png", "x_seg.npy", "x_rois.zip",
    ]  # fmt: skip


def test_a_bare_roi_set_is_not_guessed_among_several_images(tmp_path):
    search = make(tmp_path, "x.tif", "y.tif", "RoiSet.zip")
    assert search.pairs == ()
    assert {left.path.name for left in search.unpaired} == {"x.tif", "y.tif", "RoiSet.zip"}


def test_what_programs_write_beside_an_image_is_neither_image_nor_label(tmp_path):
    search = make(
        tmp_path, "x.tif", "x_masks.tif", "x_flows.tif", "x_overlay.png", ".hidden.tif", "notes.txt"
    )
    assert names(search, tmp_path) == {"x.tif": "x_masks.tif"}
    assert search.unpaired == ()


def test_left_over_files_are_named_with_the_reason(tmp_path):
    search = make(tmp_path, "x.tif", "y_masks.tif")
    reasons = {left.path.name: left.reason for left in search.unpaired}
    assert "no labels" in reasons["x.tif"]
    assert "no image" in reasons["y_masks.tif"]


def write_listing(path, *file_names, annotations=()):
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": number, "file_name": name} for number, name in enumerate(file_names)]
    path.write_text(json.dumps({"images": images, "annotations": list(annotations)}))


def test_coco_lists_images_by_name_wherever_they_lie(tmp_path):
    write_listing(tmp_path / "annotations" / "all.json", "x.tif", "other.tif")
    search = make(tmp_path, "pictures/x.tif", "pictures/y.tif")
    (pair,) = search.pairs
    assert (pair.image_path.name, pair.labels.format) == ("x.tif", LabelFormat.COCO)
    assert pair.labels.image_name == "x.tif"
    assert [left.path.name for left in search.unpaired] == ["y.tif"]


def test_coco_folders_tell_equal_names_apart(tmp_path):
    write_listing(tmp_path / "all.json", "a/x.tif")
    search = make(tmp_path, "a/x.tif", "b/x.tif")
    assert [pair.image_path.parent.name for pair in search.pairs] == ["a"]


def test_other_json_is_ignored_and_broken_json_reported(tmp_path):
    (tmp_path / "job.json").write_text('{"steps": 3}')
    (tmp_path / "broken.json").write_text("{")
    search = make(tmp_path, "x.tif")
    assert {left.path.name for left in search.unpaired} == {"x.tif", "broken.json"}


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UnreadableFileError, match="no such folder"):
        find_pairs(tmp_path / "missing")
