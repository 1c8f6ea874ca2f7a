"""Files about many images together: the table of images, the data dictionary and the methods paragraph.

A run writes them for its output folder, and the window for what it exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dinocell_app.export.methods_text import methods_paragraph
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.export.tables import write_data_dictionary, write_table
from dinocell_app.export.writing import write_bytes
from dinocell_app.imaging.scan import natural_key
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import table_columns
from dinocell_app.measurement.dictionary import data_dictionary
from dinocell_app.measurement.regions import REGION, region_columns
from dinocell_app.measurement.seams import SEAM_COUNT, TOUCHES_SEAM
from dinocell_app.measurement.summary import summary_columns, summary_table

FAILED = "failed"

_PATHS = (
    Column("path", "", "string", "The image file.", "given", "path"),
    Column("reason", "", "string", "Why the image failed; empty for the others.", "given", "reason"),
)


class Failure(NamedTuple):
    """An image without results.

    Parameters
    ----------
    name : str
        How tables call it.
    reason : str
        A sentence.
    """

    name: str
    path: Path
    reason: str


def write_images(path: Path, records: Iterable[PlaneRecord], failed: Iterable[Failure]) -> None:
    """Write one row for each plane, and one for each image that failed.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    rows: list[dict[str, Any]] = [
        {**record.summary, "seconds": record.seconds, "path": record.input_path, "reason": ""}
        for record in records
    ]
    rows += [
        {"image": image.name, "status": FAILED, "path": str(image.path), "reason": image.reason}
        for image in failed
    ]
    rows.sort(key=lambda row: natural_key(row["image"]))
    texts = {name: [row.pop(name) for row in rows] for name in ("path", "reason")}
    write_table(path, summary_table(rows).assign(**texts))


def write_columns(path: Path, records: Sequence[PlaneRecord], *, regions: bool = False) -> None:
    """Write what every column means that the tables of these records may have.

    Parameters
    ----------
    regions : bool
        Whether there are regions of interest that the records do not know of.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    compared = [record for record in records if "references" in record.parameters]
    types = dict.fromkeys(each for record in compared for each in record.parameters.get("cell_types", ()))
    pixel_size_known = any(record.pixel_size_um is not None for record in records)
    cells = table_columns(
        dict.fromkeys(channel for record in records for channel in record.channels),
        pixel_size_known=pixel_size_known,
        texture=any(record.parameters.get("texture") for record in records),
        confidence=any("min_confidence" in record.parameters for record in records),
        reference_score=bool(compared),
        cell_type=bool(types),
    )
    known_types = types if compared else None
    images = (
        *summary_columns(cells, pixel_size_known=pixel_size_known, cell_types=known_types),
        *_PATHS,
    )
    if any(SEAM_COUNT.name in record.summary for record in records):
        cells, images = (*cells, TOUCHES_SEAM), (*images, SEAM_COUNT)
    tables = [("cells", cells), ("images", images)]
    if regions or any("regions" in record.image_selection for record in records):
        tables[0] = ("cells", (*cells, REGION))
        tables.append(("regions", region_columns(pixel_size_known=pixel_size_known)))
    write_data_dictionary(path, data_dictionary(*tables))


def write_region_table(path: Path, records: Iterable[PlaneRecord]) -> bool:
    """Write one row for each region of interest of each plane.

    Returns
    -------
    bool
        False when there are no regions, so that there is nothing to write.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    import pandas as pd

    rows = [dict(row) for record in records for row in record.regions]
    if rows:
        write_table(path, pd.DataFrame(rows))
    return bool(rows)


def write_methods(path: Path, records: Iterable[PlaneRecord], further: Sequence[str] = ()) -> bool:
    """Write the paragraph for a paper's methods section.

    Parameters
    ----------
    further : sequence of str
        Sentences that come last.

    Returns
    -------
    bool
        False when no result was made by a model, so that there is nothing to say.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    paragraph = methods_paragraph([record for record in records if record.model_sha256], further)
    if paragraph:
        write_bytes(path, (paragraph + "\n").encode("utf-8"))
    return bool(paragraph)
