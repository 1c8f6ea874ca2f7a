"""Result files of a large picture: tables and labels as for any other, drawn pictures at a reduced size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.formats import FORMATS
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.large_labels import reduced_labels, write_large_labels
from dinocell_app.export.tables import write_parquet, write_table
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.pipeline.results import Place
from dinocell_app.segmentation.label_store import LabelStore

if TYPE_CHECKING:
    import pandas as pd

OVERLAY_PX = 4096
"""Longest side of the overlay of a picture in blocks."""


@dataclass(frozen=True)
class LargeResult:
    """A large picture with its cells.

    Parameters
    ----------
    shown : sequence of PictureRows
        The plane, or its three colours.
    """

    labels: LabelStore
    table: pd.DataFrame
    name: str
    pixel_size_um: float | None
    shown: Sequence[PictureRows]
    source: Path
    diameter_px: float | None


def write_large_formats(
    result: LargeResult, place: Place, formats: Sequence[str], should_go_on: Callable[[], None]
) -> dict[str, Path]:
    """Write a large picture in several formats.

    Parameters
    ----------
    formats : sequence of str
        Keys of `FORMATS`.
    should_go_on : callable
        Called before each file; raises to end.

    Returns
    -------
    dict of str to Path
        The file of each format.

    Raises
    ------
    UserFacingError
        If a file cannot be written; those before it are complete.
    """
    writers: Mapping[str, Callable[[Path], None]] = {
        "labels": lambda path: write_large_labels(path, result.labels, result.pixel_size_um),
        "overlay": lambda path: FORMATS["overlay"].write(path, _reduced(result)),
        "csv": lambda path: write_table(path, result.table),
        "parquet": lambda path: write_parquet(path, result.table),
    }
    written = {}
    for name in formats:
        should_go_on()
        path = place.path(name)
        if name in writers:
            writers[name](path)
        else:
            FORMATS[name].write(path, _whole(result, with_pixels=name == "ome-zarr"))
        written[name] = path
    return written


def _reduced(result: LargeResult) -> LabelledImage:
    """Take so few rows and columns that the picture can be looked at."""
    step = math.ceil(max(result.labels.shape) / OVERLAY_PX)
    return LabelledImage(reduced_labels(result.labels, step), result.name, pixels=_shown(result, step))


def _whole(result: LargeResult, *, with_pixels: bool) -> LabelledImage:
    """Give a writer that needs them all labels at once."""
    height, width = result.labels.shape
    return LabelledImage(
        labels=result.labels.read((0, height), (0, width)),
        name=result.name,
        pixel_size_um=result.pixel_size_um,
        pixels=_shown(result, 1) if with_pixels else None,
        table=result.table,
        source=result.source,
        diameter_px=result.diameter_px,
    )


def _shown(result: LargeResult, step: int) -> NDArray[Any]:
    """Give every n-th row and column of what overlays are drawn on."""
    channels = [np.concatenate(list(_every(rows, step))) for rows in result.shown]
    return channels[0] if len(channels) == 1 else np.dstack(channels)


def _every(rows: PictureRows, step: int) -> Iterator[NDArray[Any]]:
    for first, piece in rows.numbered_pieces():
        yield piece[-first % step :: step, ::step].copy()
