"""Tables for a whole run, put together from the records and tables of its images.

They read files, so a run that was interrupted and resumed ends with all of its images in them. Images that
earlier runs left in the same output folder are in them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dinocell_app.export.formats import FORMATS
from dinocell_app.export.names import COLUMNS_CSV, IMAGES_CSV, METHODS_TXT, REGIONS_CSV
from dinocell_app.export.result_tables import (
    Failure,
    write_columns,
    write_images,
    write_methods,
    write_region_table,
)
from dinocell_app.pipeline.isolation import FailedImage
from dinocell_app.pipeline.results import all_records


def write_run_tables(folder: Path, formats: Sequence[str], failed: Sequence[FailedImage]) -> tuple[str, ...]:
    """Write the tables of a run.

    Parameters
    ----------
    folder : Path
        The output folder.
    formats : sequence of str
        Those with a file for the whole run get it.

    Returns
    -------
    tuple of str
        Names of the files in the output folder.

    Raises
    ------
    UserFacingError
        If a file cannot be written.
    """
    found = list(all_records(folder))
    outputs = []
    for name in formats:
        form = FORMATS[name]
        if form.combine is not None:
            parts = [
                (record.name, sidecar.with_name(record.outputs[name]))
                for sidecar, record in found
                if name in record.outputs
            ]
            form.combine(folder / form.combined_name, parts)
            outputs.append(form.combined_name)
    records = [record for _, record in found]
    failures = [Failure(image.name, image.path, image.reason) for image in failed]
    write_images(folder / IMAGES_CSV, records, failures)
    write_columns(folder / COLUMNS_CSV, records)
    outputs += [IMAGES_CSV, COLUMNS_CSV]
    if write_region_table(folder / REGIONS_CSV, records):
        outputs.append(REGIONS_CSV)
    if write_methods(folder / METHODS_TXT, records):
        outputs.append(METHODS_TXT)
    return tuple(outputs)
