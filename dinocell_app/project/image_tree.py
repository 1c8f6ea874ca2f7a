"""Which images are listed, in which order and under which folder: plain state behind the tree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby
from typing import Any

from dinocell_app.imaging.scan import natural_key
from dinocell_app.project.records import ImageRecord, ResultRecord


class Status(Enum):
    """What is known about an image; the value is a shape and a word, so that no colour is needed."""

    OPEN = "○ To do"
    DONE = "✓ Done"
    EDITED = "✎ Edited"
    APPROVED = "★ Approved"
    FAILED = "✕ Failed"
    UNREADABLE = "⚠ Unreadable"
    MISREAD = "? Check axes"


class Order(Enum):
    """How images are sorted within their folder; the value is what a person reads."""

    NAME = "Name"
    CELLS = "Most cells first"
    STATUS = "Status"


_STATUS_ORDER = (
    Status.FAILED,
    Status.UNREADABLE,
    Status.MISREAD,
    Status.OPEN,
    Status.DONE,
    Status.EDITED,
    Status.APPROVED,
)
_SEGMENTED = (Status.DONE, Status.EDITED, Status.APPROVED)


@dataclass(frozen=True)
class ImageRow:
    """An image as the tree shows it.

    Parameters
    ----------
    result : ResultRecord or None
        The newest.
    is_approved : bool
        Whether a person said that all cells of it, or of a plane of it, are right.
    """

    record: ImageRecord
    result: ResultRecord | None = None
    is_approved: bool = False

    @property
    def status(self) -> Status:
        """What is known about the image."""
        if self.record.problem:
            return Status.UNREADABLE
        if self.result is None:
            return Status.MISREAD if self.record.looks_misread else Status.OPEN
        if self.result.status == "failed":
            return Status.FAILED
        if self.is_approved:
            return Status.APPROVED
        return Status.EDITED if self.result.is_corrected else Status.DONE

    @property
    def n_cells(self) -> int | None:
        """Number of cells, None when not segmented."""
        return self.result.n_cells if self.result is not None and self.status in _SEGMENTED else None

    @property
    def hint(self) -> str:
        """Everything known, for the tooltip."""
        record = self.record
        lines = [record.relative_path, f"{record.width} × {record.height} pixels, {record.dtype}"]
        if record.n_channels > 1:
            lines.append(f"{record.n_channels} channels: {', '.join(record.channel_names)}")
        if record.n_slices > 1 or record.n_times > 1:
            lines.append(f"{record.n_slices} slices, {record.n_times} time points")
        if record.looks_misread:
            lines.append("Its axes look mixed up: see Image ▸ Axes …")
        lines.append(_pixel_size(record))
        if self.result is not None and self.result.is_corrected:
            cells = "1 cell" if self.result.n_edited == 1 else f"{self.result.n_edited:,} cells"
            lines.append(f"{cells} edited by hand")
            if self.result.has_newer:
                lines.append("The model has a newer result: see Correct ▸ Newer results …")
        if record.tags:
            lines.append(f"Tags: {', '.join(record.tags)}")
        if record.note:
            lines.append(record.note)
        problem = record.problem or (self.result.reason if self.result is not None else "")
        return "\n".join([*lines, problem] if problem else lines)


@dataclass(frozen=True)
class Folder:
    """A folder with the images that are listed under it.

    Parameters
    ----------
    path : str
        Below the root, with forward slashes; empty for the root itself.
    """

    root_id: int
    path: str
    title: str
    images: tuple[ImageRow, ...]

    @property
    def summary(self) -> str:
        """How far the folder is, in words."""
        done = sum(row.status in _SEGMENTED for row in self.images)
        failed = sum(row.status is Status.FAILED for row in self.images)
        words = f"{done} of {len(self.images)}"
        return f"{words}, ✕ {failed}" if failed else f"{words} done"


@dataclass(frozen=True)
class TreeState:
    """All images and what of them is listed.

    Parameters
    ----------
    rows : tuple of ImageRow
        In natural order.
    words : str
        Listed are images that have every one of these words in name, folder, root, tags or status.
    """

    rows: tuple[ImageRow, ...] = ()
    root_names: Mapping[int, str] | None = None
    words: str = ""
    order: Order = Order.NAME

    def folders(self) -> tuple[Folder, ...]:
        """List the images by folder.

        Returns
        -------
        tuple of Folder
            Folders without a listed image are left out.
        """
        wanted = self.words.lower().split()
        names = self.root_names or {}
        listed = [row for row in self.rows if _has_all(row, wanted, names.get(row.record.root_id, ""))]
        folders = []
        for (root, path), group in groupby(listed, key=lambda row: (row.record.root_id, row.record.folder)):
            title = "/".join(filter(None, (names.get(root, ""), path))) or "Images"
            folders.append(Folder(root, path, title, tuple(sorted(group, key=_key(self.order)))))
        return tuple(folders)

    def with_records(self, records: Mapping[int, ImageRecord]) -> TreeState:
        """Take over other tags, notes or pixel sizes of some images.

        Parameters
        ----------
        records : mapping of int to ImageRecord
            By id.
        """
        rows = tuple(replace(row, record=records.get(row.record.id, row.record)) for row in self.rows)
        return replace(self, rows=rows)

    def with_results(
        self, latest: Mapping[int, ResultRecord], image_ids: Iterable[int], approved: Collection[int] = ()
    ) -> TreeState:
        """Take over new results of some images.

        Parameters
        ----------
        latest : mapping of int to ResultRecord
            The newest result of each image.
        approved : collection of int
            Images whose cells a person said are right.
        """
        changed = set(image_ids)
        rows = tuple(
            replace(row, result=latest.get(row.record.id), is_approved=row.record.id in approved)
            if row.record.id in changed
            else row
            for row in self.rows
        )
        return replace(self, rows=rows)


def condition_of(record: ImageRecord, root_names: Mapping[int, str]) -> str:
    """Name the folder of an image as a condition to compare by.

    Parameters
    ----------
    root_names : mapping of int to str
        Of all roots of the project. With one root, folders below it are told apart by their own names.

    Returns
    -------
    str
        Never empty when the root has a name.
    """
    root = root_names.get(record.root_id, "")
    if len(root_names) > 1:
        return "/".join(filter(None, (root, record.folder)))
    return record.folder or root


def _has_all(row: ImageRow, words: list[str], root: str) -> bool:
    if not words:
        return True
    text = " ".join((root, row.record.relative_path, *row.record.tags, row.status.value)).lower()
    return all(word in text for word in words)


def _pixel_size(record: ImageRecord) -> str:
    if record.pixel_size_um is None:
        return "Pixel size unknown"
    source = record.pixel_size_source
    told = "from the file" if source == "file" else f"set for the {source}"
    return f"{record.pixel_size_um:g} µm a pixel, {told}"


def _key(order: Order) -> Callable[[ImageRow], Any]:
    def by_name(row: ImageRow) -> Any:  # noqa: ANN401 - natural keys compare with each other
        return natural_key(row.record.name)

    def by_cells(row: ImageRow) -> Any:  # noqa: ANN401 - as above
        return -(row.n_cells if row.n_cells is not None else -1), natural_key(row.record.name)

    def by_status(row: ImageRow) -> Any:  # noqa: ANN401 - as above
        return _STATUS_ORDER.index(row.status), natural_key(row.record.name)

    return {Order.NAME: by_name, Order.CELLS: by_cells, Order.STATUS: by_status}[order]
