"""A journal that was cut in mid-record loses that record alone: what is done afterwards survives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dinocell_app.editing.cell_changes import delete
from dinocell_app.editing.edit_history import EditHistory
from dinocell_app.editing.journal import JOURNAL_NAME, Entry, JournalWriter, line_of, now, read_journal

LABELS = np.repeat(np.repeat(np.arange(1, 7, dtype=np.uint16).reshape(2, 3), 8, 0), 8, 1)


def opened(folder: Path) -> EditHistory:
    return EditHistory(folder, LABELS.copy, who="Anna")


def without(history: EditHistory, label: int) -> None:
    delta = delete(history.canvas, [label])
    assert delta is not None
    history.apply("delete", delta)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_strokes_after_a_cut_survive_reopening(tmp_path: Path, kept: float) -> None:
    history = opened(tmp_path)
    without(history, 1)
    path = tmp_path / JOURNAL_NAME
    first = path.stat().st_size
    without(history, 2)
    history.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: first + int((len(whole) - first) * kept)])
    for snapshot in tmp_path.glob("snapshot_*"):
        snapshot.unlink()

    again = opened(tmp_path)
    assert not again.problem
    for label in (3, 4):
        without(again, label)
    again.close()
    for snapshot in tmp_path.glob("snapshot_*"):
        snapshot.unlink()  # what is read is the journal alone

    journal = read_journal(path)
    assert [entry.number for entry in journal.entries] == [1, 2, 3]
    assert not journal.damage
    last = opened(tmp_path)
    assert set(np.unique(last.labels).tolist()) == {0, 2, 5, 6}
    last.undo()
    assert 4 in last.labels
    last.close()


def test_a_writer_cuts_off_what_is_not_sound(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    entries = [Entry(number, "version", now(), "Anna", f"v{number}", (), (), 7) for number in (1, 2)]
    path.write_bytes(line_of(entries[0]) + line_of(entries[1])[:-3])
    writer = JournalWriter(path, read_journal(path).sound_bytes)
    writer.append([entries[1]])
    writer.close()
    assert read_journal(path).entries == tuple(entries)
