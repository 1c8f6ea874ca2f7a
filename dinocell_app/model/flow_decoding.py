"""From network maps to labels: follow the flow, and drop masks that cannot be cells.

After Cellpose (Stringer et al. 2021, Methods): pixels of cells are those above a probability; pixels whose
flows end together are a cell; masks that cover too much or too little, or whose own flows disagree with the
predicted ones, are dropped; holes are filled.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.model import label_cleaning
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_dynamics import follow_flows, foreground_flows, sinks_to_labels
from dinocell_app.model.flow_targets import labels_to_flows


def flows_to_labels(
    flows: NDArray[np.float32], cell_probability: NDArray[np.float32], parameters: DecodingParameters
) -> NDArray[np.int32]:
    """Decode flows and cell probability.

    Parameters
    ----------
    flows : ndarray of shape (2, M, N), float
        (dy, dx), about 1 pixel long inside cells. Values that are not finite count as 0.
    cell_probability : ndarray of shape (M, N), float
        Probability that a pixel belongs to a cell, 0 to 1.

    Returns
    -------
    ndarray of shape (M, N), int32
        Cells 1 to K in reading order of their first pixels, 0 is background.

    Raises
    ------
    InvalidParameterError
        When the shapes do not fit each other.
    """
    require_fitting_maps(flows.shape, cell_probability.shape)
    foreground = np.ascontiguousarray(cell_probability > parameters.cell_probability_threshold)
    if not foreground.any():
        return np.zeros(foreground.shape, np.int32)
    flows = np.asarray(flows, np.float32)
    field = foreground_flows(flows, foreground)
    sinks = follow_flows(field, foreground, parameters.n_iterations)
    return tidy_labels(sinks_to_labels(sinks), flows, cell_probability, parameters)


def require_fitting_maps(flows_shape: tuple[int, ...], probability_shape: tuple[int, ...]) -> None:
    """Refuse flows and a probability that do not belong to one image.

    Parameters
    ----------
    flows_shape : tuple of int
        Shape of the flows.
    probability_shape : tuple of int
        Shape of the cell probability.

    Raises
    ------
    InvalidParameterError
        Unless they are (2, M, N) and (M, N).
    """
    if len(probability_shape) != 2 or tuple(flows_shape) != (2, *probability_shape):
        raise InvalidParameterError(
            f"Flows of shape {tuple(flows_shape)} and a cell probability of shape {tuple(probability_shape)} "
            "do not belong together",
            remedy="Give flows of shape (2, rows, columns) and a probability of shape (rows, columns)",
        )


def tidy_labels(
    labels: NDArray[np.int32],
    flows: NDArray[np.float32],
    cell_probability: NDArray[np.floating],
    parameters: DecodingParameters,
    targets: Callable[[NDArray[np.int32]], NDArray[np.float32]] = labels_to_flows,
) -> NDArray[np.int32]:
    """Drop masks that cannot be cells, fill holes and renumber.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids 0 to K.
    flows : ndarray of shape (2, M, N), float
        Predicted unit flows (dy, dx).
    cell_probability : ndarray of shape (M, N), float
        Probability that a pixel belongs to a cell.
    targets : callable, optional
        Computes the unit flows of a label image for the flow check.

    Returns
    -------
    ndarray of shape (M, N), int32
        Cells 1 to K in reading order.
    """
    labels = label_cleaning.remove_large_cells(labels, parameters.max_fraction)
    labels = label_cleaning.remove_small_cells(labels, parameters.min_size)
    if parameters.min_confidence > 0:
        confidence = mean_in_cells(labels, cell_probability)
        labels = label_cleaning.keep_cells(labels, confidence >= parameters.min_confidence)
    if parameters.flow_threshold > 0:
        errors = flow_errors(labels, flows, targets(labels))
        labels = label_cleaning.keep_cells(labels, errors <= parameters.flow_threshold)
    if parameters.fill_holes:
        labels = label_cleaning.fill_holes(labels)
    return label_cleaning.renumber(labels)


def mean_in_cells(labels: NDArray[np.int32], pixels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Average a map over each cell; of the cell probability, this is how sure the network is of the cell.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids 0 to K.
    pixels : ndarray of shape (M, N), float

    Returns
    -------
    ndarray of shape (K + 1,), float64
        0 for ids without pixels; the first is the mean over the background.
    """
    flat = labels.ravel()
    counts = np.bincount(flat)
    return np.bincount(flat, np.nan_to_num(pixels.ravel())) / np.maximum(counts, 1)


def flow_errors(
    labels: NDArray[np.int32], flows: NDArray[np.float32], targets: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Compare predicted flows with those that the labels would have.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int32
        Label image with ids 0 to K.
    flows : ndarray of shape (2, M, N), float32
        Predicted unit flows (dy, dx); values that are not finite count as 0.
    targets : ndarray of shape (2, M, N), float32
        Unit flows of the labels.

    Returns
    -------
    ndarray of shape (K + 1,), float64
        Mean over each cell of the squared length of the difference; 0 for ids without pixels.
    """
    return _mean_squared_difference(labels, targets, flows, int(labels.max(initial=0)))


@njit(cache=True)
def _mean_squared_difference(
    labels: NDArray[np.int32], targets: NDArray[np.float32], flows: NDArray[np.float32], highest: int
) -> NDArray[np.float64]:
    sums = np.zeros(highest + 1)
    sizes = np.zeros(highest + 1, np.int64)
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            if label > 0:
                dy, dx = flows[0, y, x], flows[1, y, x]
                if not (np.isfinite(dy) and np.isfinite(dx)):
                    dy, dx = np.float32(0), np.float32(0)
                sums[label] += (targets[0, y, x] - dy) ** 2 + (targets[1, y, x] - dx) ** 2
                sizes[label] += 1
    return sums / np.maximum(sizes, 1)
