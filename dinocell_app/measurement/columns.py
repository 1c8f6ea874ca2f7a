"""The one declaration of every column: name, unit, dtype, meaning and where its formula comes from."""

from __future__ import annotations

from collections.abc import Iterable

from dinocell_app.measurement.channel_names import ascii_channel_name
from dinocell_app.measurement.column import Column, Measurement, Quantity

_SKIMAGE = "scikit-image regionprops"

_LENGTH, _AREA = Quantity.LENGTH, Quantity.AREA

IDENTITY = (
    Measurement("image", "Name of the image.", "given", dtype="string"),
    Measurement("label", "Id of the cell in the label image, ROI and outline files.", "given", dtype="int64"),
)
"""The first columns of every table of cells."""

CONFIDENCE = Measurement(
    "confidence",
    "How sure the network is of the cell: mean cell probability over its pixels, 0 to 1.",
    "mean of the network's map of the cell probability",
)
FLOW_ERROR = Measurement(
    "flow_error",
    "How far the flows of the network are from those of the mask: 0 where they agree, 1 to 2 by chance.",
    "mean squared difference of unit flows (Stringer et al. 2021)",
)
"""The columns that only cells found by a network have."""

REFERENCE_SCORE = Measurement(
    "reference_score",
    "How much the cell looks like the reference cells: 0 to 1, 0.5 where it is as much like others.",
    "softmax of nearest similarities of the network's features (Snell et al. 2017)",
)
CELL_TYPE = Measurement(
    "cell_type",
    "Type whose reference cells it looks like most; empty where its score is too low for each.",
    "highest reference_score",
    dtype="string",
)
"""The columns that only cells compared with reference cells have; the type where there are several."""

EDITED = Measurement(
    "edited",
    "Whether somebody corrected the cell by hand, or drew it.",
    "journal of corrections",
    dtype="bool",
)
"""False for all cells of a run; only a project, where cells are corrected, says otherwise."""

SHAPE = (
    Measurement(
        "touches_border",
        "Whether the cell reaches the first or last row or column of the image and may be cut off.",
        "bounding box",
        dtype="bool",
    ),
    EDITED,
    Measurement("centroid_x", "Mean column; the centre of the upper left pixel is 0.", _SKIMAGE, _LENGTH),
    Measurement("centroid_y", "Mean row; the centre of the upper left pixel is 0.", _SKIMAGE, _LENGTH),
    Measurement("bbox_x_min", "First column of the bounding box.", _SKIMAGE, dtype="int64", unit="px"),
    Measurement("bbox_y_min", "First row of the bounding box.", _SKIMAGE, dtype="int64", unit="px"),
    Measurement("bbox_x_max", "Column after the bounding box.", _SKIMAGE, dtype="int64", unit="px"),
    Measurement("bbox_y_max", "Row after the bounding box.", _SKIMAGE, dtype="int64", unit="px"),
    Measurement("area", "Pixels of the cell, holes left out.", _SKIMAGE, _AREA, "int64"),
    Measurement(
        "area_convex",
        "Pixels with their centre in the convex hull, a pixel counting as the diamond of its edge middles.",
        f"{_SKIMAGE} area_convex, exactly equal; monotone chain (Andrew 1979)",
        _AREA,
        "int64",
    ),
    Measurement(
        "area_filled", "Pixels of the cell with its holes filled.", f"{_SKIMAGE} area_filled", _AREA, "int64"
    ),
    Measurement(
        "perimeter",
        "Length of the line through the centres of the contour pixels; 0 for very small cells.",
        f"{_SKIMAGE} perimeter; Benkrid and Crookes 2000",
        _LENGTH,
    ),
    Measurement(
        "perimeter_crofton",
        "Length of the contour by Crofton's formula with 4 directions.",
        f"{_SKIMAGE} perimeter_crofton; Rivollier 2010",
        _LENGTH,
    ),
    Measurement("equivalent_diameter", "Diameter of a disk of the same area.", "2 sqrt(area / pi)", _LENGTH),
    Measurement(
        "major_axis",
        "Length of the longer axis of the ellipse with the same second moments.",
        f"{_SKIMAGE} axis_major_length",
        _LENGTH,
    ),
    Measurement(
        "minor_axis",
        "Length of the shorter axis of the ellipse with the same second moments.",
        f"{_SKIMAGE} axis_minor_length",
        _LENGTH,
    ),
    Measurement("eccentricity", "Eccentricity of that ellipse, 0 for a circle to 1 for a line.", _SKIMAGE),
    Measurement(
        "orientation_deg",
        "Angle from the downward row axis to the major axis, counter-clockwise as seen on the screen, -90 to "
        "90: 0 is upright, 90 and -90 lie flat, 45 runs from upper left to lower right; -45 where no axis is "
        "longer.",
        f"{_SKIMAGE} orientation, in degrees",
        unit="deg",
    ),
    Measurement(
        "aspect_ratio", "Major by minor axis, 1 for a circle; missing where the minor axis is 0.", "ImageJ AR"
    ),
    Measurement(
        "circularity",
        "1 for a circle, less for other outlines; small cells may exceed 1; missing if the perimeter is 0.",
        "4 pi area / perimeter^2 (ImageJ; Cox 1927)",
    ),
    Measurement(
        "roundness", "1 for a circle, less for elongated cells.", "4 area / (pi major_axis^2) (ImageJ)"
    ),
    Measurement(
        "compactness",
        "1 for a circle, more for other outlines; the inverse of circularity.",
        "perimeter^2 / (4 pi area) (CellProfiler)",
    ),
    Measurement("solidity", "Share of the convex area that the cell fills.", "area / area_convex"),
    Measurement("extent", "Share of the bounding box that the cell fills.", "area / area of the box"),
    Measurement(
        "euler_number",
        "Pieces less holes, pixels that meet at a corner being connected.",
        f"{_SKIMAGE} euler_number; Ohser, Nagel and Schladitz 2002",
        dtype="int64",
    ),
    Measurement(
        "feret_max",
        "Longest distance between two points of the outline of the convex area.",
        f"{_SKIMAGE} feret_diameter_max",
        _LENGTH,
    ),
    Measurement(
        "feret_min",
        "Smallest distance between parallel lines that hold the outline of the convex area.",
        "rotating calipers (Shamos 1978) on the polygon of feret_max",
        _LENGTH,
    ),
    *(
        Measurement(
            f"hu_moment_{order}",
            f"Invariant {order} of translation, scale and rotation.",
            f"{_SKIMAGE} moments_hu; Hu 1962",
        )
        for order in range(1, 8)
    ),
)
"""Columns that need the label image alone."""

