"""Order, judgements and undo of looking through cells, without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.tables.audit_drawing import AuditRequest, draw_audit, repeated
from dinocell_app.tables.cell_pass import CellPass
from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore
from dinocell_app.tables.review_column import add_review_column, note_judgement
from dinocell_app.tables.row_order import Arrangement, arranged_rows
from dinocell_app.tables.starting_points import starting_points

ROWS = np.array([4, 2, 7, 1], np.int32)


@pytest.fixture
def store() -> CellStore:
    sources = [CellSource(1, 11, "a.tif", shape=(20, 30)), CellSource(2, 12, "b.tif", shape=(20, 30))]
    numbers = {
        "label": [1, 2, 5, 1, 9],
        "area_px2": [50, 30, 40, 20, 60],
        "reference_score": [0.1, 0.52, 0.9, 0.45, 0.5],
        "bbox_y_min": [0, 4, 0, 0, 0],
        "bbox_y_max": [4, 9, 4, 4, 4],
        "bbox_x_min": [0, 0, 9, 0, 9],
        "bbox_x_max": [4, 4, 20, 4, 20],
    }
    columns = {name: CellColumn(np.array(values)) for name, values in numbers.items()}
    return CellStore(sources, np.array([0, 3, 5]), columns)


def test_the_next_cell_that_is_not_judged_comes_after_an_answer() -> None:
    run = CellPass(ROWS, {2: "keep", 100: "fix"})
    assert (run.current, run.n_judged) == (4, 1)
    run.judge("delete")
    assert (run.current, run.n_judged) == (7, 2)
    run.judge("fix", go_on=False)
    assert (run.current, run.said()) == (7, "fix")
    run.judge("keep")
    run.judge("keep")
    assert (run.current, run.n_judged) == (None, 4)


def test_undo_goes_back_through_every_answer() -> None:
    run = CellPass(ROWS, {2: "keep"})
    run.judge("delete")
    run.step(-1)
    run.judge("fix")
    assert run.judgements == {4: "delete", 2: "fix"}
    assert run.undo() == (2, "keep")
    assert (run.current, run.n_judged) == (2, 2)
    assert run.undo() == (4, "")
    assert run.judgements == {2: "keep"}
    assert run.undo() is None
    assert not run.can_undo


def test_another_order_keeps_judgements_and_undo_and_drops_cells_that_are_gone() -> None:
    run = CellPass(ROWS, {})
    run.judge("keep")
    run.judge("delete")
    further = run.rearranged(np.array([7, 14], np.int32), {14: "keep"}, {4: 14}.get)
    assert (further.current, further.n_judged) == (7, 1)
    assert further.undo() == (14, "")
    assert not further.can_undo


def test_steps_stay_within_the_list() -> None:
    run = CellPass(ROWS, {})
    run.step(-1)
    assert run.position == 0
    run.step(9)
    assert run.current is None
    assert run.show(7)
    assert not run.show(99)
    assert run.current == 7


def test_only_orders_that_cells_have_are_offered_and_near_means_near(store: CellStore) -> None:
    points = {point.title: point for point in starting_points(store.columns)}
    assert list(points) == [
        "Smallest",
        "Largest",
        "Lowest reference score",
        "Near the reference threshold",
        "As in the images",
    ]
    rows = arranged_rows(store, points["Near the reference threshold"].arrangement(Arrangement()))
    assert rows.tolist() == [4, 1, 3, 0, 2]
    kept = points["Smallest"].arrangement(Arrangement("area_px2 > 25"))
    assert arranged_rows(store, kept).tolist() == [1, 2, 0, 4]


def test_the_column_says_what_was_judged(store: CellStore) -> None:
    add_review_column(store, {(99, 1): "keep"})
    assert "review" not in store.columns
    assert not note_judgement(store, 0, "keep")
    add_review_column(store, {(12, 9): "fix", (11, 2): "delete", (11, 77): "keep"})
    assert [store.columns["review"].text(row) for row in range(5)] == ["", "delete", "", "", "fix"]
    assert note_judgement(store, 1, "")
    assert store.columns["review"].text(1) == ""


def test_an_audit_draws_cells_and_places_in_turns_and_again_for_a_second_person(
    store: CellStore, tmp_path: Path
) -> None:
    labels = np.zeros((20, 30), np.uint16)
    labels[:4, :4] = 1
    path = tmp_path / "a_labels.tif"
    tifffile.imwrite(path, labels)
    audit = draw_audit(AuditRequest("cells", 4, 6, 3, "Ada"), store, {11: path})
    kinds = [item.kind for item in audit.items]
    assert (kinds.count("cell"), kinds.count("place")) == (4, 6)
    assert kinds[:3].count("cell") >= 1
    assert all(
        item.result_id == 11 and labels[item.row, item.column] == 0 for item in audit.items if not item.label
    )
    assert (audit.ground.n_cells, audit.ground.cell_area_px) == (5, 200.0)
    assert audit.ground.empty_area_px == 600 - 120  # the other image has no labels to look at
    assert repeated(audit, "Ben").items == audit.items
