"""Each tool on shapes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.cell_changes import cells_in_box, delete, insert, merge, split
from dinocell_app.editing.cell_shapes import fill_holes, grow, shrink, smooth
from dinocell_app.editing.deltas import Box
from dinocell_app.editing.strokes import erase, fill_outline, paint


def canvas_of(*boxes: tuple[int, int, int, int], shape=(40, 60)) -> LabelCanvas:
    """Rectangles with labels 1, 2, ... from (top, left, height, width)."""
    labels = np.zeros(shape, np.uint32)
    for number, (top, left, height, width) in enumerate(boxes, start=1):
        labels[top : top + height, left : left + width] = number
    return LabelCanvas(labels)


def after(canvas: LabelCanvas, delta) -> np.ndarray:
    assert delta is not None
    canvas.apply(delta)
    truth = LabelCanvas(canvas.labels.copy())
    assert canvas.cells == truth.cells
    for label in canvas.cells:
        assert canvas.area(label) == truth.area(label)
        known, needed = canvas.box_of(label), truth.box_of(label)
        assert known.with_box(needed) == known
    return canvas.labels


def n_pieces(labels, label):
    return ndimage.label(labels == label, np.ones((3, 3)))[1]


def test_a_dab_has_the_pixels_within_the_radius():
    canvas = canvas_of()
    labels = after(canvas, paint(canvas, 5, [(10.0, 20.0)], 3.5))
    rows, columns = np.indices(labels.shape)
    np.testing.assert_array_equal(labels == 5, (rows - 10) ** 2 + (columns - 20) ** 2 <= 3.5**2)


def test_a_stroke_has_the_pixels_near_its_line():
    canvas = canvas_of()
    labels = after(canvas, paint(canvas, 5, [(10, 10), (10, 30), (20, 30)], 2))
    assert (labels[8:13, 10:31] == 5).all()
    assert (labels[10:21, 28:33] == 5).all()
    assert not labels[:8].any()
    assert not labels[13:, :28].any()


def test_a_stroke_leaves_other_cells_alone_unless_it_is_asked_to_cover_them():
    canvas = canvas_of((0, 0, 40, 20))
    assert after(canvas, paint(canvas, 9, [(10, 20)], 4))[10, 19] == 1
    assert after(canvas, paint(canvas, 9, [(10, 20)], 4, over_cells=True))[10, 19] == 9


def test_a_stroke_across_another_cell_ends_at_it():
    canvas = canvas_of((0, 20, 40, 10))
    labels = after(canvas, paint(canvas, 9, [(10, 5), (10, 50)], 2))
    assert labels[10, 18] == 9
    assert not (labels[:, 30:] == 9).any()
    canvas = canvas_of((5, 0, 10, 10), (0, 20, 40, 10))
    labels = after(canvas, paint(canvas, 1, [(10, 5), (10, 50)], 2))
    assert n_pieces(labels, 1) == 1


@pytest.mark.parametrize("place", [(-50.0, -50.0), (0.0, 0.0), (39.0, 59.0), (100.0, 5.0)])
def test_strokes_end_at_the_edge_of_the_image(place):
    canvas = canvas_of()
    delta = paint(canvas, 1, [place], 3)
    inside = 0 <= place[0] < 40 and 0 <= place[1] < 60
    assert (delta is not None) == inside


def test_the_eraser_takes_all_cells_or_one():
    canvas = canvas_of((0, 0, 20, 10), (0, 10, 20, 10))
    assert erase(canvas, [(30, 30)], 3) is None
    labels = after(canvas, erase(canvas, [(10, 10)], 3, 2))
    assert labels[10, 9] == 1
    assert labels[10, 10] == 0
    assert after(canvas, erase(canvas, [(10, 10)], 3))[10, 9] == 0


def test_an_outline_is_filled():
    canvas = canvas_of((0, 0, 8, 8))
    labels = after(canvas, fill_outline(canvas, 7, [(4, 4), (4, 14), (14, 14), (14, 4)]))
    assert (labels[8:14, 8:14] == 7).all()
    assert labels[5, 5] == 1
    assert not (labels[16:] == 7).any()
    assert fill_outline(canvas, 7, [(1, 1), (2, 2)]) is None


def test_holes_are_filled_but_for_cells_in_them():
    canvas = canvas_of((5, 5, 20, 20))
    canvas.labels[8:12, 8:12] = 0
    canvas.labels[15:18, 15:18] = 2
    canvas = LabelCanvas(canvas.labels)
    labels = after(canvas, fill_holes(canvas, 1))
    assert (labels[8:12, 8:12] == 1).all()
    assert (labels[15:18, 15:18] == 2).all()
    assert fill_holes(canvas, 1) is None
    assert fill_holes(canvas, 77) is None


def test_growing_takes_free_ground_within_the_distance():
    canvas = canvas_of((10, 10, 5, 5), (10, 16, 5, 5))
    expected = ndimage.distance_transform_edt(canvas.labels != 1) <= 2
    others = canvas.labels == 2
    labels = after(canvas, grow(canvas, 1, 2))
    np.testing.assert_array_equal(labels == 1, expected & ~others)
    np.testing.assert_array_equal(labels == 2, others)


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_shrinking_is_erosion_by_a_disc(pixels):
    canvas = canvas_of((10, 10, 12, 15))
    rows, columns = np.ogrid[-pixels : pixels + 1, -pixels : pixels + 1]
    disc = rows**2 + columns**2 <= pixels**2
    expected = ndimage.binary_erosion(canvas.labels == 1, disc)
    np.testing.assert_array_equal(after(canvas, shrink(canvas, 1, pixels)) == 1, expected)


def test_shrinking_never_makes_a_cell_vanish_and_keeps_it_in_one_piece():
    canvas = canvas_of((10, 10, 2, 2))
    assert shrink(canvas, 1, 3) is None
    labels = np.zeros((30, 60), np.uint32)
    labels[5:25, 5:25] = labels[12:14, 25:35] = labels[8:20, 35:50] = 1
    canvas = LabelCanvas(labels)
    assert n_pieces(after(canvas, shrink(canvas, 1, 2)), 1) == 1


def test_at_the_edge_of_the_image_a_cell_goes_on():
    canvas = canvas_of((0, 0, 20, 60), shape=(40, 60))
    labels = after(canvas, shrink(canvas, 1, 2))
    assert (labels[:18] == 1).all()
    assert not labels[18:].any()
    full = canvas_of((0, 0, 40, 60))
    assert shrink(full, 1, 2) is None


def test_smoothing_takes_a_spike_away_and_keeps_the_body():
    canvas = canvas_of((10, 10, 16, 16))
    canvas.labels[18, 26:34] = 1
    canvas = LabelCanvas(canvas.labels)
    labels = after(canvas, smooth(canvas, 1))
    assert not labels[18, 29:].any()
    assert (labels[13:23, 13:23] == 1).all()


def test_a_line_cuts_a_rectangle_and_the_larger_part_keeps_its_label():
    canvas = canvas_of((10, 10, 10, 30))
    labels = after(canvas, split(canvas, 1, [(5, 20), (25, 20)], 8))
    assert (labels[10:20, 21:40] == 1).all()
    assert (labels[10:20, 10:20] == 8).all()
    assert set(np.unique(labels[10:20, 10:40]).tolist()) == {1, 8}, "the cut itself belongs to a part"


def test_a_line_that_cuts_twice_makes_three():
    canvas = canvas_of((10, 10, 10, 40))
    labels = after(canvas, split(canvas, 1, [(5, 20), (30, 20), (30, 35), (5, 35)], 8))
    assert set(np.unique(labels).tolist()) == {0, 1, 8, 9}


@pytest.mark.parametrize("line", [[(5, 20), (15, 20)], [(30, 5), (35, 50)], [(15, 20)]])
def test_a_line_that_does_not_part_the_cell_changes_nothing(line):
    assert split(canvas_of((10, 10, 10, 30)), 1, line, 8) is None


def test_a_slanted_line_cuts_too():
    canvas = canvas_of((5, 5, 30, 30))
    labels = after(canvas, split(canvas, 1, [(0.2, 1.4), (38.7, 40.1)], 8))
    assert n_pieces(labels, 1) == n_pieces(labels, 8) == 1


def test_merging_closes_the_gap_and_keeps_the_first_label():
    canvas = canvas_of((10, 10, 10, 10), (10, 23, 10, 10), (30, 50, 5, 5))
    labels = after(canvas, merge(canvas, [2, 1]))
    assert n_pieces(labels, 2) == 1
    assert (labels[12:18, 20:23] == 2).all()
    assert 1 not in labels
    assert (labels == 3).sum() == 25


def test_cells_far_apart_or_with_another_between_are_not_merged():
    canvas = canvas_of((10, 2, 10, 10), (10, 40, 10, 10))
    assert merge(canvas, [1, 2]) is None
    canvas = canvas_of((10, 10, 10, 10), (10, 24, 10, 10), (0, 21, 40, 2))
    assert merge(canvas, [1, 2]) is None
    assert merge(canvas, [1, 1]) is None
    assert merge(canvas, [1, 99]) is None


def test_deleting_takes_cells_and_nothing_else():
    canvas = canvas_of((0, 0, 5, 5), (0, 10, 5, 5), (20, 20, 5, 5))
    labels = after(canvas, delete(canvas, [1, 3, 55]))
    assert set(np.unique(labels).tolist()) == {0, 2}
    assert delete(canvas, [1]) is None


def test_a_box_has_the_cells_that_lie_in_it_by_more_than_half():
    canvas = canvas_of((0, 0, 10, 10), (0, 15, 10, 10), (0, 30, 10, 10))
    assert cells_in_box(canvas, Box(0, 4, 10, 16)) == [1]
    assert cells_in_box(canvas, Box(-5, -5, 100, 100)) == [1, 2, 3]


def test_found_cells_get_new_labels_where_there_is_free_ground():
    canvas = canvas_of((10, 10, 10, 10))
    found = np.zeros((20, 30), np.int32)
    found[0:10, 6:12] = 1
    found[0:10, 20:25] = 2
    found[6:10, 1:5] = 3
    labels = after(canvas, insert(canvas, found, 10, 10, 40))
    assert (labels[10:20, 10:20] == 1).all()
    assert set(np.unique(labels).tolist()) == {0, 1, 40}, "cell 1 is taken by more than half, cell 3 wholly"
    assert (labels == 40).sum() == 50


def test_found_cells_beyond_the_image_are_cut():
    canvas = canvas_of()
    labels = after(canvas, insert(canvas, np.full((20, 20), 3), 30, 50, 4))
    assert (labels[30:, 50:] == 4).all()
    assert (labels == 4).sum() == 100
