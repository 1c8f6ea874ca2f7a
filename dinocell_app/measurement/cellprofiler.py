"""The table of cells under the names that CellProfiler 4 gives its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dinocell_app.measurement.channel_names import ascii_channel_name
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import channel_columns
from dinocell_app.measurement.table import NEIGHBOUR_DISTANCE_PX

if TYPE_CHECKING:
    import pandas as pd

_AREA_SHAPE = {
    "area_px2": "Area",
    "bbox_x_min": "BoundingBoxMinimum_X",
    "bbox_x_max": "BoundingBoxMaximum_X",
    "bbox_y_min": "BoundingBoxMinimum_Y",
    "bbox_y_max": "BoundingBoxMaximum_Y",
    "centroid_x_px": "Center_X",
    "centroid_y_px": "Center_Y",
    "compactness": "Compactness",
    "area_convex_px2": "ConvexArea",
    "eccentricity": "Eccentricity",
    "equivalent_diameter_px": "EquivalentDiameter",
    "euler_number": "EulerNumber",
    "extent": "Extent",
    "circularity": "FormFactor",
    "major_axis_px": "MajorAxisLength",
    "feret_max_px": "MaxFeretDiameter",
    "feret_min_px": "MinFeretDiameter",
    "minor_axis_px": "MinorAxisLength",
    "orientation_deg": "Orientation",
    "perimeter_px": "Perimeter",
    "solidity": "Solidity",
    **{f"hu_moment_{order}": f"HuMoment_{order - 1}" for order in range(1, 8)},
}

_INTENSITY = {
    "intensity_integrated": "IntegratedIntensity",
    "intensity_mean": "MeanIntensity",
    "intensity_std": "StdIntensity",
    "intensity_min": "MinIntensity",
    "intensity_max": "MaxIntensity",
    "intensity_edge_mean": "MeanIntensityEdge",
    "mass_displacement": "MassDisplacement",
    "intensity_q25": "LowerQuartileIntensity",
    "intensity_median": "MedianIntensity",
    "intensity_mad": "MADIntensity",
    "intensity_q75": "UpperQuartileIntensity",
}

DIFFERENCES = (
    "Intensities are grey values of the file; CellProfiler scales images to 0 to 1. Feret diameters are "
    "those of the outline of the pixels, CellProfiler's those between pixel centres. PercentTouching "
    "counts pixel edges, CellProfiler contour pixels. MeanIntensityEdge counts pixels on the image border "
    "as edge. NumberOfNeighbors counts cells with pixel centres within the distance."
)
"""Where a value is not to the last digit what CellProfiler would give under the same name."""


def cellprofiler_table(
    cells: pd.DataFrame,
    image_number: int,
    channels: Sequence[str] = (),
    neighbour_distance_px: float = NEIGHBOUR_DISTANCE_PX,
) -> pd.DataFrame:
    """Give a table of cells CellProfiler's columns.

    Parameters
    ----------
    cells : pandas.DataFrame
        From `table.measure_cells`; it is not changed.
    image_number : int
        `ImageNumber` of the image, counted from 1.
    channels : sequence of str
        Names of the measured channels.
    neighbour_distance_px : float
        The distance the table was measured with; CellProfiler carries it in the names.

    Returns
    -------
    pandas.DataFrame
        `ImageNumber`, `ObjectNumber` (the label), then what CellProfiler has a name for, in pixels; see
        `DIFFERENCES`.
    """
    import pandas as pd

    renamed: dict[str, NDArray[np.generic]] = {
        "ImageNumber": np.full(len(cells), image_number, np.int64),
        "ObjectNumber": cells["label"].to_numpy(),
    }
    for name, source in cellprofiler_names(channels, neighbour_distance_px).items():
        values = cells[source].to_numpy()
        renamed[name] = values * 100 if source == "touching_fraction" else values
    return pd.DataFrame(renamed)


def cellprofiler_names(channels: Sequence[str], neighbour_distance_px: float) -> dict[str, str]:
    """CellProfiler's names and the columns they stand for.

    Returns
    -------
    dict of str to str
        CellProfiler's name to the name of the column, in CellProfiler's order of modules.
    """
    distance = f"{neighbour_distance_px:g}"
    names = {f"AreaShape_{name}": source for source, name in _AREA_SHAPE.items()}
    for channel in channels:
        by_stem: dict[str, Column] = {}
        for column in channel_columns(channel):
            by_stem[column.stem] = column
        for stem, name in _INTENSITY.items():
            names[f"Intensity_{name}_{ascii_channel_name(channel)}"] = by_stem[stem].name
    names["Location_Center_X"] = "centroid_x_px"
    names["Location_Center_Y"] = "centroid_y_px"
    names[f"Neighbors_FirstClosestDistance_{distance}"] = "nearest_neighbour_distance_px"
    names[f"Neighbors_NumberOfNeighbors_{distance}"] = "n_neighbours"
    names["Neighbors_PercentTouching_Adjacent"] = "touching_fraction"
    return names
