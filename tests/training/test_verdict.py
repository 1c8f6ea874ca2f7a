"""Verdicts on models of which the truth is known: by hand, by chance and by equal models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.datasets import LabelledPair, labelled_pairs
from dinocell_training.evaluation import evaluate_labels
from dinocell_training.verdict import VERDICT_NAME, Verdict, judge
from dinocell_training.verdict_interval import Interval, PairedUnits, interval_of, pair_units
from dinocell_training.verdict_words import outcome_of, sentence_of
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.jobs.events import Notice
from dinocell_app.model.model_folder import load_model

SPACING = 16


def cells(n: int, found: int | None = None, wrong: int = 0) -> np.ndarray:
    """A row of square cells of which some are found, and some where there is none."""
    labels = np.zeros((40, SPACING * max(n, wrong, 1)), np.int32)
    for cell in range(n if found is None else found):
        labels[2:12, cell * SPACING + 2 : cell * SPACING + 12] = cell + 1
    for cell in range(wrong):
        labels[22:32, cell * SPACING + 2 : cell * SPACING + 12] = 1000 + cell
    return labels


def units(n: int, base: tuple[int, int], new: tuple[int, int]) -> PairedUnits:
    shape = cells(max(n, base[1], new[1], 1)).shape
    true, before, after = (
        np.pad(each, ((0, 0), (0, shape[1] - each.shape[1])))
        for each in (cells(n), cells(n, *base), cells(n, *new))
    )
    return pair_units(before, after, true, None, 0.5)


def test_units_count_what_the_scores_count() -> None:
    made = units(10, (7, 3), (9, 1))
    once = np.ones((1, len(made)), np.int64)
    true = cells(10)
    expected = evaluate_labels(cells(10, 9, 1), true).ap[0.5] - evaluate_labels(cells(10, 7, 3), true).ap[0.5]
    assert made.difference(once)[0] == pytest.approx(expected)
    assert expected == pytest.approx(9 / 11 - 7 / 13)


@settings(max_examples=30)
@given(
    st.integers(0, 12).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.tuples(st.integers(0, n), st.integers(0, 5)),
            st.tuples(st.integers(0, n), st.integers(0, 5)),
        )
    )
)
def test_the_difference_is_the_difference_of_the_scores(
    case: tuple[int, tuple[int, int], tuple[int, int]],
) -> None:
    n, base, new = case
    made = units(n, base, new)
    width = max(n, base[1], new[1], 1) * SPACING
    true, before, after = (
        np.pad(each, ((0, 0), (0, width - each.shape[1])))
        for each in (cells(n), cells(n, *base), cells(n, *new))
    )
    expected = evaluate_labels(after, true).ap[0.5] - evaluate_labels(before, true).ap[0.5]
    assert made.difference(np.ones((1, len(made)), np.int64))[0] == pytest.approx(expected)


def test_equal_models_differ_by_nothing_for_sure() -> None:
    interval = interval_of([units(20, (15, 4), (15, 4))] * 4)
    assert interval == Interval(0.0, 0.0, 0.0)
    assert outcome_of(interval, 4) == "not better"


def test_much_better_on_several_pictures_is_better() -> None:
    interval = interval_of(
        [units(40, (15, 6), (36, 2)), units(30, (12, 2), (28, 3)), units(50, (20, 9), (47, 0))]
    )
    assert interval.low > 0.3
    assert outcome_of(interval, 3) == "better"


@pytest.mark.parametrize("n_images", [1, 2])
def test_one_or_two_pictures_never_decide(n_images: int) -> None:
    for interval in (Interval(0.4, 0.3, 0.5), Interval(-0.4, -0.5, -0.3), Interval(0, 0, 0)):
        assert outcome_of(interval, n_images) == "cannot tell"
        words = sentence_of("cannot tell", interval, (0.5, 0.9), (n_images, 800))
        assert "cannot show how it does on others, 3 are needed at least" in words
        assert "95 %" not in words


def test_a_cell_more_in_ten_may_be_chance() -> None:
    interval = interval_of([units(10, (7, 1), (8, 1))] * 3)
    assert interval.low <= 0 < interval.high
    assert outcome_of(interval, 3) == "cannot tell"


def test_pictures_that_disagree_widen_the_interval() -> None:
    agreeing = interval_of([units(100, (50, 0), (60, 0))] * 4)
    split = interval_of([units(100, (50, 0), (90, 0)), units(100, (50, 0), (30, 0))] * 2)
    assert agreeing.difference == pytest.approx(split.difference)
    assert agreeing.low > 0 > split.low


def test_the_interval_is_that_of_the_binomial_where_that_is_known() -> None:
    # A base that finds nothing, and a new model that finds half of 400 cells and nothing wrong.
    interval = interval_of([units(400, (0, 0), (200, 0))])
    half_width = 1.96 * np.sqrt(0.5 * 0.5 / 400)
    assert interval.low == pytest.approx(0.5 - half_width, abs=0.01)
    assert interval.high == pytest.approx(0.5 + half_width, abs=0.01)


def test_worse_and_trifling_are_not_better() -> None:
    assert outcome_of(Interval(-0.2, -0.3, -0.1), 4) == "not better"
    assert outcome_of(Interval(0.01, 0.005, 0.015), 4) == "not better"
    assert outcome_of(Interval(0.0, -0.01, 0.01), 4) == "not better"
    assert outcome_of(Interval(0.05, -0.01, 0.11), 4) == "cannot tell"


def test_sentences_say_counts_scores_and_doubt() -> None:
    better = sentence_of("better", Interval(0.2, 0.1, 0.3), (0.5, 0.7), (4, 1200))
    assert better == (
        "Better. On 4 held-out images with 1,200 cells the new model scores 0.70 and the base model 0.50 "
        "(AP at IoU 0.5); the difference of +0.20 lies between +0.10 and +0.30 with 95 % confidence."
    )
    assert "may be chance" in sentence_of("cannot tell", Interval(0.1, -0.1, 0.3), (0.5, 0.6), (4, 12))
    assert "the base model is better" in sentence_of(
        "not better", Interval(-0.2, -0.3, -0.1), (0.5, 0.3), (4, 9)
    )
    assert "no improvement worth" in sentence_of("not better", Interval(0, 0, 0), (0.5, 0.5), (4, 9))
    one = sentence_of("cannot tell", Interval(0.2, 0.1, 0.3), (0.5, 0.7), (1, 1))
    assert "On 1 held-out image with 1 cell " in one


@pytest.fixture
def pairs(tmp_path: Path) -> list[LabelledPair]:
    rows, columns = np.mgrid[:64, :64]
    picture = (100 + 90 * np.sin((rows + 3) / 6) * np.sin(columns / 6)).astype(np.uint8)
    labels = np.zeros((64, 64), np.uint16)
    labels[4:12, 4:14], labels[40:50, 30:44] = 1, 2
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / f"{name}.tif", picture)
        tifffile.imwrite(tmp_path / f"{name}_masks.tif", labels)
    return list(labelled_pairs(tmp_path).pairs)


def run(steps) -> tuple[list, Verdict | None]:
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


def test_a_model_judged_against_itself_is_written_and_read_back(
    tiny_model: Path, pairs: list[LabelledPair], tmp_path: Path
) -> None:
    model = load_model(tiny_model, "cpu")
    events, verdict = run(judge(model, model, pairs, tmp_path / "run"))
    assert verdict is not None
    assert (verdict.outcome, verdict.difference, verdict.n_images) == ("cannot tell", 0.0, 2)
    assert verdict.n_cells == 4
    assert isinstance(events[-1], Notice)
    assert events[-1].message == verdict.sentence
    assert Verdict.read(tmp_path / "run") == verdict
    for picture in verdict.images:
        base, new = (
            tifffile.imread(tmp_path / "run" / name) for name in (picture.base_labels, picture.new_labels)
        )
        assert np.array_equal(base, new)
        assert (tmp_path / "run" / picture.true_picture).is_file()
        assert picture.base == picture.new


def test_nothing_held_out_gives_no_verdict(tiny_model: Path, tmp_path: Path) -> None:
    model = load_model(tiny_model, "cpu")
    assert run(judge(model, model, [], tmp_path)) == ([], None)
    assert Verdict.read(tmp_path) is None


def test_a_damaged_verdict_is_a_sentence(tmp_path: Path) -> None:
    for content in ("{", "[]", '{"images": 3}', '{"images": [{}]}'):
        (tmp_path / VERDICT_NAME).write_text(content)
        with pytest.raises(UnreadableFileError, match="verdict"):
            Verdict.read(tmp_path)
