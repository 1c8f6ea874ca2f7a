"""Cells of a result by region of interest, read from its table: no run is needed to count in a new region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.regions.region import Region

_NEEDED = ("centroid_x_px", "centroid_y_px", "area_px2")


@dataclass(frozen=True)
class CountRequest:
    """What is to be counted.

    Parameters
    ----------
    table : Path
        Table of cells, CSV or Parquet.
    image : str
        Name of the image.
    shape : (int, int)
        Rows and columns of the image.
    """

    table: Path
    regions: tuple[Region, ...]
    image: str
    shape: tuple[int, int]
    pixel_size_um: float | None


def count_result(request: CountRequest) -> list[dict[str, Any]]:
    """Count the cells of a result by region; for a worker thread.

    Returns
    -------
    list of dict
        One for each name of a region that counts, by the columns of `measurement.regions.region_columns`.

    Raises
    ------
    UnreadableFileError
        If the table cannot be read or has no centroids and areas.
    """
    import pandas as pd

    from dinocell_app.measurement.regions import count_again

    try:
        if request.table.suffix.lower() == ".parquet":
            cells = pd.read_parquet(request.table, columns=list(_NEEDED))
        else:
            cells = pd.read_csv(request.table, usecols=list(_NEEDED))
        return count_again(cells, request.regions, request.image, request.shape, request.pixel_size_um)
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableFileError(
            "the table of cells cannot be read", path=request.table, remedy="Measure the image again"
        ) from error
