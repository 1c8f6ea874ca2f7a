"""Objectives by name, as manifests and jobs write them."""

from __future__ import annotations

from dinocell_app.base.errors import ModelError
from dinocell_app.model.distance_map import DistanceMapObjective
from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.objective import Objective


def objective_by_name(name: str) -> Objective:
    """Build the objective of a name.

    Parameters
    ----------
    name : str
        "flows" or "distance_map".

    Raises
    ------
    ModelError
        If there is no such objective.
    """
    if name == FlowsObjective.name:
        return FlowsObjective()
    if name == DistanceMapObjective.name:
        return DistanceMapObjective()
    raise ModelError(
        f"The objective {name!r} is unknown", remedy="Choose flows or distance_map, or update the application"
    )
