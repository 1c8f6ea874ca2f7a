"""Planes of images in events of versions that listed the files of all planes together."""

from __future__ import annotations

from pathlib import Path

from dinocell_app.export.names import sidecar_beside
from dinocell_app.export.plane_record import read_record
from dinocell_app.jobs.events import PlaneFound


def planes_by_records(together: PlaneFound, folder: Path) -> list[PlaneFound]:
    """Tell planes apart by the records beside their files.

    Parameters
    ----------
    together : PlaneFound
        With the files of all planes.
    folder : Path
        The output folder of the run.

    Returns
    -------
    list of PlaneFound
        As it was given, in a list, where the records are gone.
    """
    by_record: dict[Path, list[str]] = {}
    for output in together.outputs:
        by_record.setdefault(sidecar_beside(folder / output), []).append(output)
    planes = []
    for sidecar, outputs in by_record.items():
        record = read_record(sidecar)
        if record is None:
            return [together]
        n_cells = record.n_cells if len(by_record) > 1 else together.n_cells
        planes.append(PlaneFound(record.plane, n_cells or 0, tuple(outputs)))
    return planes or [together]
