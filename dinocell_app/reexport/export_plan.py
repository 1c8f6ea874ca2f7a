"""What an export would write, before anything is written: every file by name, and which exist already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export import names
from dinocell_app.reexport.export_choice import (
    AUDIT,
    CELLPROFILER,
    COLUMNS,
    IMAGES,
    METHODS,
    REGIONS,
    ExportChoice,
)
from dinocell_app.reexport.export_items import ExportItem, ExportItems

_COMBINED = {"csv": names.CELLS_CSV, "parquet": names.CELLS_PARQUET, "coco": names.COCO_JSON}
_FOR_ALL = {
    IMAGES: names.IMAGES_CSV,
    REGIONS: names.REGIONS_CSV,
    COLUMNS: names.COLUMNS_CSV,
    METHODS: names.METHODS_TXT,
    AUDIT: names.AUDIT_JSON,
    CELLPROFILER: names.CELLPROFILER_CSV,
}


@dataclass(frozen=True)
class PlannedFile:
    """A file that an export would write.

    Parameters
    ----------
    path : Path
        Absolute.
    kind : str
        A key of `export.names.SUFFIXES`, or of `export_choice.RUN_TABLES`.
    item : ExportItem or None
        None for a file about all images.
    exists : bool
        Whether something of this name is there.
    """

    path: Path
    kind: str
    item: ExportItem | None = None
    exists: bool = False


@dataclass(frozen=True)
class ExportPlan:
    """All files of an export.

    Parameters
    ----------
    files : tuple of PlannedFile
        Those of single images first.
    """

    choice: ExportChoice
    items: ExportItems
    files: tuple[PlannedFile, ...]

    @property
    def n_existing(self) -> int:
        """Number of files that are there already."""
        return sum(file.exists for file in self.files)

    @property
    def n_written(self) -> int:
        """Number of files that would be written."""
        replaced = self.choice.existing == "replace"
        return sum(replaced or not file.exists for file in self.files)


def plan_export(items: ExportItems, choice: ExportChoice) -> ExportPlan:
    """Work out the files of an export; looks at the disk, so it is for a worker thread.

    Raises
    ------
    InvalidParameterError
        If no folder is chosen, or it is the one that results are taken from.
    """
    if not choice.folder.strip():
        raise InvalidParameterError("No folder is chosen", remedy="Choose a folder to write to")
    folder = Path(choice.folder).expanduser().absolute()
    if any(_is_inside(folder, item.folder) for item in items.finished[:1]):
        raise InvalidParameterError(
            "is where the results are that are to be exported", path=folder, remedy="Choose another folder"
        )
    if choice.cells:
        items = replace(items, finished=tuple(replace(item, cells=choice.cells) for item in items.finished))
    return ExportPlan(choice, items, tuple(_files(items, choice, folder)))


def _files(items: ExportItems, choice: ExportChoice, folder: Path) -> Iterator[PlannedFile]:
    for item in items.finished:
        for kind in choice.formats:
            path = item.target(folder, kind)
            yield PlannedFile(path, kind, item, path.exists())
    if choice.combined:
        for kind, name in _COMBINED.items():
            if kind in choice.formats:
                yield PlannedFile(folder / name, kind, None, (folder / name).exists())
    for kind in choice.run_tables:
        if kind == AUDIT and not items.audits:
            continue
        if kind == REGIONS and not any(item.regions for item in items.finished):
            continue
        path = folder / _FOR_ALL[kind]
        yield PlannedFile(path, kind, None, path.exists())


def _is_inside(folder: Path, results: Path) -> bool:
    inside, around = folder.resolve(), results.resolve()
    return inside == around or around in inside.parents
