"""What planes whose cells were compared with references have in their tables beyond other planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.plane import PlaneMeasurements
from dinocell_app.measurement.table import MeasurementRequest
from dinocell_app.measurement.type_counts import REFERENCE_LIKENESS, count_types
from dinocell_app.model.flow_decoding import flow_errors
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.pipeline.reference_cells import Compared


def with_findings(
    request: MeasurementRequest, maps: NDArray[np.float32] | None, compared: Compared | None
) -> MeasurementRequest:
    """Add what a network says about the cells of a plane.

    Parameters
    ----------
    maps : ndarray of shape (3, M, N), float32, or None
        Unit flows, which whatever cells are kept is compared with, and the probability of a pixel to belong
        to a cell; None for other objectives.
    compared : Compared or None
        None where cells were not compared.
    """
    if maps is not None:
        errors = flow_errors_of(request.labels, maps[:2])
        request = replace(request, cell_probability=maps[2], flow_errors=errors)
    if compared is not None:
        request = replace(request, reference_scores=compared.scores, cell_types=compared.types)
    return request


def flow_errors_of(labels: NDArray[np.integer], flows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare the flows of a network with those that labels would have.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
    flows : ndarray of shape (2, M, N), float32
        Unit flows.

    Returns
    -------
    ndarray of shape (largest label + 1,), float64
        Mean squared difference over each cell.
    """
    cells = np.ascontiguousarray(labels, np.int32)
    return flow_errors(cells, np.ascontiguousarray(flows), labels_to_flows(cells))


def compared_summary(
    measured: PlaneMeasurements, compared: Compared | None, type_names: Sequence[str]
) -> dict[str, Any]:
    """Say of a plane what only planes compared with references have.

    Parameters
    ----------
    type_names : sequence of str
        Types looked for.

    Returns
    -------
    dict
        By column of the table of images; empty where cells were not compared.
    """
    if compared is None:
        return {}
    names = type_names if compared.types is not None else ()
    return {
        REFERENCE_LIKENESS.name: compared.likeness,
        **(count_types(measured.table, names) if names else {}),
    }
