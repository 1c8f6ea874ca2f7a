from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import label as components
from skimage.measure import points_in_poly

from dinocell_app.export.polygons import fill_rings, rasterise_outlines, trace_outlines

LABEL_IMAGES = arrays(
    np.uint16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.sampled_from([0, 0, 1, 2, 7]),
)


def centres_inside(ring, shape):
    """Pixel centres inside one ring, by scikit-image."""
    rows, columns = np.indices(shape) + 0.5
    points = np.column_stack([rows.ravel(), columns.ravel()])
    return points_in_poly(points, ring).reshape(shape)


def shoelace(ring):
    y, x = ring[:, 0].astype(float), ring[:, 1].astype(float)
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


@settings(max_examples=100, deadline=None)
@given(LABEL_IMAGES)
def test_outlines_filled_again_are_the_labels(labels):
    assert np.array_equal(rasterise_outlines(trace_outlines(labels), labels.shape), labels)


@settings(max_examples=60, deadline=None)
@given(LABEL_IMAGES)
def test_scikit_image_fills_exteriors_minus_holes_to_the_labels(labels):
    for outline in trace_outlines(labels):
        filled = np.zeros(labels.shape, int)
        for polygon in outline.polygons:
            filled += centres_inside(polygon.exterior, labels.shape)
            for hole in polygon.holes:
                filled -= centres_inside(hole, labels.shape)
        assert np.array_equal(filled, (labels == outline.label).astype(int))


@settings(max_examples=100, deadline=None)
@given(LABEL_IMAGES)
def test_rings_are_simple_turn_at_each_vertex_and_know_their_orientation(labels):
    for outline in trace_outlines(labels):
        for polygon in outline.polygons:
            assert shoelace(polygon.exterior) > 0
            assert all(shoelace(hole) < 0 for hole in polygon.holes)
        for ring in outline.rings:
            assert len({tuple(vertex) for vertex in ring.tolist()}) == len(ring)
            steps = [tuple(b - a) for a, b in pairwise([*ring, ring[0], ring[1]])]
            assert all((a[0] == 0) != (a[1] == 0) for a in steps)
            assert all((a[0] == 0) != (b[0] == 0) for a, b in pairwise(steps))


@settings(max_examples=40, deadline=None)
@given(LABEL_IMAGES)
def test_area_and_topology_agree_with_the_pixels(labels):
    for outline in trace_outlines(labels):
        mask = labels == outline.label
        assert sum(shoelace(ring) for ring in outline.rings) == mask.sum()
        parts, n_parts = components(mask, connectivity=1, return_num=True)
        assert len(outline.polygons) == n_parts
        for polygon in outline.polygons:
            part = parts == parts[tuple(polygon.exterior[0])]
            _, n_outside = components(~np.pad(part, 1), connectivity=1, return_num=True)
            assert len(polygon.holes) == n_outside - 1


def test_one_pixel_has_four_corners_clockwise():
    (outline,) = trace_outlines(np.pad(np.array([[5]]), 2))
    assert outline.label == 5
    assert outline.is_simple
    assert outline.rings[0].tolist() == [[2, 2], [2, 3], [3, 3], [3, 2]]


def test_straight_edges_have_no_vertices_between_corners():
    (outline,) = trace_outlines(np.ones((7, 30), np.uint8))
    assert outline.rings[0].tolist() == [[0, 0], [0, 30], [7, 30], [7, 0]]


def test_pixels_touching_by_a_corner_are_two_parts():
    (outline,) = trace_outlines(np.eye(2, dtype=np.uint8))
    assert len(outline.polygons) == 2


def test_a_loop_closed_by_a_corner_has_an_exterior_and_a_hole():
    labels = np.ones((3, 3), np.uint8)
    labels[1, 1] = labels[2, 2] = 0
    (outline,) = trace_outlines(labels)
    (polygon,) = outline.polygons
    assert len(polygon.holes) == 1
    assert np.array_equal(fill_rings(polygon.rings, (3, 3)), labels.astype(bool))


def test_an_island_in_a_hole_belongs_to_its_own_part():
    labels = np.ones((5, 5), np.uint8)
    labels[1:4, 1:4] = 0
    labels[2, 2] = 1
    (outline,) = trace_outlines(labels)
    assert [len(polygon.holes) for polygon in outline.polygons] == [1, 0]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (4, 6)])
def test_no_cell_no_outline(shape):
    assert trace_outlines(np.zeros(shape, np.uint16)) == []


def test_a_line_of_twenty_thousand_pixels():
    labels = np.arange(20_000, dtype=np.uint32)[None, :] // 100
    outlines = trace_outlines(labels)
    assert len(outlines) == 199
    assert np.array_equal(rasterise_outlines(outlines, labels.shape), labels)


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.int64, (5, 2), elements=st.integers(-21, 105)),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
)
def test_sloping_edges_fill_like_scikit_image(sevenths, shape):
    # These offsets keep pixel centres off the edges, where either answer would do.
    ring = sevenths / 7 + (2**0.5 / 100, 3**0.5 / 100)
    assert np.array_equal(fill_rings([ring], shape), centres_inside(ring, shape))


def test_rings_outside_the_image_fill_nothing():
    ring = np.array([[20, 20], [20, 30], [30, 30], [30, 20]])
    assert not fill_rings([ring], (10, 10)).any()
    assert not fill_rings([], (10, 10)).any()
