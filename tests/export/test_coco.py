import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.coco import combine_coco, read_coco_labels, write_coco
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.run_lengths import decode_runs, encode_runs

LABEL_IMAGES = arrays(
    np.uint16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.sampled_from([0, 0, 1, 2, 9]),
)
MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


def mask_of(counts, shape):
    mask = np.zeros(shape, bool)
    mask.flat[decode_runs(counts, shape)] = True
    return mask


def compact_text(counts):
    """COCO's text of run lengths, as its published definition has it."""
    text = ""
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != (-1 if bits & 0x10 else 0)
            text += chr((bits | (0x20 if more else 0)) + 48)
    return text


@settings(max_examples=40, deadline=None)
@given(MASKS)
def test_run_lengths_come_back_plain_and_compact(mask):
    counts = encode_runs(mask)
    assert sum(counts) == mask.size
    assert sum(counts[1::2]) == mask.sum()
    assert np.array_equal(np.repeat(np.arange(len(counts)) % 2, counts), mask.T.ravel())
    assert np.array_equal(mask_of(counts, mask.shape), mask)
    assert np.array_equal(mask_of(compact_text(counts), mask.shape), mask)
    assert np.array_equal(mask_of(compact_text(counts).encode(), mask.shape), mask)


@settings(max_examples=40, deadline=None)
@given(MASKS, st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2))
def test_a_part_of_an_image_has_the_run_lengths_of_the_whole(mask, top, left, bottom, right):
    whole = np.pad(mask, ((top, bottom), (left, right)))
    assert encode_runs(mask, (top, left), whole.shape) == encode_runs(whole)


def test_known_run_lengths():
    assert encode_runs(np.zeros((10, 10), bool)) == [100]
    assert decode_runs("T3", (10, 10)).size == 0  # the text of an empty 10 x 10 mask
    assert encode_runs(np.ones((2, 3), bool)) == [0, 6]
    assert encode_runs(np.array([[0, 1, 0], [1, 1, 0]], bool)) == [1, 3, 2]


@pytest.mark.parametrize("counts", [[3, 3], [7, -1, 0], "T3", "~"])
def test_wrong_run_lengths_are_refused(counts):
    with pytest.raises(ValueError, match="run lengths"):
        decode_runs(counts, (2, 2))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LABEL_IMAGES)
def test_labels_come_back_from_coco(tmp_path, labels):
    write_coco(tmp_path / "x.json", LabelledImage(labels, "sub/x.tif"))
    (image,) = read_coco_labels(tmp_path / "x.json")
    assert image.file_name == "sub/x.tif"
    assert np.array_equal(image.labels, labels)
    assert not image.crowd.any()


def test_what_coco_prescribes_is_there(tmp_path):
    labels = np.zeros((6, 8), np.uint16)
    labels[1:4, 2:7] = 5
    labels[5, 0] = labels[5, 2] = 8
    write_coco(tmp_path / "x.json", LabelledImage(labels, "x.tif"))
    content = json.loads((tmp_path / "x.json").read_bytes())
    assert content["images"] == [{"id": 1, "file_name": "x.tif", "height": 6, "width": 8}]
    assert content["categories"][0]["name"] == "cell"
    box, parts = content["annotations"]
    assert box["segmentation"] == [[2, 1, 7, 1, 7, 4, 2, 4]]
    assert (box["bbox"], box["area"], box["iscrowd"], box["id"]) == ([2, 1, 5, 3], 15, 0, 5)
    assert parts["segmentation"] == {"size": [6, 8], "counts": [5, 1, 11, 1, 30]}
    assert (parts["bbox"], parts["area"], parts["category_id"]) == ([0, 5, 3, 1], 2, 1)


def test_a_run_is_joined_with_ids_that_occur_once(tmp_path):
    parts = []
    for name, labels in {
        "b": np.array([[1, 0, 2]]),
        "empty": np.zeros((2, 2), int),
        "a": np.array([[2], [1]]),
    }.items():
        write_coco(tmp_path / f"{name}.json", LabelledImage(labels, "only here"))
        parts.append((f"{name}.tif", tmp_path / f"{name}.json"))
    combine_coco(tmp_path / "coco.json", parts)
    content = json.loads((tmp_path / "coco.json").read_bytes())
    assert [image["id"] for image in content["images"]] == [1, 2, 3]
    assert [a["id"] for a in content["annotations"]] == [1, 2, 3, 4]
    assert [(a["image_id"], a["label"]) for a in content["annotations"]] == [(1, 1), (1, 2), (3, 1), (3, 2)]
    read = {image.file_name: image.labels.tolist() for image in read_coco_labels(tmp_path / "coco.json")}
    assert read == {"b.tif": [[1, 0, 2]], "empty.tif": [[0, 0], [0, 0]], "a.tif": [[2], [1]]}


def test_an_empty_run_is_valid(tmp_path):
    combine_coco(tmp_path / "coco.json", [])
    assert list(read_coco_labels(tmp_path / "coco.json")) == []


def test_files_made_elsewhere_are_read(tmp_path):
    big = [1, 1, 9, 1, 9, 7, 1, 7]
    content = {
        "images": [{"id": 17, "file_name": "x.png", "height": 8, "width": 10}],
        "annotations": [
            {"id": 4, "image_id": 17, "segmentation": [[2.0, 2, 4, 2, 4, 4, 2, 4], [5, 5, 6, 5, 6, 6, 5, 6]]},
            {"id": 5, "image_id": 17, "segmentation": [big], "iscrowd": 0},
            {"id": 6, "image_id": 17, "segmentation": {"size": [8, 10], "counts": [0, 8, 72]}, "iscrowd": 1},
            {"id": 7, "image_id": 17, "segmentation": {"size": [8, 10], "counts": compact_text([72, 8])}},
            {"id": 8, "image_id": 99, "segmentation": [big]},
        ],
    }
    (tmp_path / "x.json").write_text(json.dumps(content))
    (image,) = read_coco_labels(tmp_path / "x.json")
    expected = np.zeros((8, 10), int)
    expected[1:7, 1:9] = 2
    expected[2:4, 2:4] = expected[5, 5] = 1
    expected[:, 9] = 3
    assert np.array_equal(image.labels, expected)
    assert np.array_equal(image.crowd, np.indices((8, 10))[1] == 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"images": [], "annotations": [{}]}',
        b'{"images": [{"id": 1}], "annotations": []}',
        b'{"images": [{"id": 1, "height": 2, "width": 2, "file_name": "x"}], '
        b'"annotations": [{"image_id": 1, "segmentation": {"size": [2, 2], "counts": [9]}}]}',
        b'{"images": [{"id": 1, "height": 2, "width": 2, "file_name": "x"}], '
        b'"annotations": [{"image_id": 1, "segmentation": {"size": [2, 3], "counts": [6]}}]}',
    ],
)
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"x\.json") as caught:
        list(read_coco_labels(tmp_path / "x.json"))
    assert caught.value.remedy
    with pytest.raises(UnreadableFileError):
        list(read_coco_labels(tmp_path / "absent.json"))


def test_a_damaged_part_leaves_the_joined_file_as_it_was(tmp_path):
    combine_coco(tmp_path / "coco.json", [])
    before = (tmp_path / "coco.json").read_bytes()
    (tmp_path / "x.json").write_bytes(b'{"images": [], "annotations": []}')
    with pytest.raises(UnreadableFileError):
        combine_coco(tmp_path / "coco.json", [("x", tmp_path / "x.json")])
    assert (tmp_path / "coco.json").read_bytes() == before