NEIGHBOURHOOD = (
    Measurement(
        "n_neighbours",
        "Other cells with a pixel centre within the asked distance (5 px unless set) of one of this cell.",
        "distances between pixel centres",
        dtype="int64",
    ),
    Measurement(
        "nearest_neighbour_distance",
        "Distance from the centroid to the nearest other centroid; missing for a cell alone.",
        "Euclidean distance",
        _LENGTH,
    ),
    Measurement(
        "touching_fraction",
        "Share of the pixel edges around the cell that lie against another cell, 0 to 1.",
        "counted pixel edges; those on the image border are free",
    ),
)
"""Columns that tell about other cells."""

_GREY = "grey value"

CHANNEL = (
    Measurement("intensity_mean", "Mean over the cell.", _SKIMAGE, unit=_GREY),
    Measurement("intensity_median", "Median over the cell.", _SKIMAGE, unit=_GREY),
    Measurement(
        "intensity_std", "Standard deviation over the cell (n in the divisor).", _SKIMAGE, unit=_GREY
    ),
    Measurement("intensity_min", "Minimum over the cell.", _SKIMAGE, unit=_GREY),
    Measurement("intensity_max", "Maximum over the cell.", _SKIMAGE, unit=_GREY),
    Measurement("intensity_q25", "Lower quartile over the cell.", "numpy.percentile, linear", unit=_GREY),
    Measurement("intensity_q75", "Upper quartile over the cell.", "numpy.percentile, linear", unit=_GREY),
    Measurement(
        "intensity_mad", "Median distance from the median.", "median absolute deviation, unscaled", unit=_GREY
    ),
    Measurement("intensity_integrated", "Sum over the cell.", "sum in float64", unit=_GREY),
    Measurement(
        "intensity_edge_mean",
        "Mean over the contour pixels, those with a pixel beside them that is not of the cell.",
        "mean",
        unit=_GREY,
    ),
    Measurement(
        "intensity_mean_background_corrected",
        "Mean over the cell less the median of all pixels of the image outside cells; missing without any.",
        "difference",
        unit=_GREY,
    ),
    Measurement(
        "mass_displacement",
        "Distance from the centroid to the centroid weighted with intensity; missing where the sum is 0.",
        "CellProfiler MassDisplacement",
        _LENGTH,
    ),
)
"""Columns each channel has; NaN pixels are left out, a cell with nothing else is missing."""

_HARALICK = "Haralick, Shanmugam and Dinstein 1973"

