"""Doing an export: a generator that reports each file; one that fails does not end the rest."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dinocell_app.base.errors import UserFacingError
from dinocell_app.reexport.export_choice import RUN_TABLES, TABLE_FORMATS
from dinocell_app.reexport.export_items import ExportItem
from dinocell_app.reexport.export_plan import ExportPlan, PlannedFile
from dinocell_app.reexport.labelled_results import read_result
from dinocell_app.reexport.region_column import add_regions
from dinocell_app.reexport.review_column import REVIEW, add_review
from dinocell_app.reexport.run_tables import records_of, write_table_of_all
from dinocell_app.reexport.table_columns import select_csv, select_parquet

if TYPE_CHECKING:
    from dinocell_app.export.labelled_image import LabelledImage

Outcome = Literal["written", "kept", "failed", "nothing"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileExported:
    """What became of a planned file.

    Parameters
    ----------
    number : int
        Its place in the plan.
    outcome : {"written", "kept", "failed", "nothing"}
        "kept": it existed and was not to be replaced; "nothing": there is nothing to say in it.
    reason : str
        Why it failed.
    """

    number: int
    outcome: Outcome
    reason: str = ""


def write_export(plan: ExportPlan) -> Iterator[FileExported]:
    """Write the files of a plan; closing the generator ends it between two files.

    Yields
    ------
    FileExported
        One for each file, in the order of the plan.
    """
    writing = _Writing(plan)
    for number, file in enumerate(plan.files):
        try:
            # It may have appeared since the plan was made.
            if plan.choice.existing == "keep" and file.path.exists():
                yield FileExported(number, "kept")
                continue
            yield FileExported(number, writing.write(file))
        except UserFacingError as error:
            yield FileExported(number, "failed", str(error))
        except Exception as error:
            _logger.exception("%s could not be exported", file.path)
            fault = UserFacingError(f"{type(error).__name__}: {error}", path=file.path)
            yield FileExported(number, "failed", str(fault))


class _Writing:
    """Writes one file after the other; keeps the image in hand for its next format."""

    def __init__(self, plan: ExportPlan) -> None:
        self.plan = plan
        self._formats = frozenset(plan.choice.formats)
        self._written: set[Path] = set()
        self._image: tuple[ExportItem, LabelledImage] | None = None

    def write(self, file: PlannedFile) -> Outcome:
        if file.item is not None:
            self._write_of_image(file, file.item)
            self._written.add(file.path)
            return "written"
        if file.kind in RUN_TABLES:
            return "written" if write_table_of_all(file, self.plan.items) else "nothing"
        self._combine(file)
        return "written"

    def _write_of_image(self, file: PlannedFile, item: ExportItem) -> None:
        from dinocell_app.export.formats import FORMATS

        source = item.file(file.kind)
        if file.kind in TABLE_FORMATS and (self.plan.choice.columns or item.judgements or item.regions):
            self._with_columns(file, lambda whole: self._whole_table(item, file.kind, whole))
        elif source.exists() and not item.cells:
            _copy(source, file.path)
        elif file.kind == "sidecar":
            raise UserFacingError("there is no record of how this result was made", path=item.file("labels"))
        else:
            FORMATS[file.kind].write(file.path, self._labelled(item))

    def _whole_table(self, item: ExportItem, kind: str, target: Path) -> None:
        from dinocell_app.export.formats import FORMATS

        source = item.file(kind)
        if source.exists() and not item.cells:
            shutil.copyfile(source, target)
        else:
            FORMATS[kind].write(target, self._labelled(item))
        add_regions(target, kind, item.regions)
        add_review(target, kind, item.judgements)

    def _combine(self, file: PlannedFile) -> None:
        from dinocell_app.export.formats import FORMATS

        combine = FORMATS[file.kind].combine
        if combine is None:
            raise ValueError(f"{file.kind} has no file for all images")
        with tempfile.TemporaryDirectory(prefix="dinocell-export-") as room:
            parts = [
                (name_of(item), self._part(file, item, Path(room, str(number))))
                for number, item in enumerate(self.plan.items.finished)
            ]
            if file.kind in TABLE_FORMATS and self.plan.choice.columns:
                self._with_columns(file, lambda whole: combine(whole, parts))
            else:
                combine(file.path, parts)

    def _part(self, file: PlannedFile, item: ExportItem, room: Path) -> Path:
        """Find or make the file of an image; one that is in the way of the export is somebody else's."""
        from dinocell_app.export.formats import FORMATS

        source, target = item.file(file.kind), item.target(file.path.parent, file.kind)
        if file.kind in TABLE_FORMATS and (item.judgements or item.regions):
            room.mkdir()
            self._whole_table(item, file.kind, room / target.name)
            return room / target.name
        if source.exists() and not item.cells:
            return source
        if target in self._written:
            return target
        room.mkdir()
        FORMATS[file.kind].write(room / target.name, self._labelled(item))
        return room / target.name

    def _with_columns(self, file: PlannedFile, make: Callable[[Path], None]) -> None:
        select = select_csv if file.kind == "csv" else select_parquet
        with tempfile.TemporaryDirectory(prefix="dinocell-export-") as room:
            whole = Path(room, file.path.name)
            make(whole)
            if self.plan.choice.columns:
                select(whole, file.path, (REVIEW, *self.plan.choice.columns))
            else:
                _copy(whole, file.path)

    def _labelled(self, item: ExportItem) -> LabelledImage:
        if self._image is None or self._image[0] != item:
            self._image = (item, read_result(item, self._formats))
        return self._image[1]


def name_of(item: ExportItem) -> str:
    """Say how tables call a result."""
    records = records_of([item])
    return records[0].name if records else item.stem.as_posix()


def _copy(source: Path, target: Path) -> None:
    from dinocell_app.export.writing import whole_file, whole_folder

    if source.is_dir():
        with whole_folder(target) as beside:
            shutil.copytree(source, beside, dirs_exist_ok=True)
    else:
        with whole_file(target) as beside:
            shutil.copyfile(source, beside)
