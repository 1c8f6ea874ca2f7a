"""What is to be exported: plain choices that are remembered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from dinocell_app.base.json_text import parse_json
from dinocell_app.export.names import SUFFIXES

Which = Literal["all", "selected", "current"]
Existing = Literal["keep", "replace"]

IMAGES, REGIONS, COLUMNS, METHODS, AUDIT = "images", "regions", "columns", "methods", "audit"
CELLPROFILER = "cellprofiler"
USUAL_RUN_TABLES = (IMAGES, REGIONS, COLUMNS, METHODS, AUDIT)
RUN_TABLES = (*USUAL_RUN_TABLES, CELLPROFILER)

TABLE_FORMATS = ("csv", "parquet")


@dataclass(frozen=True)
class ExportChoice:
    """Choices of the Export dialog, and of `dinocell-app export`.

    Parameters
    ----------
    set_name : str
        Results of which preset.
    which : {"all", "selected", "current"}
        Images.
    formats : tuple of str
        Of `export.names.SUFFIXES`.
    run_tables : tuple of str
        Of `RUN_TABLES`: files for all images together.
    combined : bool
        Whether tables and COCO masks of all images are put together, too.
    columns : tuple of str
        Columns of the tables of cells, in order; empty for all.
    folder : str
        Where to write.
    existing : {"keep", "replace"}
        What becomes of files that are there already.
    cells : str
        Filter, as `tables.filter_expression` reads it; empty for all cells. It is not remembered.
    """

    set_name: str = ""
    which: Which = "all"
    formats: tuple[str, ...] = ("labels", "overlay", "csv")
    run_tables: tuple[str, ...] = USUAL_RUN_TABLES
    combined: bool = True
    columns: tuple[str, ...] = ()
    folder: str = ""
    existing: Existing = "keep"
    cells: str = ""

    def to_json(self) -> str:
        """Write the choices."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ExportChoice:
        """Read the choices; the inverse of `to_json`.

        Returns
        -------
        ExportChoice
            What cannot be used is left at its default, and files are never replaced unasked: that choice is
            not remembered.
        """
        try:
            content = parse_json(text)
        except ValueError:
            return cls()
        if not isinstance(content, dict):
            return cls()
        usable: dict[str, Any] = {}
        for field in fields(cls):
            value = content.get(field.name)
            if isinstance(value, list):
                value = tuple(str(item) for item in value)
            if type(value) is type(field.default):
                usable[field.name] = value
        choice = cls(**usable)
        return replace(
            choice,
            formats=tuple(name for name in SUFFIXES if name in choice.formats),
            run_tables=tuple(name for name in RUN_TABLES if name in choice.run_tables),
            which=choice.which if choice.which in get_args(Which) else "all",
            existing="keep",
            cells="",
        )
