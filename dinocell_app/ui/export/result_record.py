"""What the file beside a result says about it, as far as an export needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dinocell_app.errors import UserFacingError
from dinocell_app.export.provenance import Provenance, read_sidecar


@dataclass(frozen=True)
class ResultFacts:
    """A result's provenance, and what its row in the table of images says.

    Parameters
    ----------
    provenance : Provenance
    name : str
        How tables call the plane.
    seconds : float
    summary : mapping
        Values by column.
    channels : tuple of str
    """

    provenance: Provenance
    name: str
    seconds: float = 0.0
    summary: Mapping[str, Any] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


def read_facts(sidecar: Path) -> ResultFacts | None:
    """Read what is known about a result.

    Parameters
    ----------
    sidecar : Path

    Returns
    -------
    ResultFacts or None
        None when there is no such file, or it is damaged.
    """
    if not sidecar.is_file():
        return None
    try:
        provenance = read_sidecar(sidecar)
        content = json.loads(sidecar.read_bytes())
        return ResultFacts(
            provenance,
            str(content["name"]),
            float(content["seconds"]),
            dict(content["summary"]),
            tuple(content["channels"]),
        )
    except (UserFacingError, OSError, ValueError, KeyError, TypeError):
        return None
