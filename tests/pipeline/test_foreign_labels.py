"""Labels made elsewhere are measured, scored and taught as they were meant, or refused in a sentence."""

from __future__ import annotations

import json
import unicodedata

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
import tifffile
from dinocell_training.datasets import labelled_pairs
from dinocell_training.diagnosis import ProblemKind
from roifile import ROI_TYPE, ImagejRoi, roiwrite

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.cli import main
from dinocell_app.export.foreign_labels import read_foreign_labels
from dinocell_app.export.geojson import feature_collection
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.outline_files import read_outlines
from dinocell_app.imaging.planes import PlaneChoice
from dinocell_app.pipeline.label_pairs import pair_images

SHAPE = (60, 80)


def squares() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint16)
    for number, (row, column) in enumerate([(5, 5), (5, 40), (30, 20)], start=1):
        labels[row : row + 12, column : column + 12] = number
    return labels


def image(path, planes: int = 1) -> None:
    pixels = np.random.default_rng(0).integers(0, 200, (planes, *SHAPE)).astype(np.uint8)
    tifffile.imwrite(
        path,
        pixels if planes > 1 else pixels[0],
        imagej=planes > 1,
        metadata={"axes": "ZYX"} if planes > 1 else None,
    )


def square_roi(top: int, left: int, side: int, **position: int) -> ImagejRoi:
    roi = ImagejRoi.frompoints(
        [[left, top], [left + side, top], [left + side, top + side], [left, top + side]]
    )
    roi.roitype = ROI_TYPE.POLYGON
    for name, value in position.items():
        setattr(roi, name, value)
    return roi


@pytest.fixture
def folders(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    return tmp_path


def measured(folders, images="images", labels="masks"):
    out = folders / "out"
    code = main(["measure", str(folders / images), str(folders / labels), "-o", str(out), "--overwrite"])
    assert code == 0
    return pd.read_csv(out / "cells.csv")


@pytest.mark.parametrize("kind", ["png", "bits"])
def test_the_parts_of_a_black_and_white_mask_are_cells_and_it_is_said(folders, kind, capsys):
    image(folders / "images" / "a.tif")
    if kind == "png":
        iio.imwrite(folders / "masks" / "a.png", np.where(squares(), 255, 0).astype(np.uint8))
    else:
        tifffile.imwrite(folders / "masks" / "a.tif", squares() > 0, photometric="minisblack")
    assert len(measured(folders)) == 3
    assert "black-and-white mask: its 3 separate parts" in capsys.readouterr().err


def test_scores_take_the_parts_of_a_mask_for_cells(folders, capsys):
    for name, labels in (("images", squares()), ("masks", np.where(squares(), 255, 0))):
        tifffile.imwrite(folders / name / "a.tif", labels.astype(np.uint16))
    words = ["evaluate", str(folders / "images"), str(folders / "masks"), "-o", str(folders / "out")]
    assert main(words) == 0
    assert "black-and-white" in capsys.readouterr().err
    scores = pd.read_csv(folders / "out" / "scores.csv")
    assert scores["ap_0.5"].tolist() == [1.0]


def test_jpeg_masks_are_refused(folders, capsys):
    image(folders / "images" / "a.tif")
    iio.imwrite(folders / "masks" / "a_mask.jpg", np.where(squares(), 255, 0).astype(np.uint8))
    assert main(["measure", str(folders / "images"), str(folders / "masks"), "-o", str(folders / "out")]) == 3
    said = capsys.readouterr()
    assert "JPEG blurs the edges of masks" in said.out + said.err


def test_regions_lie_on_the_slices_they_were_drawn_on(folders):
    image(folders / "stack.tif", planes=3)
    rois = [square_roi(5 + i, 5, 10 + i, position=i + 1) for i in range(3)]
    roiwrite(folders / "stack_RoiSet.zip", rois)
    cells = measured(folders, "stack.tif", "stack_RoiSet.zip")
    assert cells["image"].tolist() == [f"stack.tif_z{z:03d}" for z in range(3)]
    assert cells["area_px2"].tolist() == [100, 121, 144]
    pair = labelled_pairs(folders).pairs[0]
    assert np.bincount(pair.read()[1].ravel())[1:].tolist() == [100]
    with pytest.raises(UnreadableFileError, match="lie on 3 slices"):
        read_foreign_labels(folders / "stack_RoiSet.zip", SHAPE)


def test_regions_of_a_hyperstack_follow_time_and_slice(tmp_path):
    roiwrite(
        tmp_path / "h.zip",
        [square_roi(5, 5, 10, z_position=2, t_position=1), square_roi(5, 30, 8, t_position=2)],
    )
    planes = [PlaneAddress(t, z) for t in range(2) for z in range(2)]
    areas = [
        int((read_foreign_labels(tmp_path / "h.zip", SHAPE, plane, planes).labels > 0).sum())
        for plane in planes
    ]
    assert areas == [0, 100, 64, 64]


def test_regions_of_a_single_image_are_measured(folders):
    image(folders / "flat.tif")
    roiwrite(
        folders / "flat_RoiSet.zip", [square_roi(5, 5, 20, position=1), square_roi(30, 40, 20, position=1)]
    )
    assert measured(folders, "flat.tif", "flat_RoiSet.zip")["area_px2"].tolist() == [400, 400]


def test_labels_of_each_plane_are_measured_as_they_were_written(folders):
    image(folders / "images" / "stack.tif", planes=3)
    for z in range(3):
        labels = np.where(squares() <= z + 1, squares(), 0).astype(np.uint16)
        tifffile.imwrite(folders / "masks" / f"stack_z{z:03d}_labels.tif", labels)
    cells = measured(folders)
    assert cells.groupby("image").size().tolist() == [1, 2, 3]


def test_a_stack_of_labels_fits_a_stack_of_slices(folders):
    image(folders / "images" / "stack.tif", planes=3)
    stack = np.stack([np.where(squares() <= z + 1, squares(), 0) for z in range(3)]).astype(np.uint16)
    tifffile.imwrite(folders / "masks" / "stack.tif", stack, photometric="minisblack")
    assert measured(folders).groupby("image").size().tolist() == [1, 2, 3]


def test_names_that_look_the_same_are_the_same(folders):
    name = "Größe_é.tif"
    image(folders / "images" / unicodedata.normalize("NFC", name))
    tifffile.imwrite(folders / "masks" / unicodedata.normalize("NFD", name), squares())
    assert len(measured(folders)) == 3
    (pair,) = labelled_pairs(folders).pairs
    assert pair.read()[1].max() == 3


def test_of_two_images_of_one_name_one_is_measured_and_the_other_told(folders):
    image(folders / "images" / "same.tif")
    iio.imwrite(folders / "images" / "same.png", np.zeros(SHAPE, np.uint8))
    tifffile.imwrite(folders / "masks" / "same.tif", squares())
    found = pair_images(folders / "images", folders / "masks")
    assert [pair.first.name for pair in found.pairs] == ["same.tif"]
    assert [(left.path.name, "same.tif" in left.reason) for left in found.left_out] == [("same.png", True)]


def test_names_that_differ_in_case_keep_their_own_masks(folders):
    for name in ("Cells.tif", "cells.tif"):
        image(folders / "images" / name)
        tifffile.imwrite(folders / "masks" / name, squares())
    if len(list((folders / "images").iterdir())) < 2:
        pytest.skip("this disk does not tell case apart")
    found = pair_images(folders / "images", folders / "masks")
    assert sorted((pair.first.name, pair.labels.name) for pair in found.pairs) == [
        ("Cells.tif", "Cells.tif"), ("cells.tif", "cells.tif"),
    ]  # fmt: skip
    assert len({str(pair.stem).casefold() for pair in found.pairs}) == 2
    assert not found.left_out


def test_outlines_of_qupath_and_labelme_give_the_cells_back(tmp_path):
    labels = squares()
    labels[8, 8] = 0  # a hole
    geojson = tmp_path / "a.geojson"
    geojson.write_text(json.dumps(feature_collection(LabelledImage(labels, "a"))))
    np.testing.assert_array_equal(read_outlines(geojson, SHAPE), labels)
    shapes = [
        {"label": "cell", "shape_type": "polygon", "points": [[5, 5], [17, 5], [17, 17], [5, 17]]},
        {"label": "cell", "shape_type": "rectangle", "points": [[52, 17], [40, 5]]},
        {"label": "cell", "shape_type": "circle", "points": [[30, 40], [30, 45]]},
        {"label": "note", "shape_type": "point", "points": [[1, 1]]},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"shapes": shapes, "imageHeight": SHAPE[0], "imageWidth": SHAPE[1]}))
    areas = np.bincount(read_outlines(path, SHAPE).ravel())[1:].tolist()
    assert areas[:2] == [144, 144]
    assert areas[2] == pytest.approx(np.pi * 25, rel=0.06)
    assert len(areas) == 3


