"""Which image to correct next: where the model is least sure, and what is least like the images corrected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

UNSURE = 0.75
"""Mean cell probability below which a cell counts as unsure."""

FEATURES: Mapping[str, str] = {
    "area_px2": "cell size",
    "eccentricity": "elongation",
    "solidity": "outline",
    "nearest_neighbour_distance_px": "crowding",
    "confidence": "confidence",
}
"""Columns that tell images apart, and what a person would call them; medians over the cells are compared."""


@dataclass(frozen=True)
class Look:
    """What the table of an image says of it.

    Parameters
    ----------
    unsure : float
        Share of cells whose confidence is below `UNSURE`; NaN without confidences.
    medians : mapping of str to float
        Of the columns in `FEATURES` that there are.
    """

    n_cells: int
    unsure: float
    medians: Mapping[str, float]


@dataclass(frozen=True)
class Suggestion:
    """An image that is worth correcting.

    Parameters
    ----------
    reason : str
        In words.
    """

    image_id: int
    reason: str


def look_of(table: Path) -> Look | None:
    """Read what a table of cells says.

    Parameters
    ----------
    table : Path
        CSV or Parquet.

    Returns
    -------
    Look or None
        None when it cannot be read.
    """
    import pandas as pd

    try:
        cells = pd.read_parquet(table) if table.suffix == ".parquet" else pd.read_csv(table)
    except (OSError, ValueError):
        return None
    known = [name for name in FEATURES if name in cells and len(cells)]
    unsure = float("nan")
    if "confidence" in cells:
        confidences = cells["confidence"].dropna().to_numpy(np.float64)
        unsure = float((confidences < UNSURE).mean()) if len(confidences) else unsure
    medians = {name: float(pd.to_numeric(cells[name], errors="coerce").median()) for name in known}
    return Look(len(cells), unsure, {name: value for name, value in medians.items() if np.isfinite(value)})


def suggest(looks: Mapping[int, Look], corrected: Collection[int]) -> list[Suggestion]:
    """Put images in the order in which correcting them teaches most.

    An image counts by the mean of two ranks among those that are not corrected: its share of unsure cells,
    and its distance from the nearest corrected image in medians of the table, each in standard deviations
    over all images.

    Parameters
    ----------
    looks : mapping of int to Look
        By image.
    corrected : collection of int
        Images that are corrected already.

    Returns
    -------
    list of Suggestion
        The best first; none of those corrected.
    """
    open_ids = [number for number in looks if number not in corrected and looks[number].n_cells]
    if not open_ids:
        return []
    unsure = np.nan_to_num(np.array([looks[number].unsure for number in open_ids]), nan=0.0)
    apart, why = _apart(looks, open_ids, [number for number in looks if number in corrected])
    points = (_ranks(unsure) + _ranks(apart)) / 2
    order = np.argsort(-points, kind="stable")
    return [Suggestion(open_ids[at], _reason(float(unsure[at]), float(apart[at]), why[at])) for at in order]


def _apart(
    looks: Mapping[int, Look], open_ids: list[int], done: list[int]
) -> tuple[NDArray[np.float64], list[str]]:
    names = [name for name in FEATURES if all(name in looks[n].medians for n in (*open_ids, *done))]
    if not done or not names:
        return np.zeros(len(open_ids)), [""] * len(open_ids)
    values = np.array([[looks[n].medians[name] for name in names] for n in (*open_ids, *done)])
    spread = values.std(axis=0)
    scaled = values / np.where(spread > 0, spread, np.inf)
    differences = scaled[: len(open_ids), None] - scaled[None, len(open_ids) :]
    distances = np.sqrt((differences**2).sum(axis=2))
    nearest = distances.argmin(axis=1)
    rows = np.arange(len(open_ids))
    largest = np.abs(differences[rows, nearest]).argmax(axis=1)
    return distances[rows, nearest], [FEATURES[names[at]] for at in largest]


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of values that are smaller."""
    return np.asarray((values[:, None] > values[None, :]).mean(axis=1))


def _reason(unsure: float, apart: float, why: str) -> str:
    words = []
    if unsure > 0:
        words.append(f"the model is unsure of {unsure:.0%} of its cells")
    if apart > 1 and why:
        words.append(f"it is unlike the images corrected so far, most of all in {why}")
    return " and ".join(words) or "it has not been corrected yet"
