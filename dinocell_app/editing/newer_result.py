"""A newer result of the model around the cells that people corrected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dinocell_app.editing.deltas import Labels, deltas_between
from dinocell_app.editing.edit_history import EditHistory

MOST_TAKEN = 0.5
"""A new cell of which this share or more lies on corrected or deleted ones is the same cell, and left out."""


def take_newer(history: EditHistory, newer: NDArray[np.integer]) -> None:
    """Take a newer result over, as an edit that can be undone.

    Corrected and drawn cells stay as they are, deleted ones stay deleted, everything else is the newer
    result's, under labels that no cell had before.

    Parameters
    ----------
    newer : ndarray of shape (M, N), int

    Raises
    ------
    UserFacingError
        If it cannot be written down.
    """
    wanted = around_corrected(history, newer)
    history.apply("newer result", *deltas_between(history.labels, wanted), by_hand=False)


def around_corrected(history: EditHistory, newer: NDArray[np.integer]) -> Labels:
    """Put a newer result around corrected cells.

    Parameters
    ----------
    newer : ndarray of shape (M, N), int

    Returns
    -------
    ndarray of shape (M, N), uint32
    """
    edited = history.edited_cells
    stays = np.isin(history.labels, sorted(edited))
    taken = stays | history.places_of_deleted()
    areas = np.bincount(newer.reshape(-1))
    covered = np.bincount(newer[taken], minlength=len(areas))
    new_labels = np.zeros(len(areas), np.uint32)
    fresh = [label for label in np.flatnonzero(areas) if label and covered[label] < MOST_TAKEN * areas[label]]
    new_labels[fresh] = history.next_label + np.arange(len(fresh))
    wanted = np.where(taken, 0, new_labels[newer])
    return np.where(stays, history.labels, wanted).astype(np.uint32)
