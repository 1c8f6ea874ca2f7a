import datetime
import os
import pickle
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.cellpose_files import read_cellpose_seg, write_cellpose_seg
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.restricted_pickle import load_object_npy

LABELS = np.zeros((6, 9), np.uint16)
LABELS[1:5, 1:5] = 1
LABELS[2:6, 6:9] = 2


def save(path, content):
    np.save(path, np.array(content, dtype=object), allow_pickle=True)


def test_the_file_is_what_cellpose_reads(tmp_path):
    flows = np.stack([np.full(LABELS.shape, 0.6), np.full(LABELS.shape, -0.8)]).astype(np.float32)
    probability = np.linspace(0, 1, LABELS.size, dtype=np.float32).reshape(LABELS.shape)
    image = LabelledImage(
        LABELS,
        "x.tif",
        source=Path("folder/x.tif"),
        diameter_px=17.5,
        flows=flows,
        cell_probability=probability,
    )
    write_cellpose_seg(tmp_path / "x_seg.npy", image)
    content = np.load(tmp_path / "x_seg.npy", allow_pickle=True).item()
    assert np.array_equal(content["masks"], LABELS)
    assert content["masks"].dtype == content["outlines"].dtype == np.dtype(np.uint16)
    outlines = LABELS.copy()
    outlines[2:4, 2:4] = 0
    outlines[3:5, 7] = 0
    assert np.array_equal(content["outlines"], outlines)
    assert content["ismanual"].tolist() == [False, False]
    assert content["chan_choose"] == [0, 0]
    assert Path(content["filename"]) == Path("folder/x.tif")
    assert content["est_diam"] == content["diameter"] == 17.5
    picture, probability_picture, _, nothing, predicted = content["flows"]
    assert picture.shape == (1, 6, 9, 3)
    assert picture.dtype == probability_picture.dtype == np.dtype(np.uint8)
    assert probability_picture.shape == (1, 6, 9)
    assert nothing == []
    assert predicted.shape == (3, 6, 9)
    assert np.allclose(predicted[:2], flows * 5)
    assert np.isfinite(predicted).all()
    assert np.allclose(1 / (1 + np.exp(-predicted[2])), probability, atol=1e-6)


def test_labels_come_back(tmp_path):
    write_cellpose_seg(tmp_path / "x_seg.npy", LabelledImage(LABELS, "x.tif"))
    read = read_cellpose_seg(tmp_path / "x_seg.npy")
    assert np.array_equal(read.labels, LABELS)
    assert read.filename == "x.tif"
    assert read.diameter_px is None
    assert np.array_equal(read_labels(tmp_path / "x_seg.npy"), LABELS)


def test_a_picture_without_cells(tmp_path):
    write_cellpose_seg(tmp_path / "x_seg.npy", LabelledImage(LABELS * 0, "x.tif"))
    assert not read_cellpose_seg(tmp_path / "x_seg.npy").labels.any()
    assert np.load(tmp_path / "x_seg.npy", allow_pickle=True).item()["ismanual"].shape == (0,)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_files_of_every_pickle_protocol_are_read(tmp_path, protocol):
    path = tmp_path / "x_seg.npy"
    content = {
        "masks": np.asfortranarray(LABELS.astype(np.int32)),
        "outlines": [np.arange(4).reshape(2, 2)],
        "diameter": np.float64(21),
        "filename": Path("a") / "x.tif",
        "model_path": 0,
        "extra": [
            (1, 2.5, True, None),
            {"set": {1, 2}},
            b"bytes",
            np.array([1, "a"], dtype=object),
            np.bool_(True),
        ],
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"shape": (), "fortran_order": False, "descr": "|O"})
        pickle.dump(np.array(content, dtype=object), file, protocol=protocol)
    read = read_cellpose_seg(path)
    assert np.array_equal(read.labels, LABELS)
    assert read.diameter_px == 21
    assert PurePosixPath(read.filename) == PurePosixPath("a/x.tif")
    assert load_object_npy(path)["extra"][:3] == content["extra"][:3]


def test_early_files_counted_from_minus_one(tmp_path):
    save(tmp_path / "x_seg.npy", {"masks": LABELS.astype(np.int32) - 1})
    assert np.array_equal(read_cellpose_seg(tmp_path / "x_seg.npy").labels, LABELS)


class RunsACommand:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class Reduces:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_command_in_a_file_does_not_run(tmp_path):
    witness = tmp_path / "it_ran"
    save(tmp_path / "x_seg.npy", {"masks": LABELS, "flows": RunsACommand(f"echo > {witness}")})
    with pytest.raises(UnreadableFileError, match="more than data") as caught:
        read_cellpose_seg(tmp_path / "x_seg.npy")
    assert not witness.exists()
    assert caught.value.remedy
    # The file does what it threatens to do when it is trusted, so the test above means something.
    np.load(tmp_path / "x_seg.npy", allow_pickle=True)
    assert witness.exists()


@pytest.mark.parametrize(
    "intruder",
    [
        Reduces(eval, "1"),
        Reduces(getattr, {}, "clear"),
        Reduces(np.load, "other.npy", None, True),
        Reduces(np.fromfile, "other.npy"),
        Reduces(open, "new.txt", "w"),
        Reduces(pickle.loads, b"N."),
        datetime.datetime(2024, 1, 1),
        np.memmap,
        np.dtype,
    ],
    ids=["eval", "getattr", "np.load", "np.fromfile", "open", "pickle.loads", "datetime", "memmap", "dtype"],
)
def test_only_data_is_read(tmp_path, monkeypatch, intruder):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "x_seg.npy", {"masks": LABELS, "more": intruder})
    if intruder is np.dtype:  # harmless by itself: a class that arrays need
        assert np.array_equal(read_cellpose_seg(tmp_path / "x_seg.npy").labels, LABELS)
        return
    with pytest.raises(UnreadableFileError, match="more than data"):
        read_cellpose_seg(tmp_path / "x_seg.npy")
    assert not (tmp_path / "new.txt").exists()


def test_persistent_references_are_refused(tmp_path):
    with (tmp_path / "x_seg.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"shape": (), "fortran_order": False, "descr": "|O"})
        file.write(b"Panything\n.")
    with pytest.raises(UnreadableFileError, match="outside the file"):
        read_cellpose_seg(tmp_path / "x_seg.npy")


@pytest.mark.parametrize(
    "content", [{}, {"masks": None}, [1, 2], 5, {"masks": LABELS / 3}, {"masks": np.zeros((3, 4, 5))}]
)
def test_files_without_a_plane_of_masks_are_refused(tmp_path, content):
    save(tmp_path / "x_seg.npy", content)
    with pytest.raises(UnreadableFileError, match="x_seg"):
        read_cellpose_seg(tmp_path / "x_seg.npy")


@pytest.mark.parametrize("kept", [0, 5, 60, 200, 400])
def test_cut_off_files_are_refused(tmp_path, kept):
    path = tmp_path / "x_seg.npy"
    write_cellpose_seg(path, LabelledImage(LABELS, "x.tif"))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UnreadableFileError, match="damaged"):
        read_cellpose_seg(path)
