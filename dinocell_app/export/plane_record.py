"""The record beside the results of a plane: how they were made, and what tables of images say about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.json_text import parse_json
from dinocell_app.export.provenance import Provenance, read_sidecar


@dataclass(frozen=True)
class PlaneRecord(Provenance):
    """Provenance of one plane with what the table of images says about it.

    A record without `outputs` was written before the files of the plane and proves nothing but whose
    files they are; the one with them is written last.

    Parameters
    ----------
    name : str
        How tables call the plane.
    seconds : float
        Time from reading to writing.
    summary : mapping of str to str, int, float or None
        Number of cells, confluency and the like, by column.
    channels : sequence of str
        Names of the measured channels.
    regions : sequence of mapping of str to str, int, float or None
        Number of cells and the like of each region of interest, by column.
    """

    name: str = ""
    seconds: float = 0.0
    summary: Mapping[str, Any] = field(default_factory=dict)
    channels: Sequence[str] = ()
    regions: Sequence[Mapping[str, Any]] = ()

    def identity(self) -> dict[str, Any]:
        """Collect what has to be the same for results to be the same.

        Returns
        -------
        dict
            Plain JSON values by name.
        """
        given = self.pixel_size_um if self.pixel_size_source == "given" else None
        return {
            "image": self.input_sha256,
            "model": self.model_sha256,
            "pixel_size_um": given,
            **self.image_selection,
            **self.parameters,
        }


def read_record(sidecar: Path) -> PlaneRecord | None:
    """Read the record of a plane.

    Returns
    -------
    PlaneRecord or None
        None when there is none that can be read.
    """
    if not sidecar.is_file():
        return None
    try:
        provenance = read_sidecar(sidecar)
        content = parse_json(sidecar.read_bytes())
        inherited = {known.name: getattr(provenance, known.name) for known in fields(Provenance)}
        return PlaneRecord(
            **inherited,
            name=str(content["name"]),
            seconds=float(content["seconds"]),
            summary=dict(content["summary"]),
            channels=tuple(content["channels"]),
            regions=tuple(dict(row) for row in content.get("regions", ())),
        )
    except (UserFacingError, OSError, ValueError, KeyError, TypeError):
        return None
