"""Nothing is lost: undo, redo, versions, closing, killing, damage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import UserFacingError
from dinocell_app.editing.cell_changes import delete, merge, split
from dinocell_app.editing.cell_shapes import grow, shrink
from dinocell_app.editing.delta_coding import decode, encode
from dinocell_app.editing.deltas import Delta
from dinocell_app.editing.edit_history import MODEL, EditHistory
from dinocell_app.editing.journal import JOURNAL_NAME
from dinocell_app.editing.newer_result import take_newer
from dinocell_app.editing.strokes import erase, paint

SHAPE = (48, 64)


def model_result() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint16)
    for number in range(6):
        row, column = divmod(number, 3)
        labels[4 + row * 22 : 20 + row * 22, 4 + column * 20 : 18 + column * 20] = number + 1
    return labels


def opened(folder) -> EditHistory:
    return EditHistory(folder, model_result, who="Anna")


def edit(history: EditHistory, number: int, row: int, column: int) -> None:
    """Use one of the tools somewhere."""
    canvas, label = history.canvas, int(history.labels[row, column])
    ways = (
        lambda: paint(canvas, label or history.next_label, [(row, column), (row + 3, column + 5)], 3),
        lambda: erase(canvas, [(row, column)], 4),
        lambda: split(canvas, label, [(row - 30, column), (row + 30, column + 1)], history.next_label),
        lambda: merge(canvas, sorted(canvas.cells)[number % 3 : number % 3 + 2]),
        lambda: delete(canvas, [label]),
        lambda: grow(canvas, label, 2),
        lambda: shrink(canvas, label, 1),
    )
    delta = ways[number % len(ways)]()
    if delta is not None:
        history.apply(f"tool {number % len(ways)}", delta)


actions = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 20), st.integers(0, 47), st.integers(0, 63)),
        st.sampled_from([("undo",), ("redo",), ("reopen",), ("version",), ("back",)]),
    ),
    max_size=25,
)


def act(history: EditHistory, what: str, number: int = 0, row: int = 0, column: int = 0) -> None:
    if what == "edit":
        edit(history, number, row, column)
    elif what == "undo":
        history.undo()
    elif what == "redo":
        history.redo()
    elif what == "version":
        history.name_version(f"v{len(history.entries)}")
    elif what == "back":
        history.go_to(history.versions()[-1])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions)
def test_any_sequence_can_be_undone_done_again_and_read_again(tmp_path_factory, sequence):
    folder = tmp_path_factory.mktemp("history") / "edits"
    history = opened(folder)
    ever = set(history.canvas.cells)
    for action in sequence:
        if action[0] == "reopen":
            history.close()
            history = opened(folder)
        assert history.next_label not in ever
        act(history, *action)
        ever |= history.canvas.cells
    now, edited, n_edits = history.labels.copy(), history.edited_cells, history.n_edits
    history.close()
    again = opened(folder)
    np.testing.assert_array_equal(again.labels, now)
    assert (again.edited_cells, again.n_edits, again.next_label) == (edited, n_edits, history.next_label)
    for snapshot in folder.glob("snapshot*"):
        snapshot.unlink()
    replayed = opened(folder)
    np.testing.assert_array_equal(replayed.labels, now)
    while replayed.undo():
        pass
    np.testing.assert_array_equal(replayed.labels, model_result())
    assert not replayed.can_undo
    for _ in range(n_edits):
        assert replayed.redo()
    np.testing.assert_array_equal(replayed.labels, now)
    np.testing.assert_array_equal(replayed.labels_at(MODEL), model_result())
    replayed.close()


@given(
    st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.integers(0, 1000), st.integers(0, 9)
)
def test_a_delta_is_read_as_it_was_written(height, width, highest, top, seed):
    random = np.random.default_rng(seed)
    before, after = (random.integers(0, highest + 1, (height, width)).astype(np.uint32) for _ in range(2))
    delta = decode(encode(Delta(top, 3, before, after)))
    np.testing.assert_array_equal(delta.before, before)
    np.testing.assert_array_equal(delta.after, after)
    assert (delta.top, delta.left) == (top, 3)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"box": [0, 0, 2, 2]},
        {"box": [0, 0, 2, 2], "runs": "!"},
        {"box": [0, 0, 0, 2], "runs": ""},
        {"box": [0, 0, 10**6, 10**6], "runs": ""},
        {**encode(Delta(0, 0, np.zeros((2, 2), np.uint32), np.ones((2, 2), np.uint32))), "box": [0, 0, 3, 2]},
    ],
)
def test_what_is_no_delta_is_refused(content):
    with pytest.raises(ValueError, match=r"\w"):
        decode(content)


def test_nothing_is_written_before_the_first_edit(tmp_path):
    history = opened(tmp_path / "edits")
    assert history.undo() == history.redo() == ()
    history.close()
    assert not (tmp_path / "edits").exists()


def test_the_model_is_asked_only_before_the_first_edit(tmp_path):
    history = opened(tmp_path / "edits")
    edit(history, 0, 10, 10)
    history.close()

    def gone():
        raise AssertionError("the model's file may be another by now")

    np.testing.assert_array_equal(EditHistory(tmp_path / "edits", gone, who="B").labels, history.labels)


def test_edited_and_deleted_cells_are_known_and_undone_ones_are_not(tmp_path):
    history = opened(tmp_path / "edits")
    history.apply("delete", delete(history.canvas, [2]))
    history.apply("grow", grow(history.canvas, 1, 1))
    history.apply("brush", paint(history.canvas, history.next_label, [(46, 60)], 1))
    assert history.edited_cells == {1, 7}
    np.testing.assert_array_equal(history.places_of_deleted(), model_result() == 2)
    assert history.next_label == 8
    history.undo()
    assert history.edited_cells == {1}
    assert history.next_label == 8, "a label that was used is never used again"
    assert [(e.kind, e.tool, e.cells) for e in history.entries] == [
        ("edit", "delete", (2,)),
        ("edit", "grow", (1,)),
        ("edit", "brush", (7,)),
        ("undo", "brush", ()),
    ]
    assert all(e.who == "Anna" and e.time.startswith("20") for e in history.entries)
    history.close()


def test_a_newer_result_comes_around_corrected_cells(tmp_path):
    history = opened(tmp_path / "edits")
    history.apply("delete", delete(history.canvas, [2]))
    history.apply("grow", grow(history.canvas, 1, 2))
    corrected = history.labels == 1
    newer = np.zeros(SHAPE, np.uint16)
    newer[5:19, 5:17] = 1  # what was corrected
    newer[5:19, 25:37] = 2  # what was deleted
    newer[26:40, 4:18] = 3
    newer[30:40, 50:60] = 9  # found only now
    newer[8:12, 18:24] = 4  # beside the corrected cell and a little over it
    take_newer(history, newer)
    np.testing.assert_array_equal(history.labels == 1, corrected)
    assert not history.labels[12:19, 25:37].any()
    assert history.canvas.cells == {1, 7, 8, 9}
    assert history.edited_cells == {1}
    np.testing.assert_array_equal(history.labels[26:40, 4:18], np.full((14, 14), history.labels[30, 10]))
    history.undo()
    assert history.canvas.cells == {1, 3, 4, 5, 6}
    history.close()


def test_versions_are_kept_and_gone_back_to(tmp_path):
    history = opened(tmp_path / "edits")
    edit(history, 4, 10, 10)
    first = history.labels.copy()
    history.name_version("after lunch")
    edit(history, 4, 10, 30)
    last = history.labels.copy()
    model, named = history.versions()
    assert (model, named.name, named.who) == (MODEL, "after lunch", "Anna")
    np.testing.assert_array_equal(history.labels_at(named), first)
    history.go_to(named)
    np.testing.assert_array_equal(history.labels, first)
    history.go_to(MODEL)
    np.testing.assert_array_equal(history.labels, model_result())
    history.undo()
    history.undo()
    np.testing.assert_array_equal(history.labels, last)
    history.close()


def test_a_line_without_an_end_is_dropped_and_the_next_edit_follows(tmp_path):
    history = opened(tmp_path / "edits")
    edit(history, 4, 10, 10)
    before = history.labels.copy()
    edit(history, 4, 10, 30)
    history._writer.close()
    path = tmp_path / "edits" / JOURNAL_NAME
    content = path.read_bytes()
    for cut in (1, 20, len(content) // 3):
        path.write_bytes(content[:-cut])
        again = opened(tmp_path / "edits")
        np.testing.assert_array_equal(again.labels, before)
        assert not again.problem
    edit(again, 4, 10, 50)
    again.close()
    np.testing.assert_array_equal(opened(tmp_path / "edits").labels, again.labels)


def test_damage_in_the_middle_is_told_and_what_stands_before_it_is_kept(tmp_path):
    history = opened(tmp_path / "edits")
    edit(history, 4, 10, 10)
    before = history.labels.copy()
    for column in (30, 50):
        edit(history, 4, 10, column)
    history.close()
    path = tmp_path / "edits" / JOURNAL_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([lines[0], lines[1].replace(b"Anna", b"Anne"), lines[2]])
    path.write_bytes(damaged)
    again = opened(tmp_path / "edits")
    assert "damaged after entry 1" in again.problem
    (aside,) = (tmp_path / "edits").glob("journal-damaged-*")
    assert aside.read_bytes() == damaged
    np.testing.assert_array_equal(again.labels, before)
    edit(again, 4, 40, 10)
    again.close()
    assert not opened(tmp_path / "edits").problem


def test_a_full_disk_is_told_and_the_labels_stay_as_they_were(tmp_path, monkeypatch):
    history = opened(tmp_path / "edits")
    edit(history, 4, 10, 10)
    before = history.labels.copy()

    def full(_entries):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(history._writer, "append", full)
        with pytest.raises(UserFacingError, match="was not made"):
            edit(history, 4, 10, 30)
        with pytest.raises(UserFacingError, match="No space"):
            history.undo()
    np.testing.assert_array_equal(history.labels, before)
    edit(history, 4, 10, 30)
    history.close()
    np.testing.assert_array_equal(opened(tmp_path / "edits").labels, history.labels)


def test_a_model_result_that_cannot_be_kept_is_told(tmp_path, monkeypatch):
    history = opened(tmp_path / "edits")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dinocell_app.editing.edit_history.write_labels", full)
        edit(history, 4, 10, 10)
        with pytest.raises(UserFacingError, match="could not be kept"):
            history.close()


def test_labels_beyond_sixteen_bits_are_kept(tmp_path):
    labels = model_result().astype(np.uint32) * 70_000
    history = EditHistory(tmp_path / "edits", lambda: labels, who="A")
    history.apply("delete", delete(history.canvas, [70_000]))
    history.close()
    again = opened(tmp_path / "edits")
    assert again.canvas.cells == {n * 70_000 for n in range(2, 7)}
    assert again.next_label == 420_001


WORKER = """
import sys
import numpy as np
sys.path[:0] = {path!r}
from test_edit_history import edit, opened
from pathlib import Path
history = opened(Path({folder!r}))
random = np.random.default_rng({seed})
while True:
    edit(history, int(random.integers(7)), int(random.integers(48)), int(random.integers(64)))
    if random.random() < 0.2:
        history.undo()
    print(len(history.entries), flush=True)
"""


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_any_moment_it_loses_at_most_the_last_stroke(tmp_path, seed):
    folder = tmp_path / "edits"
    program = WORKER.format(path=[os.path.dirname(__file__), *sys.path], folder=str(folder), seed=seed)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        said = 0
        for line in process.stdout:
            said = int(line)
            if said >= 15 + 7 * seed:
                break
        time.sleep(0.003 * seed)
        process.send_signal(signal.SIGKILL)
        said = max([said, *(int(line) for line in process.stdout.read().splitlines() if line)])
    history = opened(folder)
    assert not history.problem
    assert len(history.entries) >= said
    while history.undo():
        pass
    np.testing.assert_array_equal(history.labels, model_result())
    history.close()