def test_outlines_are_labels_to_train_on(folders):
    image(folders / "a.tif")
    image(folders / "b.tif")
    (folders / "a.geojson").write_text(json.dumps(feature_collection(LabelledImage(squares(), "a"))))
    points = [[5, 5], [17, 5], [17, 17], [5, 17]]
    (folders / "b.json").write_text(json.dumps({"shapes": [{"points": points, "shape_type": "polygon"}]}))
    found = labelled_pairs(folders)
    assert [int(pair.read()[1].max()) for pair in found.pairs] == [3, 1]
    assert not [left for left in found.unpaired if left.path.parent == folders]


POLYGON = {"type": "Polygon", "coordinates": [[["a", 1]]]}
DAMAGED = [
    "{",
    "[]",
    '{"shapes": 3}',
    '{"type": "FeatureCollection"}',
    '{"shapes": [{"points": [[1]]}]}',
    json.dumps({"type": "FeatureCollection", "features": [{"geometry": POLYGON}]}),
]


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_outlines_are_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(UnreadableFileError, match="outlines cannot be read"):
        read_outlines(path, SHAPE)


def test_boxes_without_outlines_are_not_called_background(folders):
    image(folders / "boxes.tif")
    boxes = [
        {"id": i, "image_id": 1, "category_id": 1, "bbox": [5, 5, 9, 9], "segmentation": []} for i in range(4)
    ]
    listing = {
        "images": [{"id": 1, "file_name": "boxes.tif", "height": SHAPE[0], "width": SHAPE[1]}],
        "annotations": boxes,
        "categories": [{"id": 1, "name": "cell"}],
    }
    (folders / "labels.json").write_text(json.dumps(listing))
    (pair,) = labelled_pairs(folders, plane=PlaneChoice(z=0, t=0)).pairs
    (problem,) = pair.diagnosis
    assert problem.kind is ProblemKind.BOXES_ONLY
    assert problem.is_blocking
    assert "4 objects without outline" in problem.what
