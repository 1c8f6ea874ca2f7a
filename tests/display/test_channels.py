"""Contrast, colours of channels and of labels, scale bar, words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor
from scipy import ndimage

from dinocell_app.display.channels import channel_statistics, composite, displayed_range
from dinocell_app.display.hover_text import HoverInfo, hover_text, length_text
from dinocell_app.display.label_colours import LabelStyle, outline, paint_labels
from dinocell_app.display.loading import index_labels
from dinocell_app.display.pyramid import Tile
from dinocell_app.display.scale_bar import LONGEST_SCREEN_PX, scale_bar
from dinocell_app.display.tile_painting import LabelPainter
from dinocell_app.export.palette import PALETTE
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.ui.theme import contrast

WHITE = ChannelDisplay(0, True, "#ffffff", None, None)


def test_a_dim_picture_of_16_bits_is_seen():
    plane = np.random.default_rng(0).integers(400, 700, (300, 300)).astype(np.uint16)
    statistics = channel_statistics(plane)
    painted = composite([plane], [WHITE], [displayed_range(WHITE, statistics)])
    assert painted[..., 0].min() == 0
    assert painted[..., 0].max() == 255
    assert 100 < painted[..., 0].mean() < 155


def test_values_that_are_no_numbers_are_black_and_do_not_disturb():
    plane = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    plane[0, :3] = np.nan, np.inf, -np.inf
    statistics = channel_statistics(plane)
    assert 0 <= statistics.low < statistics.high <= 1
    painted = composite([plane], [WHITE], [(statistics.low, statistics.high)])
    assert painted[0, :3, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("value", [0, 1000, 65535])
def test_a_flat_picture_has_a_range(value):
    statistics = channel_statistics(np.full((8, 8), value, np.uint16))
    low, high = displayed_range(WHITE, statistics)
    assert high > low
    assert statistics.histogram.counts.sum() == 64


@pytest.mark.parametrize("value", [0.0, 1e9, -1e12])
def test_a_range_of_no_width_can_be_drawn(value):
    display = ChannelDisplay(0, True, "#ffffff", value, value)
    low, high = displayed_range(display, channel_statistics(np.zeros((2, 2))))
    assert high > low


def test_colour_pictures_keep_their_colours():
    statistics = channel_statistics(np.full((4, 4), 90, np.uint8), is_rgb=True)
    assert (statistics.low, statistics.high) == (0, 255)


def test_channels_add_up_in_their_colours():
    full = np.full((2, 2), 10, np.uint8)
    displays = [
        ChannelDisplay(0, True, "#ff0000", None, None),
        ChannelDisplay(1, True, "#00ff00", None, None),
    ]
    painted = composite([full, full], displays, [(0, 10), (0, 10)])
    assert painted[0, 0].tolist() == [0, 255, 255, 255]  # blue, green, red, and 255
    hidden = [displays[0], ChannelDisplay(1, False, "#00ff00", None, None)]
    assert composite([full, full], hidden, [(0, 10), (0, 10)])[0, 0].tolist() == [0, 0, 255, 255]
    none = [ChannelDisplay(n, False, "#ffffff", None, None) for n in (0, 1)]
    assert composite([full, full], none, [(0, 10), (0, 10)])[0, 0].tolist() == [0, 0, 0, 255]


def test_masks_let_the_image_through_and_outlines_do_not():
    labels = np.zeros((9, 9), np.int32)
    labels[2:7, 2:7] = 2
    colours = np.array([0, 1, 4], np.uint8)
    fill = paint_labels(labels, colours, LabelStyle("fill", 0.5))
    assert fill[0, 0].tolist() == [0, 0, 0, 0]
    assert fill[4, 4, 3] == 127
    lines = paint_labels(labels, colours, LabelStyle("outline", 0.5))
    assert lines[4, 4, 3] == 0
    assert lines[2, 4].tolist() == [*PALETTE[3][::-1], 255]
    both = paint_labels(labels, colours, LabelStyle("both", 0.5))
    assert (both[4, 4, 3], both[2, 4, 3]) == (127, 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64])
def test_labels_of_every_kind_are_painted(dtype):
    labels = np.zeros((4, 4), dtype)
    labels[1, 1] = 200
    colours = np.zeros(201, np.uint8)
    colours[200] = 2
    painted = paint_labels(labels, colours, LabelStyle("fill", 1.0))
    assert painted[1, 1, :3].tolist() == list(PALETTE[1][::-1])


@pytest.mark.parametrize("width", [1, 2, 5])
def test_outlines_have_no_seams_between_tiles(width):
    labels = np.zeros((1200, 1100), np.int32)
    labels[100:1000, 200:900] = 5
    painter = LabelPainter(index_labels(labels), LabelStyle("outline", outline_width=width))
    whole = np.zeros(labels.shape, bool)
    for row in range(3):
        for column in range(3):
            tile = Tile(0, row, column)
            whole[tile.slices()] = painter(tile)[..., 3] > 0
    assert np.array_equal(whole, outline(labels, width) > 0)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_an_outline_is_as_wide_as_asked_and_lies_within_its_cell(width):
    labels = np.zeros((40, 40), np.int32)
    labels[10:30, 5:25] = 3
    distance = ndimage.distance_transform_cdt(labels, "taxicab")
    assert np.array_equal(outline(labels, width), np.where(distance <= width, distance, 0))


@pytest.mark.parametrize("background", [0, 90, 255])
def test_outlines_stand_out_from_every_background(background):
    """Of the two lines of an outline one has a contrast of 3 or more with what is behind it."""
    labels = np.zeros((20, 20), np.int32)
    labels[4:16, 4:16] = 1
    for number in range(1, len(PALETTE) + 1):
        painted = paint_labels(labels, np.array([0, number], np.uint8), LabelStyle("outline"))
        lines = {tuple(painted[row, 10, 2::-1].tolist()) for row in (4, 5)}
        assert len(lines) == 2
        ground = QColor(background, background, background)
        assert max(contrast(QColor(*line), ground) for line in lines) >= 3


def test_cells_are_counted_and_found():
    labels = np.zeros((700, 50), np.uint16)
    labels[10:20, 3:5] = 4
    labels[600:, :] = 9
    found = index_labels(labels)
    assert (found.area(4), found.area(9), found.area(5), found.area(99)) == (20, 5000, 0, 0)
    assert found.box(4) == (slice(10, 20), slice(3, 5))
    assert found.box(5) is None
    assert found.box(0) is None
    assert found.box(10) is None


def test_an_image_without_cells_has_none():
    found = index_labels(np.zeros((5, 5), np.uint16))
    assert found.boxes == []
    assert found.area(1) == 0


@given(st.floats(1e-3, 1e3), st.one_of(st.none(), st.floats(1e-3, 1e2)))
def test_a_scale_bar_is_round_and_fits(magnification, pixel_size):
    length, text = scale_bar(magnification, pixel_size)
    assert LONGEST_SCREEN_PX / 2.6 <= length <= LONGEST_SCREEN_PX * 1.0001
    number, unit = text.split()
    assert float(number) == float(f"{float(number):.1g}")
    assert f"{float(number):.0e}"[0] in "125"
    in_unit = {"px": 1.0, "nm": 1e-3, "µm": 1.0, "mm": 1e3}[unit] * float(number)
    assert in_unit == pytest.approx(length / magnification * (pixel_size or 1.0))
    assert (unit == "px") == (pixel_size is None)


def test_the_line_below_says_place_values_and_cell():
    info = HoverInfo(row=20, column=10, values=(1234567.0, 0.25), label=3, area_px=1500)
    assert hover_text(info, ("DNA", "actin"), 0.5) == (
        "x 10, y 20 px (5.0, 10.0 µm)   ·   DNA 1234567, actin 0.25   ·   cell 3: 1,500 px, 375.0 µm²"
    )
    assert hover_text(HoverInfo(1, 2, (7.0,)), ("",), None) == "x 2, y 1 px   ·   value 7"
    assert hover_text(HoverInfo(1, 2, (float("nan"),)), ("",), None).endswith("value nan")
    assert hover_text(None, (), None) == ""


def test_a_length_is_said_in_um_when_the_pixel_size_is_known():
    assert length_text(10, 0.5) == "Length 5.00 µm (10.0 px)"
    assert "set a pixel size" in length_text(10, None)
