import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.model import row_bands
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_decoding import flow_errors, flows_to_labels, mean_in_cells
from dinocell_app.model.flow_dynamics import GROWTH_REACH, follow_flows, grow_seeds, sinks_to_labels
from dinocell_app.model.flow_dynamics_torch import flows_to_labels_on_device
from dinocell_app.model.flow_dynamics_torch import labels_to_flows as labels_to_flows_torch
from dinocell_app.model.flow_targets import cell_windows, labels_to_flows
from dinocell_app.model.label_cleaning import fill_holes, remove_small_cells, renumber

EVERYTHING = DecodingParameters(flow_threshold=0, min_size=0, max_fraction=1)


def disk(labels, centre, radius, label):
    rows, columns = np.indices(labels.shape)
    labels[(rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2] = label


def two_disks(gap=3):
    labels = np.zeros((48, 64), np.int32)
    disk(labels, (20, 18), 9, 1)
    disk(labels, (22, 18 + 19 + gap), 9, 2)
    return labels


def convex_cells(seed, shape=(72, 80), spacing=11, reach=(5, 12)):
    """Disks cut by the lines halfway to their neighbours: convex, most of them touching."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    centres = []
    for candidate in rng.uniform((5, 5), (shape[0] - 5, shape[1] - 5), (60, 2)):
        if all(np.hypot(*(candidate - other)) >= spacing for other in centres):
            centres.append(candidate)
    distances = np.stack([np.hypot(rows - y, columns - x) for y, x in centres])
    nearest = distances.argmin(0)
    radii = rng.uniform(*reach, len(centres))
    return np.where(distances.min(0) <= radii[nearest], nearest + 1, 0).astype(np.int32)


def decode(labels, parameters=EVERYTHING, noise=0.0):
    flows = labels_to_flows(labels)
    if noise:
        waves = np.random.default_rng(0).normal(size=flows.shape)
        waves = ndimage.gaussian_filter(waves, (0, 2, 2))
        flows = (flows + noise * waves / waves.std()).astype(np.float32)
    return flows_to_labels(flows, (labels > 0).astype(np.float32), parameters)


def assert_same_cells(found, expected, iou=0.9):
    ids = np.unique(expected[expected > 0])
    assert found.max() == len(ids)
    for label in ids:
        cell = expected == label
        matches, counts = np.unique(found[cell], return_counts=True)
        match = found == matches[counts.argmax()]
        assert (cell & match).sum() / (cell | match).sum() >= iou


def test_flows_of_a_disk_point_to_its_centre():
    labels = np.zeros((41, 41), np.int64)
    disk(labels, (20, 20), 15, 7)
    dy, dx = labels_to_flows(labels)
    rows, columns = np.nonzero(labels)
    keep = np.hypot(rows - 20, columns - 20) > 1
    rows, columns = rows[keep], columns[keep]
    distance = np.hypot(rows - 20, columns - 20)
    cosine = (dy[rows, columns] * (20 - rows) + dx[rows, columns] * (20 - columns)) / distance
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).mean() < 4
    assert np.allclose(np.hypot(dy, dx)[rows, columns], 1, atol=1e-6)
    assert dy[20, 20] == dx[20, 20] == 0
    assert not dy[labels == 0].any()


def test_flows_of_a_line_point_along_it():
    labels = np.zeros((5, 21), np.int32)
    labels[2] = 1
    dy, dx = labels_to_flows(labels)
    assert np.array_equal(dx[2], np.sign(10 - np.arange(21)))
    assert not dy.any()


def test_a_one_pixel_cell_has_no_flow():
    labels = np.zeros((5, 5), np.int32)
    labels[2, 3] = 1
    assert not labels_to_flows(labels).any()


def test_flows_know_any_ids():
    labels = two_disks(gap=0).astype(np.int64)
    strange = np.choose(labels, [0, -5, 10**12])
    assert np.array_equal(labels_to_flows(strange), labels_to_flows(labels))
    assert cell_windows(strange).tolist() == [
        [-5, *cell_windows(labels)[0, 1:]],
        [10**12, *cell_windows(labels)[1, 1:]],
    ]


def test_flows_reach_the_ends_of_a_long_cell():
    labels = np.zeros((3, 601), np.int32)
    labels[1] = 1
    assert np.array_equal(labels_to_flows(labels)[1, 1], np.sign(300 - np.arange(601)))


@pytest.mark.parametrize("gap", [3, 0])
def test_two_disks_come_back(gap):
    labels = two_disks(gap)
    assert np.array_equal(decode(labels), labels)
    assert np.array_equal(decode(labels, DecodingParameters()), labels)


def test_a_ring_comes_back_and_its_hole_is_filled():
    labels = np.zeros((50, 50), np.int32)
    disk(labels, (25, 25), 18, 1)
    disk(labels, (25, 25), 7, 0)
    full = (labels > 0) | (np.hypot(*(np.indices(labels.shape) - 25)) <= 7)
    kept = decode(labels, DecodingParameters(flow_threshold=0, fill_holes=False, max_fraction=1))
    filled = decode(labels, DecodingParameters(flow_threshold=0, max_fraction=1))
    assert kept.max() == filled.max() == 1
    assert (kept > 0).sum() > 0.9 * (labels > 0).sum()
    assert (kept[labels == 0] == 0).all()
    assert filled[25, 25] == 1
    assert (filled > 0).sum() > 0.9 * full.sum()


def test_a_line_comes_back():
    labels = np.zeros((9, 41), np.int32)
    labels[4, 3:38] = 1
    assert np.array_equal(decode(labels), labels)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), touching=st.booleans())
def test_convex_cells_survive_the_way_through_flows(seed, touching):
    labels = convex_cells(seed, spacing=11 if touching else 15, reach=(6, 14) if touching else (4, 7))
    assert_same_cells(decode(labels), labels)


def test_noise_leaves_the_cells():
    labels = convex_cells(3)
    assert_same_cells(decode(labels, DecodingParameters(max_fraction=1), noise=0.2), labels)


def test_ids_follow_the_reading_order():
    labels = decode(convex_cells(5))
    _, firsts = np.unique(labels, return_index=True)
    assert (np.diff(firsts[1:]) > 0).all()
    assert labels.dtype == np.int32


def test_threads_change_nothing(monkeypatch):
    labels = convex_cells(11)
    results = []
    for n_threads in (1, 3, 7):
        monkeypatch.setattr(row_bands, "thread_count", lambda n=n_threads: n)
        results.append((labels_to_flows(labels), decode(labels, DecodingParameters(), noise=0.3)))
    for flows, decoded in results[1:]:
        assert np.array_equal(flows, results[0][0])
        assert np.array_equal(decoded, results[0][1])


def test_errors_in_a_band_are_not_lost(monkeypatch):
    monkeypatch.setattr(row_bands, "thread_count", lambda: 2)

    def kernel(first, end):
        if first > 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        row_bands.run_in_bands(kernel, 10)


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 50), n_threads=st.integers(1, 9))
def test_bands_cover_every_item_once(count, n_threads):
    original = row_bands.thread_count
    row_bands.thread_count = lambda: n_threads
    try:
        visits = np.zeros(count, int)

        def visit(first, end):
            visits[first:end] += 1

        row_bands.run_in_bands(visit, count)
    finally:
        row_bands.thread_count = original
    assert (visits == 1).all()


def test_probability_threshold_chooses_the_foreground():
    labels = two_disks()
    probability = np.select([labels == 1, labels == 2], [0.9, 0.6], 0.1).astype(np.float32)
    flows = labels_to_flows(labels)
    for threshold, n_cells in ((0.5, 2), (0.7, 1), (0.9, 0)):
        parameters = DecodingParameters(cell_probability_threshold=threshold)
        assert flows_to_labels(flows, probability, parameters).max() == n_cells


def test_flow_check_drops_cells_with_other_flows():
    labels = two_disks()
    flows = labels_to_flows(labels)
    turned = np.where(labels == 2, 0.1 * flows, flows)
    probability = (labels > 0).astype(np.float32)
    errors = flow_errors(labels, turned, flows)
    assert errors == pytest.approx([0, 0, 0.81], abs=0.01)
    parameters = DecodingParameters(flow_threshold=0.4, n_iterations=400)
    assert np.array_equal(flows_to_labels(turned, probability, parameters), np.where(labels == 1, 1, 0))
    lenient = DecodingParameters(flow_threshold=1, n_iterations=400)
    assert flows_to_labels(turned, probability, lenient).max() == 2


def test_small_and_large_cells_are_dropped():
    labels = np.zeros((40, 40), np.int32)
    disk(labels, (25, 25), 14, 2)
    disk(labels, (5, 5), 3, 1)
    large, small = (labels == 2).sum(), (labels == 1).sum()
    for min_size, max_fraction, sizes in (
        (small, 1, [small, large]),
        (small + 1, 1, [large]),
        (0, large / labels.size, [small, large]),
        (0, (large - 1) / labels.size, [small]),
    ):
        found = decode(labels, DecodingParameters(min_size=int(min_size), max_fraction=max_fraction))
        assert np.bincount(found.ravel())[1:].tolist() == sizes


def test_too_few_steps_leave_pixels_behind():
    labels = np.zeros((60, 60), np.int32)
    disk(labels, (30, 30), 25, 1)
    few = decode(labels, DecodingParameters(n_iterations=3, max_fraction=1, flow_threshold=0))
    assert (few > 0).sum() < 0.5 * (labels > 0).sum()


def test_a_trajectory_moves_one_step_of_the_flow_at_a_time():
    field = np.zeros((1, 30, 2), np.float32)
    field[0, :20, 1] = 1
    foreground = field[..., 1] > 0
    # Four steps lead from 3 to 6 and 7, whose middle is in pixel 6.
    assert follow_flows(field, foreground, 4)[0, 3] == 6
    # Past the last flow of 1 in column 19 the steps shrink; nothing comes further than column 20.
    assert (follow_flows(field, foreground, 100)[0, :20] == 20).all()


def test_a_swing_between_two_pixels_is_one_sink():
    field = np.zeros((1, 8, 2), np.float32)
    field[0, :4, 1] = 1
    field[0, 4:, 1] = -1
    for n_iterations in (50, 51):
        assert (follow_flows(field, np.ones((1, 8), bool), n_iterations) == 3).all()


def test_sinks_with_few_trajectories_are_no_seeds():
    sinks = np.full((4, 11), -1)
    sinks[0, :10] = 25
    assert not sinks_to_labels(sinks).any()
    sinks[0, 10] = 25
    assert np.array_equal(sinks_to_labels(sinks), (sinks >= 0).astype(np.int32))


def test_seeds_grow_through_full_bins_as_far_as_allowed():
    counts = np.zeros((3, 30), np.int32)
    counts[1, 4:20] = 3
    counts[1, 10] = 50
    counts[1, 13] = 2
    bins = grow_seeds(counts, np.array([30 + 10]))
    assert np.flatnonzero(bins[1]).tolist() == list(range(10 - GROWTH_REACH, 13))


def test_the_fuller_seed_takes_shared_bins():
    counts = np.zeros((1, 12), np.int32)
    counts[0] = [20, 3, 3, 3, 3, 30, 0, 0, 0, 0, 0, 0]
    bins = grow_seeds(counts, np.array([0, 5]))
    assert len(set(bins[0, :6].tolist())) == 1


def test_holes_belong_to_the_only_neighbour():
    labels = np.zeros((9, 16), np.int32)
    labels[1:8, 1:8] = 1
    labels[3:6, 3:6] = 0
    labels[1:8, 8:15] = 2
    labels[4, 7:9] = 0
    labels[0, 0:3] = 3
    filled = fill_holes(labels)
    assert (filled[3:6, 3:6] == 1).all()
    assert (filled[4, 7:9] == 0).all()
    assert (filled != labels).sum() == 9
    nested = labels.copy()
    nested[4, 4] = 4
    assert (fill_holes(nested)[3:6, 3:6] == nested[3:6, 3:6]).all()


def test_background_cut_off_by_the_edge_is_no_hole():
    labels = np.ones((5, 5), np.int32)
    labels[2, :3] = 0
    assert np.array_equal(fill_holes(labels), labels)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), ids=st.integers(1, 3))
def test_holes_agree_with_scipy_cell_by_cell(seed, ids):
    rng = np.random.default_rng(seed)
    labels = ndimage.zoom(rng.integers(0, ids + 1, (6, 6)), 2, order=0).astype(np.int32)
    expected = labels.copy()
    for label in range(1, ids + 1):
        holes = ndimage.binary_fill_holes(labels == label) & (labels != label)
        pieces, count = ndimage.label(holes)
        for piece in range(1, count + 1):
            if not labels[pieces == piece].any():
                expected[pieces == piece] = label
    assert np.array_equal(fill_holes(labels), expected)


def test_renumbering_closes_gaps():
    labels = np.array([[0, 9, 9], [4, 0, 7]])
    assert renumber(labels).tolist() == [[0, 1, 1], [2, 0, 3]]
    assert remove_small_cells(labels.astype(np.int32), 2).tolist() == [[0, 9, 9], [0, 0, 0]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (1, 30), (30, 1), (2, 2), (12, 17)])
@pytest.mark.parametrize("value", [0.0, 1.0, math.nan, math.inf, -math.inf, 1e30])
def test_absurd_maps_give_labels_of_their_shape(shape, value):
    flows = np.full((2, *shape), value, np.float32)
    for probability in (0.0, 1.0, math.nan):
        cells = np.full(shape, probability, np.float32)
        for labels in (
            flows_to_labels(flows, cells, DecodingParameters()),
            flows_to_labels_on_device(
                torch.from_numpy(flows), torch.from_numpy(cells), DecodingParameters(max_fraction=1)
            ),
        ):
            assert labels.shape == shape
            assert labels.dtype == np.int32
            assert labels.max(initial=0) <= 1
            if probability != 1:
                assert not labels.any()


def test_flows_that_are_not_finite_count_as_zero():
    labels = two_disks()
    flows = labels_to_flows(labels)
    holed, zeroed = flows.copy(), flows.copy()
    holed[0, 15, 15], holed[1, 25, 18] = np.nan, np.inf
    zeroed[:, 15, 15] = zeroed[:, 25, 18] = 0
    cells = (labels > 0).astype(np.float32)
    expected = flows_to_labels(zeroed, cells, DecodingParameters())
    assert np.array_equal(flows_to_labels(holed, cells, DecodingParameters()), expected)
    on_device = flows_to_labels_on_device(torch.tensor(holed), torch.tensor(cells), DecodingParameters())
    assert np.array_equal(on_device, expected)


def test_maps_that_do_not_belong_together_are_refused():
    with pytest.raises(InvalidParameterError, match="do not belong together"):
        flows_to_labels(np.zeros((2, 4, 4), np.float32), np.zeros((4, 5), np.float32), EVERYTHING)
    with pytest.raises(InvalidParameterError, match="do not belong together"):
        flows_to_labels_on_device(torch.zeros(3, 4, 4), torch.zeros(4, 4), EVERYTHING)


def test_more_cells_than_sixteen_bits_hold():
    sinks = np.full((560, 20 * 130), -1)
    # Every twelve pixels end together; a sink in every third row and column keeps the seeds apart.
    grid = np.arange(66000 * 12).reshape(66000, 12)
    targets = (3 * (np.arange(66000) // 860)) * sinks.shape[1] + 3 * (np.arange(66000) % 860)
    sinks.ravel()[grid] = targets[:, None]
    labels = sinks_to_labels(sinks)
    assert len(np.unique(labels)) == 66001
    assert labels.max() == 66000


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_device_of_the_network_gives_the_same_labels(noise):
    labels = convex_cells(21, shape=(60, 64))
    flows = labels_to_flows(labels)
    waves = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=flows.shape), (0, 2, 2))
    flows = (flows + noise * waves / waves.std()).astype(np.float32)
    cells = (labels > 0).astype(np.float32)
    for parameters in (
        DecodingParameters(flow_threshold=0.4),
        DecodingParameters(flow_threshold=0, n_iterations=37),
    ):
        here = flows_to_labels(flows, cells, parameters)
        there = flows_to_labels_on_device(torch.from_numpy(flows), torch.from_numpy(cells), parameters)
        assert here.max() > 5
        assert (here != there).mean() < 0.002
        assert_same_cells(there, here, iou=0.95)


def test_the_device_of_the_network_gives_the_same_targets():
    labels = convex_cells(8, shape=(50, 40))
    labels[labels == 3] = 0
    assert np.abs(labels_to_flows_torch(labels, "cpu").numpy() - labels_to_flows(labels)).max() < 1e-5
    assert not labels_to_flows_torch(np.zeros((4, 5), np.int32), "cpu").any()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_same_labels():
    labels = convex_cells(2)
    flows, cells = labels_to_flows(labels), (labels > 0).astype(np.float32)
    there = flows_to_labels_on_device(
        torch.from_numpy(flows).cuda(), torch.from_numpy(cells).cuda(), DecodingParameters()
    )
    assert_same_cells(there, flows_to_labels(flows, cells, DecodingParameters()), iou=0.95)


@pytest.mark.parametrize(
    "values",
    [
        {"cell_probability_threshold": 1.1},
        {"cell_probability_threshold": math.nan},
        {"flow_threshold": -0.1},
        {"flow_threshold": math.inf},
        {"min_size": -1},
        {"min_size": 2.5},
        {"max_fraction": 0},
        {"max_fraction": 1.01},
        {"n_iterations": 0},
        {"n_iterations": "many"},
        {"max_fraction": None},
    ],
)
def test_parameters_out_of_range_are_refused(values):
    with pytest.raises(InvalidParameterError, match="Choose a"):
        DecodingParameters(**values)


def test_cells_the_network_is_not_sure_of_are_dropped():
    labels = np.zeros((40, 80), np.int32)
    labels[5:30, 5:30] = 1
    labels[5:30, 45:70] = 2
    flows = labels_to_flows(labels)
    probability = np.where(labels == 1, 0.95, np.where(labels == 2, 0.6, 0.1)).astype(np.float32)
    everything = DecodingParameters(min_size=0)
    assert flows_to_labels(flows, probability, everything).max() == 2
    sure = replace(everything, min_confidence=0.75)
    assert np.array_equal(flows_to_labels(flows, probability, sure), np.where(labels == 1, 1, 0))
    assert mean_in_cells(labels, probability)[1:] == pytest.approx([0.95, 0.6])
