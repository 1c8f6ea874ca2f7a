"""Files about all exported images together; the same that a run writes, of what is exported."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dinocell_app.export.plane_record import PlaneRecord, read_record
from dinocell_app.reexport.export_choice import AUDIT, COLUMNS, IMAGES, REGIONS
from dinocell_app.reexport.export_items import ExportItem, ExportItems
from dinocell_app.reexport.export_plan import PlannedFile
from dinocell_app.reexport.region_column import record_with_regions


def records_of(items: Iterable[ExportItem]) -> list[PlaneRecord]:
    """Read what is known about results, in the order of their names.

    Returns
    -------
    list of PlaneRecord
        Without results that carry no record.
    """
    from dinocell_app.imaging.scan import natural_key

    found = [read_record(item.file("sidecar")) for item in items]
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
    records = records_of(items.finished)
    if file.kind == IMAGES:
        failed = [Failure(item.name, item.image, item.reason) for item in items.failed]
        write_images(file.path, records, failed)
    elif file.kind == AUDIT:
        content = {"audits": [audit.to_record() for audit in items.audits]}
        write_bytes(file.path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
    elif file.kind == COLUMNS:
        write_columns(file.path, records, regions=any(item.regions for item in items.finished))
    else:
        return write_methods(file.path, records, [audit.methods_sentence() for audit in items.audits])
    return True


def _by_region(items: Iterable[ExportItem]) -> list[PlaneRecord]:
    from dinocell_app.imaging.scan import natural_key

    found = [(item, read_record(item.file("sidecar"))) for item in items]
    counted = [record_with_regions(item, record) for item, record in found if record is not None]
    return sorted(counted, key=lambda record: natural_key(record.name))
