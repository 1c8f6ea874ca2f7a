"""What is said about labels that look wrong."""

from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from dinocell_training.diagnosis import ProblemKind, diagnose_labels, diagnose_storage


def discs(*cells):
    labels = np.zeros((40, 60), dtype=np.int32)
    for label, row, column, side in cells:
        labels[row : row + side, column : column + side] = label
    return labels


def kinds(labels):
    return [problem.kind for problem in diagnose_labels(labels)]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (discs((1, 0, 0, 10), (2, 0, 10, 10), (7, 20, 20, 10)), []),
        (discs((255, 5, 5, 10)), []),
        (discs(), [ProblemKind.EMPTY]),
        (discs((255, 0, 0, 10), (255, 20, 20, 10)), [ProblemKind.BINARY]),
        (discs((1, 0, 0, 2), (1, 20, 20, 2)), [ProblemKind.BINARY, ProblemKind.TINY]),
        (discs((1, 0, 0, 8), (1, 20, 0, 8), (2, 0, 20, 8), (2, 20, 20, 8)), [ProblemKind.DISCONNECTED]),
        (discs((1, 0, 0, 8), (1, 20, 0, 8), (2, 0, 20, 8), (3, 20, 20, 8)), []),
        (discs((1, 0, 0, 3), (2, 20, 20, 3), (3, 30, 30, 9)), [ProblemKind.TINY]),
    ],
    ids=["cells", "one cell of 255", "empty", "binary", "tiny binary", "classes", "one in pieces", "tiny"],
)
def test_labels(labels, expected):
    assert kinds(labels) == expected


def test_the_number_of_objects_of_a_binary_mask_is_named():
    (problem,) = diagnose_labels(discs((255, 0, 0, 10), (255, 20, 20, 10), (255, 20, 40, 10)))
    assert "3 separate objects" in problem.what
    assert "connected components" in problem.remedy
    assert not problem.is_blocking


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("a.tif", np.zeros((5, 6), np.uint16), []),
        ("a.tif", np.zeros((5, 6, 3), np.uint8), [ProblemKind.RGB]),
        ("a.tif", np.zeros((5, 6), np.float32), [ProblemKind.FLOAT]),
        ("a.png", np.zeros((5, 6, 4), np.uint8), [ProblemKind.RGB]),
        ("a.npy", np.zeros((5, 6)), [ProblemKind.FLOAT]),
    ],
)
def test_storage(tmp_path, name, values, expected):
    path = tmp_path / name
    if path.suffix == ".tif":
        tifffile.imwrite(path, values)
    elif path.suffix == ".npy":
        np.save(path, values)
    else:
        iio.imwrite(path, values)
    assert [problem.kind for problem in diagnose_storage(path)] == expected


def test_storage_of_a_damaged_file_is_left_to_the_reader(tmp_path):
    for name in ("a.tif", "a.png", "a.npy"):
        (tmp_path / name).write_bytes(b"no picture")
        assert diagnose_storage(tmp_path / name) == ()
