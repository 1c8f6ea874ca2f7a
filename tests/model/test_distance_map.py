import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.distance_map import (
    DistanceMapObjective,
    distance_map_to_labels,
    find_markers,
    labels_to_distance_map,
)

EVERYTHING = DecodingParameters(min_size=0, max_fraction=1)


def disks(shape, *centres_and_radii):
    labels = np.zeros(shape, np.int32)
    rows, columns = np.indices(shape)
    for label, (y, x, radius) in enumerate(centres_and_radii, start=1):
        labels[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = label
    return labels


def test_distances_of_a_square():
    labels = np.zeros((7, 7), np.int64)
    labels[1:6, 1:6] = 12345678901
    expected = np.zeros((7, 7))
    expected[1:6, 1:6] = 1 / 3
    expected[2:5, 2:5] = 2 / 3
    expected[3, 3] = 1
    assert np.allclose(labels_to_distance_map(labels), expected)


def test_touching_cells_are_apart():
    labels = np.zeros((5, 8), np.int32)
    labels[:, :4] = 1
    labels[:, 4:] = 2
    assert np.allclose(labels_to_distance_map(labels), np.array([4, 3, 2, 1, 1, 2, 3, 4]) / 4)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), zoom=st.integers(1, 5), ids=st.integers(1, 5))
def test_distances_agree_with_scipy_cell_by_cell(seed, zoom, ids):
    rng = np.random.default_rng(seed)
    labels = np.kron(rng.integers(0, ids + 1, (5, 6)), np.ones((zoom, zoom), int)).astype(np.int32)
    labels[0, 0] = 0
    expected = np.zeros(labels.shape)
    for label in np.unique(labels[labels > 0]):
        distances = ndimage.distance_transform_edt(labels == label)
        expected += distances / distances.max()
    assert np.allclose(labels_to_distance_map(labels), expected, atol=1e-6)


def test_a_cell_that_fills_the_image_is_deep_everywhere():
    assert (labels_to_distance_map(np.full((4, 5), 3)) == 1).all()


def test_a_marker_lies_in_its_piece_next_to_its_centroid():
    high = np.zeros((9, 12), bool)
    high[1:8, 1:8] = True
    high[2:7, 2:8] = False
    high[8, 11] = high[7, 10] = True
    markers = find_markers(high)
    assert sorted(markers[markers > 0].tolist()) == [1, 2]
    assert high[markers > 0].all()
    assert markers[4, 1] == 1


def test_disks_come_back():
    labels = disks((50, 60), (20, 16, 10), (22, 40, 12))
    assert np.array_equal(distance_map_to_labels(labels_to_distance_map(labels), EVERYTHING), labels)


def test_touching_disks_come_back():
    labels = disks((40, 60), (20, 17, 12), (20, 40, 12))
    found = distance_map_to_labels(labels_to_distance_map(labels), EVERYTHING)
    assert found.max() == 2
    assert (found == labels)[labels > 0].mean() > 0.97


def test_sizes_and_holes_are_chosen():
    labels = disks((50, 60), (20, 20, 15), (20, 48, 4))
    depth = labels_to_distance_map(labels)
    depth[20, 27] = 0
    for parameters, count in (
        (DecodingParameters(max_fraction=1), 2),
        (DecodingParameters(max_fraction=0.1), 1),
        (DecodingParameters(max_fraction=1, min_size=100), 1),
    ):
        found = distance_map_to_labels(depth, parameters)
        assert found.max() == count
    assert distance_map_to_labels(depth, EVERYTHING)[20, 27] == 1
    assert distance_map_to_labels(depth, DecodingParameters(max_fraction=1, fill_holes=False))[20, 27] == 0


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (1, 9), (6, 5)])
@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf, -5.0])
def test_absurd_maps_give_labels_of_their_shape(shape, value):
    found = distance_map_to_labels(np.full(shape, value, np.float32), EVERYTHING)
    assert found.shape == shape
    assert found.dtype == np.int32
    assert found.max(initial=0) == (1 if value == 1 and np.prod(shape) else 0)
    assert labels_to_distance_map(np.zeros(shape, np.int32)).shape == shape


def test_the_objective_holds_targets_losses_and_decoding():
    objective = DistanceMapObjective()
    labels = disks((30, 40), (14, 14, 9), (14, 30, 7))
    target = objective.targets(labels)
    assert target.shape == (len(objective.channel_names), 30, 40)
    assert target.dtype == np.float32
    wrong = target.copy()
    wrong[0, :, 20:] += 3
    maps = torch.from_numpy(np.stack([target, wrong]))
    both = torch.from_numpy(np.stack([target, target]))
    weight = torch.ones(2, 30, 40)
    assert objective.losses(maps, both, weight)["distance"] == pytest.approx(9 / 4, rel=1e-5)
    weight[1, :, 20:] = 0
    assert objective.losses(maps, both, weight)["distance"] == 0
    assert objective.activate(2 * target - 0.5).min() == 0
    assert objective.activate(2 * target - 0.5).max() == 1
    assert objective.decode(target, EVERYTHING).max() == 2
