"""Files about all exported images together; the same that a run writes, of what is exported."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.reexport.export_choice import AUDIT, CELLPROFILER, IMAGES, METHODS, REGIONS
from dinocell_app.reexport.export_items import ExportItem, ExportItems
from dinocell_app.reexport.export_plan import PlannedFile
from dinocell_app.reexport.labelled_results import record_of
from dinocell_app.reexport.region_column import record_with_regions
from dinocell_app.reexport.table_columns import write_cellprofiler


def records_of(items: Iterable[ExportItem]) -> list[PlaneRecord]:
    """Read what is known about results, in the order of their names.

    Returns
    -------
    list of PlaneRecord
        Without results that carry no record.
    """
    from dinocell_app.imaging.scan import natural_key

    found = [record_of(item) for item in items]
    return sorted(
        (record for record in found if record is not None), key=lambda record: natural_key(record.name)
    )


def write_table_of_all(file: PlannedFile, items: ExportItems) -> bool:
    """Write a file about all images: their table, the data dictionary or the methods paragraph.

    Parameters
    ----------
    file : PlannedFile
        Of a kind in `export_choice.RUN_TABLES`.

    Returns
    -------
    bool
        False when there is nothing to say in it.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    from dinocell_app.export.result_tables import (
        Failure,
        write_columns,
        write_images,
        write_methods,
        write_region_table,
    )
    from dinocell_app.export.writing import write_bytes

    if file.kind == REGIONS:
        return write_region_table(file.path, _by_region(items.finished))
    if file.kind == CELLPROFILER:
        write_cellprofiler(file.path, items.finished)
        return True
    if file.kind == METHODS:
        records = records_of(replace(item, cells="") for item in items.finished)
        return write_methods(file.path, records, _further(items))
    records = records_of(items.finished)
    if file.kind == IMAGES:
        failed = [Failure(item.name, item.image, item.reason) for item in items.failed]
        write_images(file.path, records, failed)
    elif file.kind == AUDIT:
        content = {"audits": [audit.to_record() for audit in items.audits]}
        write_bytes(file.path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
    else:
        write_columns(file.path, records, regions=any(item.regions for item in items.finished))
    return True


def _further(items: ExportItems) -> list[str]:
    """Sentences for the methods paragraph about what happened after the run."""
    sentences = [audit.methods_sentence() for audit in items.audits]
    filters = dict.fromkeys(item.cells for item in items.finished if item.cells)
    n_left = sum(record.n_cells or 0 for record in records_of(items.finished)) if filters else 0
    return [*sentences, *(f"Cells with {text} were kept ({n_left} in all)." for text in filters)]


def _by_region(items: Iterable[ExportItem]) -> list[PlaneRecord]:
    from dinocell_app.imaging.scan import natural_key

    found = [(item, record_of(item)) for item in items]
    counted = [record_with_regions(item, record) for item, record in found if record is not None]
    return sorted(counted, key=lambda record: natural_key(record.name))
