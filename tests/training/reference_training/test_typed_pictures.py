import json

import numpy as np
import pytest
import tifffile
from dinocell_training.reference_training.drawn_types import drawn_pictures
from dinocell_training.reference_training.pannuke import find_pannuke
from dinocell_training.reference_training.type_splits import split_by_type
from dinocell_training.reference_training.typed_pictures import find_typed_pictures

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError


def _pair(folder, name, labels, pixels=None):
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(folder / "images" / name, np.zeros(labels.shape, np.uint8) if pixels is None else pixels)
    tifffile.imwrite(folder / "masks" / name, labels)


def _labels(*ids):
    labels = np.zeros((12, 12), np.uint16)
    for place, label in enumerate(ids):
        labels[1:4, 4 * place : 4 * place + 3] = label
    return labels


def test_the_folder_is_the_type(tmp_path):
    _pair(tmp_path / "yeast" / "train", "a.tif", _labels(5, 9))
    _pair(tmp_path / "rods", "b.tif", _labels(3))
    found = find_typed_pictures(tmp_path)
    assert [sorted(picture.types) for picture in found] == [["rods"], ["yeast"]]
    cells = found[1].read()
    assert cells.types == ("yeast", "yeast")
    assert np.unique(cells.labels).tolist() == [0, 1, 2]
    own = find_typed_pictures(tmp_path / "yeast" / "train")
    assert own[0].types == {"yeast"}


def test_a_table_names_types_of_pictures_and_of_single_cells(tmp_path):
    _pair(tmp_path, "p_1.tif", _labels(5, 9))
    _pair(tmp_path, "q_1.tif", _labels(2, 3))
    _pair(tmp_path, "stray.tif", _labels(2))
    table = tmp_path / "types.csv"
    table.write_text("image,label,type\np_*,,round\nq_1.tif,3,rod\n", encoding="utf-8")
    first, second = find_typed_pictures(tmp_path, table)
    assert first.read().types == ("round", "round")
    assert second.read().types == ("", "rod")
    table.write_text("picture,kind\nx,y\n", encoding="utf-8")
    with pytest.raises(InvalidParameterError, match="image"):
        find_typed_pictures(tmp_path, table)


def test_a_list_beside_the_labels_counts_most(tmp_path):
    _pair(tmp_path / "cells", "a.tif", _labels(5, 9))
    listed = tmp_path / "cells" / "masks" / "a.types.json"
    listed.write_text(json.dumps({"9": "rod"}), encoding="utf-8")
    assert find_typed_pictures(tmp_path)[0].read().types == ("", "rod")
    listed.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="list of types"):
        find_typed_pictures(tmp_path)


def _fold(folder, count, seed):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    masks = np.zeros((count, 16, 16, 6))
    masks[:, 2:5, 2:5, 0] = 4
    masks[:, 8:12, 8:12, 2] = 7
    masks[:, 8:12, 3:6, 2] = 9
    np.save(folder / "images.npy", rng.uniform(0, 255, (count, 16, 16, 3)))
    np.save(folder / "masks.npy", masks)


def test_folds_of_pannuke_are_read_and_the_third_is_for_scoring(tmp_path):
    for fold, name in ((1, "fold1"), (2, "Fold 2/deeper"), (3, "fold_3")):
        _fold(tmp_path / name, fold, fold)
    pictures = find_pannuke(tmp_path, (1, 2, 3))
    assert len(pictures) == 6
    cells = pictures[0].read()
    assert cells.types == ("neoplastic", "connective", "connective")
    assert (cells.labels[3, 3], cells.labels[9, 9], cells.labels[9, 4]) == (1, 2, 3)
    split = split_by_type(pictures, (), 0.0, seed=0)
    assert [picture.fold for picture in split.train] == [1, 2, 2]
    assert [picture.fold for picture in split.test] == [3, 3, 3]
    with pytest.raises(UnreadableFileError, match="Fold 4"):
        find_pannuke(tmp_path, (4,))


def test_novel_types_are_in_no_training_picture_and_no_picture_is_in_two_sets():
    pictures = drawn_pictures(200, seed=3)
    split = split_by_type(pictures, ("spindle*",), 0.25, seed=0)
    types = {name: {kind for p in getattr(split, name) for kind in p.types} for name in ("train", "novel")}
    assert types["novel"]
    assert all(kind.startswith("spindle") for kind in types["novel"])
    assert not types["novel"] & types["train"]
    assert len({p.name for part in (split.train, split.test, split.novel) for p in part}) == 200
    assert 20 < len(split.test) < 60
    more = split_by_type(drawn_pictures(220, seed=3), ("spindle*",), 0.25, seed=0)
    assert set(split.test) <= set(more.test)
    assert split.listed()["novel"]["types"] == sorted(types["novel"])
