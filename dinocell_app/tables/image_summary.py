"""One row an image: how many cells, how dense, and the middle values of the main measurements."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.summary import MAIN_STEMS
from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore

_UM2_PER_MM2 = 1e6


def image_columns(store: CellStore, rows: NDArray[np.int32]) -> dict[str, CellColumn]:
    """Summarise the cells of each image.

    Parameters
    ----------
    rows : ndarray of shape (n,), int
        The cells that pass the filter.

    Returns
    -------
    dict of str to CellColumn
        One value for each source. Means and medians are of the cells that pass the filter, without those
        that touch the border of the image, which may be cut off.
    """
    n_sources = len(store.sources)
    columns = {
        "image": _words([source.image for source in store.sources]),
        "folder": _words([source.folder for source in store.sources]),
        "tags": _words([", ".join(source.tags) for source in store.sources]),
        "plane": _words([source.plane.suffix.strip("_") for source in store.sources]),
        "reason": _words([source.reason for source in store.sources]),
    }
    columns = {name: column for name, column in columns.items() if name == "image" or any(column.words or ())}
    columns["n_cells"] = CellColumn(np.diff(store.starts))
    columns["n_cells_shown"] = CellColumn(np.bincount(store.source_of_row[rows], minlength=n_sources))
    border = store.columns.get("touches_border")
    whole = np.ones(store.n_rows, np.bool_)
    if border is not None and border.values.dtype == np.bool_:
        at_border = np.bincount(store.source_of_row[border.values], minlength=n_sources)
        columns["n_cells_touching_border"] = CellColumn(at_border)
        whole = ~border.values
    columns.update(_areas(store))
    kept = np.sort(rows[whole[rows]])
    for name in _main_names(store):
        mean, median = _middle(store, name, kept)
        columns[f"{name}_mean"], columns[f"{name}_median"] = CellColumn(mean), CellColumn(median)
    return columns


def _areas(store: CellStore) -> Iterator[tuple[str, CellColumn]]:
    pixels = np.array([source.shape[0] * source.shape[1] for source in store.sources], np.float64)
    sizes = np.array([source.pixel_size_um or np.nan for source in store.sources], np.float64)
    n_sources = len(store.sources)
    area = store.columns.get("area_px2")
    with np.errstate(all="ignore"):
        if area is not None:
            covered = np.bincount(store.source_of_row, area.values.astype(np.float64), n_sources)
            yield "confluency", CellColumn(np.where(pixels > 0, covered / pixels, np.nan))
        if not np.isnan(sizes).all():
            areas = np.where(pixels > 0, pixels * sizes**2, np.nan)
            yield "density_per_mm2", CellColumn(np.diff(store.starts) / areas * _UM2_PER_MM2)


def _main_names(store: CellStore) -> list[str]:
    """Name the main measurements, in µm where the table has them, and those of every channel."""
    names = store.number_names()
    chosen = []
    for stem in MAIN_STEMS:
        in_units = [f"{stem}_um2", f"{stem}_um", stem, f"{stem}_px2", f"{stem}_px"]
        chosen += [name for name in in_units if name in names][:1]
        if stem.startswith("intensity"):
            chosen += [name for name in names if name.startswith(f"{stem}_") and "corrected" not in name]
    return list(dict.fromkeys(chosen))


def _middle(
    store: CellStore, name: str, rows: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give mean and median for each source; `rows` are in order, so those of a source stand together."""
    mean = np.full(len(store.sources), np.nan)
    median = mean.copy()
    values = store.columns[name].values[rows].astype(np.float64)
    bounds = np.searchsorted(rows, store.starts)
    for place, (first, last) in enumerate(pairwise(bounds)):
        known = values[first:last]
        known = known[np.isfinite(known)]
        if len(known):
            mean[place], median[place] = known.mean(), np.median(known)
    return mean, median


def _words(of_sources: list[str]) -> CellColumn:
    words = tuple(dict.fromkeys(of_sources))
    places = {word: place for place, word in enumerate(words)}
    return CellColumn(np.array([places[word] for word in of_sources], np.int32), words)


def source_problem(source: CellSource) -> str:
    """Say what is amiss with an image.

    Returns
    -------
    str
        Empty when nothing is.
    """
    if source.reason:
        return f"failed: {source.reason}"
    return "" if source.table is not None else "no table of cells"