TEXTURE = tuple(
    Measurement(f"texture_{stem}", f"{meaning}; mean of 4 directions.", f"{_HARALICK}, {number}")
    for number, (stem, meaning) in enumerate(
        (
            ("angular_second_moment", "Evenness of grey-level pairs, 1 for a flat cell"),
            ("contrast", "Mean squared difference of neighbouring grey levels"),
            ("correlation", "Correlation of neighbouring grey levels; missing for a flat cell"),
            ("variance", "Variance of grey levels"),
            ("inverse_difference_moment", "Homogeneity, 1 for a flat cell"),
            ("sum_average", "Mean of the sum of neighbouring grey levels, counted from 0"),
            ("sum_variance", "Variance of the sum of neighbouring grey levels"),
            ("sum_entropy", "Entropy in bits of the sum of neighbouring grey levels"),
            ("entropy", "Entropy in bits of grey-level pairs"),
            ("difference_variance", "Variance of the difference of neighbouring grey levels"),
            ("difference_entropy", "Entropy in bits of the difference of neighbouring grey levels"),
            ("information_1", "First information measure of correlation; missing for a flat cell"),
            ("information_2", "Second information measure of correlation, 0 to 1"),
        ),
        start=1,
    )
)
"""Columns each channel has when texture is asked for."""


def table_columns(
    channels: Iterable[str] = (),
    *,
    pixel_size_known: bool = False,
    texture: bool = False,
    confidence: bool = False,
    reference_score: bool = False,
    cell_type: bool = False,
) -> tuple[Column, ...]:
    """Columns of a table of cells, in order.

    Parameters
    ----------
    channels : iterable of str
        Names of the measured channels.
    pixel_size_known : bool
        Whether lengths and areas have columns in micrometres too.
    texture : bool
        Whether the channels have texture columns.
    confidence : bool
        Whether a network tells how sure it is of each cell, and how well its flows agree with it.
    reference_score, cell_type : bool
        Whether cells were compared with reference cells, and of several types.

    Returns
    -------
    tuple of Column
        Identity, confidence, likeness to references, shape, neighbourhood, then the channels in the order
        given; a channel's columns end with its ASCII name.
    """
    columns: list[Column] = []
    network = ((CONFIDENCE, confidence), (FLOW_ERROR, confidence))
    asked = (*network, (REFERENCE_SCORE, reference_score), (CELL_TYPE, cell_type))
    found = [measurement for measurement, wanted in asked if wanted]
    for measurement in (*IDENTITY, *found, *SHAPE, *NEIGHBOURHOOD):
        columns.extend(_in_units(measurement, pixel_size_known))
    for channel in channels:
        columns.extend(channel_columns(channel, pixel_size_known=pixel_size_known, texture=texture))
    return tuple(columns)


def channel_columns(
    channel: str, *, pixel_size_known: bool = False, texture: bool = False
) -> tuple[Column, ...]:
    """Columns of one channel, in order.

    Parameters
    ----------
    channel : str
        Its name.
    pixel_size_known : bool
        Whether lengths have columns in micrometres too.
    texture : bool
        Whether there are texture columns.

    Returns
    -------
    tuple of Column
        With names that end with the ASCII name of the channel.
    """
    ending = f"_{ascii_channel_name(channel)}"
    measurements = (*CHANNEL, *TEXTURE) if texture else CHANNEL
    return tuple(
        column for each in measurements for column in _in_units(each, pixel_size_known, ending=ending)
    )


def _in_units(measurement: Measurement, pixel_size_known: bool, ending: str = "") -> list[Column]:
    power = measurement.quantity.value
    if power == 0:
        units = [(measurement.unit, "", 0, measurement.dtype)]
    else:
        exponent = "2" if power == 2 else ""
        units = [(f"px{exponent}", f"_px{exponent}", 0, measurement.dtype)]
        if pixel_size_known:
            units.append((f"um{exponent}", f"_um{exponent}", power, "float64"))
    return [
        Column(
            name=f"{measurement.stem}{suffix}{ending}",
            unit=unit,
            dtype=dtype,
            description=measurement.description,
            source=measurement.source,
            stem=measurement.stem,
            exponent=scale,
        )
        for unit, suffix, scale, dtype in units
    ]


def units_of(names: Iterable[str], channels: Iterable[str]) -> dict[str, str]:
    """Look up the units of columns of a table of cells.

    Parameters
    ----------
    names : iterable of str
        Of the columns.
    channels : iterable of str
        Names of the measured channels.

    Returns
    -------
    dict of str to str
        By column: px, px2, um, um2, deg, grey value; empty for numbers without unit and for texts.
    """
    known = {column.name: column.unit for column in every_column(channels)}
    return {name: known.get(name, "") for name in names}


def every_column(channels: Iterable[str]) -> tuple[Column, ...]:
    """Columns of a table of cells for which everything is known that can be measured."""
    return table_columns(
        channels, pixel_size_known=True, texture=True, confidence=True, reference_score=True, cell_type=True
    )
