"""Files about all exported images together: summaries, the data dictionary and the methods paragraph.

They say what the shell's say; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dinocell_app.ui.export.export_items import ExportItem, ExportItems
from dinocell_app.ui.export.result_record import ResultFacts, read_facts

_PATH, _REASON = "The image file.", "Why the image failed; empty for the others."


def facts_of(items: Iterable[ExportItem]) -> list[ResultFacts]:
    """Read what is known about results, in the order of their names.

    Parameters
    ----------
    items : iterable of ExportItem

    Returns
    -------
    list of ResultFacts
        Without results that carry no record.
    """
    from dinocell_app.imaging.scan import natural_key

    found = [read_facts(item.file("sidecar")) for item in items]
    return sorted((facts for facts in found if facts is not None), key=lambda facts: natural_key(facts.name))


def write_images(path: Path, items: ExportItems) -> None:
    """Write one row for each plane, and one for each image that failed.

    Parameters
    ----------
    path : Path
    items : ExportItems

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    from dinocell_app.export.tables import write_table
    from dinocell_app.imaging.scan import natural_key
    from dinocell_app.measurement.summary import summary_table

    rows: list[dict[str, Any]] = [
        {**facts.summary, "seconds": facts.seconds, "path": facts.provenance.input_path, "reason": ""}
        for facts in facts_of(items.finished)
    ]
    rows += [
        {"image": failed.name, "status": "failed", "path": str(failed.image), "reason": failed.reason}
        for failed in items.failed
    ]
    rows.sort(key=lambda row: natural_key(row["image"]))
    texts = {name: [row.pop(name) for row in rows] for name in ("path", "reason")}
    write_table(path, summary_table(rows).assign(**texts))


def write_columns(path: Path, items: ExportItems) -> None:
    """Write what the columns of the tables mean.

    Parameters
    ----------
    path : Path
    items : ExportItems

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    from dinocell_app.export.tables import write_data_dictionary
    from dinocell_app.measurement.column import Column
    from dinocell_app.measurement.columns import table_columns
    from dinocell_app.measurement.dictionary import data_dictionary
    from dinocell_app.measurement.summary import summary_columns

    facts = facts_of(items.finished)
    known = any(one.provenance.pixel_size_um is not None for one in facts)
    cells = table_columns(
        dict.fromkeys(channel for one in facts for channel in one.channels),
        pixel_size_known=known,
        texture=any(one.provenance.parameters.get("texture") for one in facts),
        confidence=any("min_confidence" in one.provenance.parameters for one in facts),
        reference_score=any("references" in one.provenance.parameters for one in facts),
        cell_type=any(len(one.provenance.parameters.get("cell_types", ())) > 1 for one in facts),
    )
    images = (
        *summary_columns(cells, pixel_size_known=known),
        Column("path", "", "string", _PATH, "given", "path"),
        Column("reason", "", "string", _REASON, "given", "reason"),
    )
    write_data_dictionary(path, data_dictionary(("cells", cells), ("images", images)))


def write_methods(path: Path, facts: Sequence[ResultFacts]) -> bool:
    """Write the paragraph for a paper's methods section.

    Parameters
    ----------
    path : Path
    facts : sequence of ResultFacts

    Returns
    -------
    bool
        False when no result was made by a model, so that there is nothing to say.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    from dinocell_app.export.methods_text import methods_paragraph
    from dinocell_app.export.writing import write_bytes

    paragraph = methods_paragraph([one.provenance for one in facts if one.provenance.model_sha256])
    if paragraph:
        write_bytes(path, (paragraph + "\n").encode("utf-8"))
    return bool(paragraph)
