"""What scores mean for colours and questions, and what is cut out around a cell."""

from __future__ import annotations

import numpy as np

from dinocell_app.display.label_colours import LabelStyle
from dinocell_app.display.loading import index_labels
from dinocell_app.display.pyramid import Tile
from dinocell_app.display.scored_cells import FAINT, ScoredCells, ScoredPainter
from dinocell_app.project.references import CellType
from dinocell_app.references.crops import crop_of, ellipse_in, with_cell
from dinocell_app.ui.references.score_bar import ScoreBar

TYPES = (CellType(1, "ring", "#ff0000"), CellType(2, "rod", "#0000ff"))
SCORED = ScoredCells((1, 3, 4), np.array([[0.9, 0.2], [0.1, 0.6], [0.3, 0.4]]), TYPES)


def test_cells_below_the_threshold_are_faint_and_others_in_the_colour_of_their_type():
    inks = SCORED.inks(5, 0.5)
    assert inks[1].tolist() == [255, 0, 0, 255]
    assert inks[3].tolist() == [0, 0, 255, 255]
    assert inks[4].tolist() == inks[2].tolist() == list(FAINT)
    assert inks[0].tolist() == [0, 0, 0, 0]
    assert SCORED.inks(5, 0.3)[4].tolist() == [0, 0, 255, 255]


def test_the_cell_next_to_the_threshold_is_asked_about_first():
    assert SCORED.uncertain(0.5, set()) == [3, 4, 1]
    assert SCORED.uncertain(0.85, {1}) == [3, 4]


def test_without_references_every_cell_is_faint():
    nothing = ScoredCells((1, 2), np.zeros((2, 0)), ())
    assert nothing.inks(2, 0.0)[1:].tolist() == [list(FAINT)] * 2


def test_painted_cells_have_solid_outlines_and_a_fill_as_wished():
    labels = np.zeros((12, 12), np.int32)
    labels[2:9, 2:9] = 1
    painter = ScoredPainter(index_labels(labels), LabelStyle("both", 0.5), SCORED.inks(1, 0.5))
    painted = painter(Tile(0, 0, 0))
    assert painted.shape[:2] == labels.shape
    assert painted[2, 5].tolist() == [0, 0, 255, 255]
    assert painted[5, 5].tolist() == [0, 0, 127, 127]
    assert painted[0, 0].tolist() == [0, 0, 0, 0]


def test_a_box_becomes_an_ellipse_that_leaves_other_cells_alone():
    labels = np.zeros((20, 30), np.uint16)
    labels[:, :10] = 7
    drawn = ellipse_in(labels.shape, (100, 200), (104, 205, 10, 12))
    made, label, free = with_cell(labels, drawn)
    assert np.array_equal(made == label, free)
    assert label == 8
    rows, columns = np.nonzero(made == 8)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 13, 10, 16)
    assert (made[labels == 7] == 7).all()
    assert not with_cell(labels, ellipse_in(labels.shape, (0, 0), (0, 0, 5, 5)))[2].any()


def test_crops_are_small_and_show_what_is_around_the_cell():
    plane = np.zeros((400, 500), np.uint16)
    plane[100:300, 100:400] = 4000
    crop = crop_of([plane], (slice(100, 300), slice(100, 400)))
    assert max(crop.shape) <= 96
    assert crop.dtype == np.uint8
    assert (crop[0, 0], crop[crop.shape[0] // 2, crop.shape[1] // 2]) == (0, 255)


def test_slider_and_number_say_the_same(qtbot):
    bar = ScoreBar()
    qtbot.addWidget(bar)
    told = []
    bar.changed.connect(told.append)
    bar.set_least(0.4)
    assert (bar.slider.value(), told) == (40, [])
    bar.slider.setValue(72)
    assert told == [0.72]
    bar.histogram.set_scores(np.array([0.0, 0.01, 1.0]))
    assert bar.histogram.counts[[0, -1]].tolist() == [2, 1]


def test_the_least_score_goes_between_two_humps_with_one_click(qtbot):
    bar = ScoreBar()
    qtbot.addWidget(bar)
    told = []
    bar.changed.connect(told.append)
    assert not bar.part.isEnabled()
    # As drawn round cells score among spread ones: both humps are above one half.
    low, high = np.linspace(0.5, 0.79, 17), np.linspace(0.95, 0.97, 12)
    bar.show_scores(np.concatenate([low, high]))
    assert bar.part.isEnabled()
    bar.part.click()
    assert low.max() < bar.least() <= high.min()
    assert told == [bar.least()]
    bar.show_scores(np.linspace(0.1, 0.9, 40))
    assert not bar.part.isEnabled()
