import json

import numpy as np
import pytest
import zarr

from dinocell_app.base.errors import UserFacingError
from dinocell_app.export import ome_zarr
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.ome_zarr import write_ome_zarr
from dinocell_app.export.zarr_arrays import CHUNK, write_array


def opened(path):
    return zarr.open_group(str(path), mode="r")


def test_labels_are_where_ngff_puts_them(tmp_path):
    labels = np.zeros((300, 520), np.int32)
    labels[10:20, 5:50] = 3
    labels[200:290, 400:520] = 900
    pixels = np.random.default_rng(0).integers(0, 60_000, labels.shape).astype(">u2")
    write_ome_zarr(tmp_path / "x.ome.zarr", LabelledImage(labels, "x.tif", 0.5, pixels=pixels))
    root = opened(tmp_path / "x.ome.zarr")
    assert dict(root["labels"].attrs)["labels"] == ["cells"]
    cells = root["labels/cells"]
    attributes = dict(cells.attrs)
    (scales,) = attributes["multiscales"]
    assert scales["version"] == "0.4"
    assert [axis["name"] for axis in scales["axes"]] == ["y", "x"]
    assert {axis["unit"] for axis in scales["axes"]} == {"micrometer"}
    assert [d["coordinateTransformations"][0]["scale"] for d in scales["datasets"]] == [
        [0.5, 0.5],
        [1.0, 1.0],
        [2.0, 2.0],
    ]
    for number, dataset in enumerate(scales["datasets"]):
        array = cells[dataset["path"]]
        assert array.dtype == np.dtype(np.uint16)
        assert np.array_equal(array[:], labels[:: 2**number, :: 2**number])
        assert np.array_equal(root[dataset["path"]][:], pixels[:: 2**number, :: 2**number])
    about = attributes["image-label"]
    assert about["version"] == "0.4"
    assert about["source"] == {"image": "../../"}
    assert [entry["label-value"] for entry in about["colors"]] == [3, 900]
    assert all(len(entry["rgba"]) == 4 for entry in about["colors"])
    assert about["properties"] == [
        {"label-value": 3, "area_px2": 450},
        {"label-value": 900, "area_px2": 10_800},
    ]
    assert json.loads((tmp_path / "x.ome.zarr/labels/cells/.zgroup").read_text()) == {"zarr_format": 2}


def test_colour_images_have_channels_first(tmp_path):
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    write_ome_zarr(tmp_path / "x.ome.zarr", LabelledImage(np.eye(4, 5, dtype=int), "x", pixels=pixels))
    root = opened(tmp_path / "x.ome.zarr")
    assert np.array_equal(root["0"][:], np.moveaxis(pixels, -1, 0))
    (scales,) = dict(root.attrs)["multiscales"]
    assert [axis["type"] for axis in scales["axes"]] == ["channel", "space", "space"]
    assert len(scales["datasets"][0]["coordinateTransformations"][0]["scale"]) == 3


def test_without_pixels_or_pixel_size_nothing_is_claimed(tmp_path):
    write_ome_zarr(tmp_path / "x.ome.zarr", LabelledImage(np.zeros((3, 4), int), "x"))
    root = opened(tmp_path / "x.ome.zarr")
    assert "multiscales" not in dict(root.attrs)
    attributes = dict(root["labels/cells"].attrs)
    assert "source" not in attributes["image-label"]
    assert attributes["image-label"]["colors"] == []
    assert all("unit" not in axis for axis in attributes["multiscales"][0]["axes"])
    assert not root["labels/cells/0"][:].any()


@pytest.mark.parametrize("dtype", ["u1", ">u2", "u4", "f4", "?"])
@pytest.mark.parametrize("shape", [(1, 1), (CHUNK + 3, 5), (2, 3, CHUNK + 1)])
def test_arrays_come_back_from_zarr(tmp_path, dtype, shape):
    values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    values[..., :1, :] = 0
    write_array(tmp_path / "a", values)
    back = zarr.open_array(str(tmp_path / "a"), mode="r")
    assert back.dtype == np.dtype(dtype).newbyteorder("<")
    assert np.array_equal(back[:], values)


def test_an_older_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "x.ome.zarr"
    write_ome_zarr(path, LabelledImage(np.ones((2000, 3), int), "x"))
    write_ome_zarr(path, LabelledImage(np.full((5, 3), 8), "x"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.ome.zarr"]
    assert sorted(entry.name for entry in (path / "labels/cells").iterdir()) == [".zattrs", ".zgroup", "0"]
    assert (opened(path)["labels/cells/0"][:] == 8).all()


def test_a_failure_leaves_the_older_folder_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x.ome.zarr"
    write_ome_zarr(path, LabelledImage(np.ones((3, 3), int), "x"))

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ome_zarr, "write_array", refuse)
    with pytest.raises(UserFacingError, match="disk is full") as caught:
        write_ome_zarr(path, LabelledImage(np.zeros((3, 3), int), "x"))
    assert caught.value.path == path
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.ome.zarr"]
    assert (opened(path)["labels/cells/0"][:] == 1).all()
