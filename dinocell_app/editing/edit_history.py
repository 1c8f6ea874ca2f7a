"""All that was done to the labels of one result: unlimited undo and redo, versions, nothing lost by a crash.

A folder holds the labels as the model made them, the journal, and now and then a snapshot so that opening is
quick. The state is what the journal says; labels in memory are only its consequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.standing_folders import make_folders
from dinocell_app.editing.canvas import LabelCanvas
from dinocell_app.editing.delta_coding import decode, encode
from dinocell_app.editing.deltas import Delta, Labels, deltas_between
from dinocell_app.editing.journal import (
    JOURNAL_NAME,
    Entry,
    JournalWriter,
    Kind,
    now,
    read_journal,
)
from dinocell_app.editing.snapshots import BASE_NAME, read_snapshot, write_labels, write_snapshot
from dinocell_app.editing.snapshots import read_labels as read_stored
from dinocell_app.editing.timeline import Step, Timeline


@dataclass(frozen=True)
class Version:
    """A state of the labels that somebody gave a name.

    Parameters
    ----------
    number : int
        Of the last entry that belongs to it; 0 for the model's result.
    """

    name: str
    number: int
    time: str = ""
    who: str = ""


MODEL = Version("The model's result", 0)


class EditHistory:
    """The labels of one result as they were corrected, and how it came to them.

    One process at a time writes it: the lock of the project sees to that.

    Parameters
    ----------
    folder : Path
        Made at the first edit.
    base : callable
        Gives the labels of the model's result, shape (M, N); asked only before the first edit.
    who : str
        Who edits.

    Raises
    ------
    UserFacingError
        If what is in the folder cannot be read.
    """

    def __init__(self, folder: Path, base: Callable[[], NDArray[np.integer]], *, who: str) -> None:
        self._folder, self._who = folder, who
        self._writer: JournalWriter | None = None
        self.problem = ""
        """A sentence about what was found damaged; empty when nothing was."""
        try:
            read = read_journal(folder / JOURNAL_NAME)
            self._entries = list(read.entries)
            self._sound_bytes = read.sound_bytes
            if read.damage:
                self._set_damage_aside(read.damage)
            stored = (folder / BASE_NAME).exists()
            self._base = read_stored(folder / BASE_NAME) if stored else np.asarray(base(), np.uint32)
        except OSError as error:
            raise UserFacingError(
                f"The corrections of this image cannot be read ({error.strerror or error})",
                path=folder,
                remedy="Check that the disk of the project is there",
            ) from error
        self._is_stored = stored
        self._storing: Future[None] | None = None
        self.canvas = LabelCanvas(self._opened())
        self._next_label = max([int(self._base.max(initial=0)) + 1, *(e.next_label for e in self._entries)])

    @property
    def labels(self) -> Labels:
        """The labels as they are now, of shape (M, N); not to be written to."""
        return self.canvas.labels

    @property
    def next_label(self) -> int:
        """A label that no cell of this result ever had."""
        return self._next_label

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to undo."""
        return bool(self._time.done)

    @property
    def can_redo(self) -> bool:
        """Whether there is anything to do again."""
        return bool(self._time.undone)

    @property
    def undo_name(self) -> str:
        """What undo would take back, in words; empty when there is nothing."""
        return self._entries[self._time.done[-1] - 1].tool if self._time.done else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again, in words; empty when there is nothing."""
        return self._entries[self._time.undone[-1] - 1].tool if self._time.undone else ""

    @property
    def n_edits(self) -> int:
        """Number of edits that count, without those undone."""
        return len(self._time.done)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that was ever done, the oldest first."""
        return tuple(self._entries)

    @property
    def edited_cells(self) -> frozenset[int]:
        """Cells now present that were touched by an edit that counts."""
        return self._touched() & self.canvas.cells

    def places_of_deleted(self) -> NDArray[np.bool_]:
        """Find where cells of the model's result were that somebody took away.

        Returns
        -------
        ndarray of shape (M, N), bool
        """
        gone = self._touched() - self.canvas.cells
        return np.asarray(np.isin(self._base, sorted(gone)) & (self.labels == 0))

    def _touched(self) -> frozenset[int]:
        return frozenset[int]().union(*(self._entries[number - 1].cells for number in self._time.done))

    def apply(self, tool: str, *deltas: Delta, by_hand: bool = True) -> None:
        """Do an edit, and write it down.

        Parameters
        ----------
        tool : str
            In words, for the list of what was done.
        *deltas : Delta
            Parts of it, which are undone together.
        by_hand : bool
            Whether the cells it changes count as corrected.

        Raises
        ------
        UserFacingError
            If it cannot be written; the labels are then as they were.
        """
        if not deltas:
            return
        highest = max(int(delta.after.max()) for delta in deltas)
        self._next_label = max(self._next_label, highest + 1)
        cells = frozenset[int]().union(*(delta.cells for delta in deltas)) if by_hand else frozenset[int]()
        self._write("edit", tool, cells, deltas)
        for delta in deltas:
            self.canvas.apply(delta)

    def undo(self) -> tuple[Delta, ...]:
        """Undo the last edit that counts.

        Returns
        -------
        tuple of Delta
            What was done to the labels; empty when there was nothing to undo.

        Raises
        ------
        UserFacingError
            If it cannot be written down.
        """
        return self._stepped("undo", self._time.done)

    def redo(self) -> tuple[Delta, ...]:
        """Do again what was undone last.

        Returns
        -------
        tuple of Delta
            What was done to the labels; empty when there was nothing to do again.

        Raises
        ------
        UserFacingError
            If it cannot be written down.
        """
        return self._stepped("redo", self._time.undone)

    def name_version(self, name: str) -> None:
        """Give the labels as they are a name.

        Raises
        ------
        UserFacingError
            If it cannot be written down.
        """
        self._write("version", name)

    def versions(self) -> tuple[Version, ...]:
        """List what was given a name, the oldest first; the model's result comes before all."""
        named = [e for e in self._entries if e.kind == "version"]
        return (MODEL, *(Version(e.tool, e.number, e.time, e.who) for e in named))

    def labels_at(self, version: Version) -> Labels:
        """Give the labels of a version.

        Returns
        -------
        ndarray of shape (M, N), uint32
            A copy.
        """
        labels = self._base.copy()
        self._replay(labels, 0, version.number)
        return labels

    def go_to(self, version: Version) -> tuple[Delta, ...]:
        """Make the labels those of a version; this is an edit and can be undone.

        Returns
        -------
        tuple of Delta
            What was done to the labels.

        Raises
        ------
        UserFacingError
            If it cannot be written down.
        """
        changes = tuple(deltas_between(self.labels, self.labels_at(version)))
        self.apply(f"back to “{version.name}”", *changes)
        return changes

    def close(self) -> None:
        """Write a snapshot, if something was done, and let go of the files."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            try:
                with closing(writer):
                    self._finish_storing()
            except OSError as error:
                raise UserFacingError(
                    f"The labels that corrections begin from could not be kept ({error.strerror or error})",
                    path=self._folder / BASE_NAME,
                    remedy="Free some space, and correct a cell again before the image is segmented anew",
                ) from error
            write_snapshot(self._folder, len(self._entries), self.labels)

    def _opened(self) -> Labels:
        """Give the labels after all entries, from the snapshot where that is of use."""
        kept = read_snapshot(self._folder, self._base.shape)
        start, labels = kept if kept is not None and kept[0] <= len(self._entries) else (0, self._base.copy())
        self._time = self._replay(labels, start, len(self._entries))
        return labels

    def _replay(self, labels: Labels, start: int, end: int) -> Timeline:
        """Do to labels what entries say, those after `start` up to `end`."""
        time = Timeline()
        for entry in self._entries[:end]:
            if not time.allows(entry):
                raise UserFacingError(
                    f"Entry {entry.number} of the list of corrections undoes what was never done",
                    path=self._folder / JOURNAL_NAME,
                    remedy="Restore the project from a copy; nothing was changed",
                )
            step = time.advance(entry)
            if step is not None and entry.number > start:
                for delta in self._changes(step):
                    delta.apply_to(labels)
        return time

    def _changes(self, step: Step) -> tuple[Delta, ...]:
        deltas = self._deltas(step.edit)
        return tuple(delta.reversed() for delta in reversed(deltas)) if step.backwards else deltas

    def _within(self, delta: Delta) -> Delta:
        box, (height, width) = delta.box, self._base.shape
        if box.top + box.height > height or box.left + box.width > width:
            raise ValueError("it lies outside of the image")
        return delta

    def _deltas(self, number: int) -> tuple[Delta, ...]:
        try:
            return tuple(self._within(decode(content)) for content in self._entries[number - 1].deltas)
        except ValueError as error:
            raise UserFacingError(
                f"Entry {number} of the list of corrections is damaged ({error})",
                path=self._folder / JOURNAL_NAME,
                remedy="Restore the project from a copy; nothing was changed",
            ) from error

    def _stepped(self, kind: Kind, possible: Sequence[int]) -> tuple[Delta, ...]:
        if not possible:
            return ()
        step = Step(possible[-1], backwards=kind == "undo")
        changes = self._changes(step)
        self._write(kind, self._entries[step.edit - 1].tool)
        for delta in changes:
            self.canvas.apply(delta)
        return changes

    def _write(
        self, kind: Kind, tool: str, cells: frozenset[int] = frozenset(), deltas: Sequence[Delta] = ()
    ) -> None:
        entry = Entry(
            number=len(self._entries) + 1,
            kind=kind,
            time=now(),
            who=self._who,
            tool=tool,
            cells=tuple(sorted(cells)),
            deltas=tuple(encode(delta) for delta in deltas),
            next_label=self._next_label,
        )
        try:
            self._store_base()
            if self._writer is None:
                self._writer = JournalWriter(self._folder / JOURNAL_NAME, self._sound_bytes)
            self._sound_bytes += self._writer.append([entry])
        except OSError as error:
            raise UserFacingError(
                f"This correction could not be written down and was not made ({error.strerror or error})",
                path=self._folder / JOURNAL_NAME,
                remedy="Free some space, or check that the disk of the project is there, and try again",
            ) from error
        self._entries.append(entry)
        self._time.advance(entry)

    def _store_base(self) -> None:
        """Keep the labels that the edits begin from, beside the first strokes and not before them.

        Until they are stored the model's own file still has them.
        """
        if self._is_stored:
            return
        if self._storing is None:
            make_folders(self._folder)
            worker = ThreadPoolExecutor(1, thread_name_prefix="model result")
            self._storing = worker.submit(write_labels, self._folder / BASE_NAME, self._base)
            worker.shutdown(wait=False)
        elif self._storing.done():
            self._finish_storing()

    def _finish_storing(self) -> None:
        storing, self._storing = self._storing, None
        if storing is not None:
            storing.result()
            self._is_stored = True

    def _set_damage_aside(self, damage: str) -> None:
        """Keep the damaged file under another name and go on with what is sound."""
        path = self._folder / JOURNAL_NAME
        aside = path.with_name(f"journal-damaged-{datetime.now():%Y%m%d-%H%M%S}.jsonl")
        content = path.read_bytes()
        aside.write_bytes(content)
        with path.open("rb+") as file:
            file.truncate(self._sound_bytes)
        self.problem = (
            f"The list of corrections was damaged after entry {len(self._entries)} ({damage}); what stood "
            f"before it was kept, and the whole file is beside it as {aside.name}."
        )
