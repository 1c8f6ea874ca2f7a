"""The record beside the results of a plane: how they were made, and what tables of images say about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.export.provenance import Provenance, read_sidecar
from dinocell_app.imaging.planes import EACH, ChannelChoice, PlaneChoice


@dataclass(frozen=True)
class PlaneRecord(Provenance):
    """Provenance of one plane with what the table of images says about it.

    A record without `outputs` was written before the files of the plane and proves nothing but whose
    files they are; the one with them is written last.

    Parameters
    ----------
    name : str
        How tables call the plane.
    plane : PlaneAddress
        Which one it is.
    seconds : float
        Time from reading to writing.
    summary : mapping of str to str, int, float or None
        Number of cells, confluency and the like, by column.
    channels : sequence of str
        Names of the measured channels.
    regions : sequence of mapping of str to str, int, float or None
        Number of cells and the like of each region of interest, by column.
    digests : mapping of str to mapping
        Of each output by its format: "bytes" and "sha256" (`export.digests`); earlier versions kept none.
    """

    name: str = ""
    plane: PlaneAddress = ONLY_PLANE
    seconds: float = 0.0
    summary: Mapping[str, Any] = field(default_factory=dict)
    channels: Sequence[str] = ()
    regions: Sequence[Mapping[str, Any]] = ()
    digests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def choice(self) -> PlaneChoice:
        """Planes that were asked for, this one among them."""
        return PlaneChoice.parse(str(self.image_selection.get("plane", EACH)))

    @property
    def channel(self) -> ChannelChoice:
        """Channel that the cells were found in; the first for labels made elsewhere."""
        return ChannelChoice.parse(str(self.image_selection.get("channel", "0")))

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
        record = read_sidecar(sidecar, PlaneRecord)
    except UserFacingError:
        return None
    if not record.name:
        return None
    return replace(record, plane=_told_by_name(record)) if record.plane == ONLY_PLANE else record


def _told_by_name(record: PlaneRecord) -> PlaneAddress:
    """Say which plane a record of an earlier version is of: its name ends so, after that of the file."""
    image = PurePath(record.input_path.replace("\\", "/")).name
    _, found, suffix = record.name.rpartition(image)
    try:
        return PlaneAddress.of_suffix(suffix) if image and found else ONLY_PLANE
    except ValueError:
        return ONLY_PLANE
