"""What planes whose cells were compared with references have in their tables beyond other planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.type_counts import REFERENCE_LIKENESS, count_types
from dinocell_app.pipeline.measurements import CellFindings, PlaneMeasurements
from dinocell_app.pipeline.reference_cells import Compared
from dinocell_app.regions.region import Region


def cell_findings(
    maps: NDArray[np.float32] | None, compared: Compared | None, regions: Sequence[Region]
) -> CellFindings:
    """Put together what a network says about the cells of a plane.

    Parameters
    ----------
    maps : ndarray of shape (3, M, N), float32, or None
        Flows, and the probability of a pixel to belong to a cell; None for other objectives.
    compared : Compared or None
        None where cells were not compared.
    """
    flows, probability = (maps[:2], maps[2]) if maps is not None else (None, None)
    if compared is None:
        return CellFindings(probability, flows, regions=regions)
    return CellFindings(probability, flows, compared.scores, compared.types, regions)


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
