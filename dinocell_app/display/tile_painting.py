"""What a tile needs to be painted on another thread: arrays and choices that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.display.channels import composite, displayed_range
from dinocell_app.display.label_colours import LabelStyle, paint_labels
from dinocell_app.display.loading import LoadedImage, LoadedLabels
from dinocell_app.display.pyramid import Tile
from dinocell_app.project.records import ChannelDisplay


@dataclass(frozen=True)
class PicturePainter:
    """Paints channels.

    Parameters
    ----------
    displays : tuple of ChannelDisplay
        One for each channel.
    """

    image: LoadedImage
    displays: tuple[ChannelDisplay, ...]

    def __call__(self, tile: Tile) -> NDArray[np.uint8]:
        """Paint a tile.

        Returns
        -------
        ndarray of shape (h, w, 4), uint8
        """
        part = tile.slices()
        known = zip(self.displays, self.image.statistics, strict=True)
        ranges = [displayed_range(display, statistics) for display, statistics in known]
        planes = [levels[tile.level][part] for levels in self.image.channels]
        return composite(planes, self.displays, ranges)


@dataclass(frozen=True)
class LabelPainter:
    """Paints cells."""

    labels: LoadedLabels
    style: LabelStyle

    def __call__(self, tile: Tile) -> NDArray[np.uint8]:
        """Paint a tile.

        Returns
        -------
        ndarray of shape (h, w, 4), uint8
        """
        # More on every side than outlines are wide: without it they would break, or appear, at the seams.
        level = self.labels.levels[tile.level]
        rows, columns = tile.slices(self.style.outline_width)
        inner_rows, inner_columns = tile.slices()
        painted = paint_labels(level[rows, columns], self.labels.colours, self.style)
        top, left = inner_rows.start - rows.start, inner_columns.start - columns.start
        height = min(inner_rows.stop, level.shape[0]) - inner_rows.start
        width = min(inner_columns.stop, level.shape[1]) - inner_columns.start
        return painted[top : top + height, left : left + width]
