"""The cells of one image in memory: labels, table and probability, and the way to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.measurement.columns import units_of
from dinocell_app.pipeline.results import Place, finished_record, write_results
from dinocell_app.pipeline.run_tables import write_run_tables

if TYPE_CHECKING:
    import pandas as pd

Pixel = TypeVar("Pixel", bound=np.generic)


@dataclass(frozen=True, eq=False)
class PlaneResult:
    """Cells of one plane.

    Parameters
    ----------
    stem : PurePosixPath
        What the names of its files begin with, the suffix of the plane included.
    """

    image: LabelledImage
    record: PlaneRecord
    stem: PurePosixPath


@dataclass(frozen=True, eq=False)
class Result:
    """Cells of one image.

    Parameters
    ----------
    planes : tuple of PlaneResult
        Times outermost, then slices; at least one.
    """

    planes: tuple[PlaneResult, ...]

    @property
    def labels(self) -> NDArray[np.integer]:
        """Cells by number, 0 for background: of shape (M, N), or (planes, M, N) where there are several."""
        return _stacked([plane.image.labels for plane in self.planes])

    @property
    def probability(self) -> NDArray[np.float32] | None:
        """Probability of each pixel to belong to a cell, 0 to 1, shaped as the labels.

        None for models that do not tell it, and for results read from files, which do not hold it.
        """
        found = [plane.image.cell_probability for plane in self.planes]
        known = [probability for probability in found if probability is not None]
        return _stacked(known) if len(known) == len(found) else None

    @property
    def table(self) -> pd.DataFrame:
        """One row a cell; `attrs["units"]` has the unit of each column, empty for numbers without one."""
        import pandas as pd

        tables = [plane.image.table for plane in self.planes if plane.image.table is not None]
        table = tables[0].copy() if len(tables) == 1 else pd.concat(tables, ignore_index=True)
        table.attrs["units"] = units_of(table.columns, self.planes[0].record.channels)
        return table

    @property
    def records(self) -> tuple[PlaneRecord, ...]:
        """How each plane was made: model, settings, pixel size, diameter, and numbers about the whole."""
        return tuple(plane.record for plane in self.planes)

    @property
    def n_cells(self) -> int:
        """Number of cells in all planes."""
        return sum(plane.record.n_cells or 0 for plane in self.planes)

    def save(
        self,
        folder: Path | str,
        formats: Sequence[str] = ("labels", "overlay", "csv"),
        *,
        overwrite: bool = False,
    ) -> tuple[Path, ...]:
        """Write the files that the shell would write, the tables of the folder included.

        Parameters
        ----------
        formats : sequence of str
            Of `export.formats.FORMATS`.
        overwrite : bool
            Whether results of something else that lie there are replaced.

        Returns
        -------
        tuple of Path
            The files about this image.

        Raises
        ------
        UserFacingError
            If a file cannot be written, or is in the way.
        """
        folder = Path(folder).expanduser().absolute()
        written: list[Path] = []
        for plane in self.planes:
            place = Place(folder, plane.stem)
            if finished_record(place, plane.record, formats, overwrite=overwrite) is None:
                write_results(place, plane.image, plane.record, formats)
            written += [place.path(name) for name in formats]
        write_run_tables(folder, formats, ())
        return tuple(written)


def _stacked(planes: Sequence[NDArray[Pixel]]) -> NDArray[Pixel]:
    return planes[0] if len(planes) == 1 else np.stack(planes)
