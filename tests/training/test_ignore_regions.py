"""Painted regions in which labels say nothing: found, kept out of the loss, of the scores and of pairing."""

from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from dinocell_training.augmentation import PAPER
from dinocell_training.crops import CropDataset, CropParameters, Source
from dinocell_training.datasets import labelled_pairs

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.model.flows import FlowsObjective


def _labels():
    labels = np.zeros((64, 64), np.uint16)
    labels[5:25, 5:25] = 1
    return labels


def _region():
    region = np.zeros((64, 64), np.uint8)
    region[30:60, 30:60] = 255
    return region


@pytest.mark.parametrize(
    ("image", "masks", "ignore"),
    [
        ("x.tif", "x_masks.tif", "x_ignore.tif"),
        ("x_img.tif", "x_masks.tif", "x_ignore.png"),
        ("images/x.tif", "masks/x.tif", "masks/x_ignore.tif"),
        ("images/x.tif", "masks/x.tif", "images/x_ignore.tif"),
    ],
)
def test_a_painted_region_is_found_and_not_taken_for_an_image(tmp_path, image, masks, ignore):
    for name, content in ((image, _labels()), (masks, _labels()), (ignore, _region())):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (iio.imwrite if name.endswith(".png") else tifffile.imwrite)(tmp_path / name, content)
    found = labelled_pairs(tmp_path)
    assert not found.unpaired
    (pair,) = found.pairs
    assert (pair.read_ignore_region((64, 64)) == (_region() > 0)).all()


def test_a_painted_region_has_no_weight_in_the_loss(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", (_labels() * 100).astype(np.uint8))
    tifffile.imwrite(tmp_path / "x_masks.tif", _labels())
    tifffile.imwrite(tmp_path / "x_ignore.tif", _region())
    crops = CropDataset(
        [Source(labelled_pairs(tmp_path).pairs, fully_labelled=False)],
        FlowsObjective(),
        CropParameters(64),
        PAPER,
    )
    weight = crops[0][2].numpy()
    assert set(np.unique(weight)) == {np.float32(0), np.float32(0.05), np.float32(1)}
    assert (weight[32:58, 32:58] == 0).all()
    assert (weight == 1).sum() == 400


def test_a_region_of_another_size_is_an_error_with_its_file(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", _labels())
    tifffile.imwrite(tmp_path / "x_masks.tif", _labels())
    tifffile.imwrite(tmp_path / "x_ignore.tif", _region()[:40])
    (pair,) = labelled_pairs(tmp_path).pairs
    with pytest.raises(UnreadableFileError, match=r"x_ignore\.tif.*40x64"):
        pair.read_ignore_region((64, 64))
