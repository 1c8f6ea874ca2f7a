"""Tables for a whole run, put together from the records and tables of its images.

They read files, so a run that was interrupted and resumed ends with all of its images in them. Images that
earlier runs left in the same output folder are in them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dinocell_app.export.formats import FORMATS
from dinocell_app.export.methods_text import methods_paragraph
from dinocell_app.export.names import COLUMNS_CSV, IMAGES_CSV, METHODS_TXT
from dinocell_app.export.tables import write_data_dictionary, write_table
from dinocell_app.export.writing import write_bytes
from dinocell_app.imaging.scan import natural_key
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import table_columns
from dinocell_app.measurement.dictionary import data_dictionary
from dinocell_app.measurement.summary import summary_columns, summary_table
from dinocell_app.pipeline.isolation import FailedImage
from dinocell_app.pipeline.results import ImageRecord, all_records

FAILED = "failed"

_PATHS = (
    Column("path", "", "string", "The image file.", "given", "path"),
    Column("reason", "", "string", "Why the image failed; empty for the others.", "given", "reason"),
)


def write_run_tables(folder: Path, formats: Sequence[str], failed: Sequence[FailedImage]) -> tuple[str, ...]:
    """Write the tables of a run.

    Parameters
    ----------
    folder : Path
        The output folder.
    formats : sequence of str
        Those with a file for the whole run get it.
    failed : sequence of FailedImage

    Returns
    -------
    tuple of str
        Names of the files in the output folder.

    Raises
    ------
    UserFacingError
        If a file cannot be written.
    """
    records = list(all_records(folder))
    outputs = []
    for name in formats:
        form = FORMATS[name]
        if form.combine is not None:
            parts = [
                (record.name, sidecar.with_name(record.outputs[name]))
                for sidecar, record in records
                if name in record.outputs
            ]
            form.combine(folder / form.combined_name, parts)
            outputs.append(form.combined_name)
    _write_images(folder / IMAGES_CSV, [record for _, record in records], failed)
    write_data_dictionary(folder / COLUMNS_CSV, _columns([record for _, record in records]))
    outputs += [IMAGES_CSV, COLUMNS_CSV]
    paragraph = methods_paragraph([record for _, record in records if record.model_sha256])
    if paragraph:
        write_bytes(folder / METHODS_TXT, (paragraph + "\n").encode("utf-8"))
        outputs.append(METHODS_TXT)
    return tuple(outputs)


def _write_images(path: Path, records: Sequence[ImageRecord], failed: Sequence[FailedImage]) -> None:
    """Write one row for each plane, and one for each image that failed."""
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


def _columns(records: Sequence[ImageRecord]) -> list[dict[str, str]]:
    """Describe every column that the tables of these records may have."""
    cells = table_columns(
        dict.fromkeys(channel for record in records for channel in record.channels),
        pixel_size_known=any(record.pixel_size_um is not None for record in records),
        texture=any(record.parameters.get("texture") for record in records),
        confidence=any("min_confidence" in record.parameters for record in records),
        reference_score=any("references" in record.parameters for record in records),
        cell_type=any(len(record.parameters.get("cell_types", ())) > 1 for record in records),
    )
    images = summary_columns(
        cells, pixel_size_known=any(record.pixel_size_um is not None for record in records)
    )
    return data_dictionary(("cells", cells), ("images", (*images, *_PATHS)))
