"""Estimates of an audit against formulas, and how often their intervals hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dinocell_app.review.agreement import agreement, kappa_of_counts
from dinocell_app.review.audit_result import AuditResult
from dinocell_app.review.intervals import wilson
from dinocell_app.review.recall import Ground, estimate_recall
from dinocell_app.review.sampling import Draw, draw_cells, draw_places, place_in
from dinocell_app.review.verdicts import AuditCounts, count_verdicts

GROUND = Ground(1000, 200_000.0, 800_000.0)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 7), (47, 50), (50, 50)])
def test_wilson_is_where_the_score_test_turns(right: int, n: int) -> None:
    found = wilson(right, n)
    for end, open_end in ((found.low, right > 0), (found.high, right < n)):
        if open_end:
            score = (right / n - end) / math.sqrt(end * (1 - end) / n)
            assert abs(score) == pytest.approx(stats.norm.ppf(0.975))
    assert found.low <= right / n <= found.high


def test_nothing_judged_is_unknown() -> None:
    assert not wilson(0, 0).is_known
    assert not estimate_recall(AuditCounts(right=5), GROUND).is_known
    assert not estimate_recall(AuditCounts(empty=5), GROUND).is_known
    assert not estimate_recall(AuditCounts(wrong=5, empty=5), GROUND).is_known


def test_recall_is_the_share_of_found_cells() -> None:
    counts = AuditCounts(right=80, split=10, merged=5, wrong=5, empty=95, missed=5)
    missed = 0.05 * 800_000 / 200  # area of missed cells over the mean area of a cell
    assert estimate_recall(counts, GROUND).value == pytest.approx(800 / (800 + 100 / 2 + 50 * 2 + missed))


def test_interval_of_recall_is_that_of_the_places_when_cells_leave_no_doubt() -> None:
    found = estimate_recall(AuditCounts(right=10**9, empty=90, missed=10), GROUND)
    low, high = stats.beta.ppf([0.025, 0.975], 10.5, 90.5)
    assert found.low == pytest.approx(1 / (1 + 4 * high), abs=0.005)
    assert found.high == pytest.approx(1 / (1 + 4 * low), abs=0.005)


def test_recall_at_the_ends() -> None:
    nothing_missed = estimate_recall(AuditCounts(right=50, empty=50), GROUND)
    assert (nothing_missed.value, nothing_missed.high) == (1.0, 1.0)
    assert 0.7 < nothing_missed.low < 1
    nothing_found = estimate_recall(AuditCounts(wrong=50, empty=40, missed=10), GROUND)
    assert (nothing_found.value, nothing_found.low) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("shares", "missed"),
    [((0.94, 0.02, 0.02, 0.02), 0.02), ((0.7, 0.1, 0.1, 0.1), 0.1), ((0.85, 0.05, 0.0, 0.1), 0.05)],
)
def test_intervals_hold_the_truth_about_95_times_in_100(
    shares: tuple[float, float, float, float], missed: float
) -> None:
    random = np.random.default_rng(7)
    n = 100
    precision = shares[0]
    recall = shares[0] / (shares[0] + shares[1] / 2 + shares[2] * 2 + missed * GROUND.cells_that_fit)
    held = np.zeros(2)
    trials = 200
    for cells, places in zip(
        random.multinomial(n, shares, trials), random.binomial(n, missed, trials), strict=True
    ):
        right, split, merged, wrong = (int(number) for number in cells)
        counts = AuditCounts(right, wrong, split, merged, n - int(places), int(places))
        result = AuditResult(counts, GROUND, 0)
        held += [
            result.precision.low <= precision <= result.precision.high,
            result.recall.low <= recall <= result.recall.high,
        ]
    assert np.all(held / trials >= 0.91), held / trials
    assert np.all(held / trials <= 0.995), held / trials


def test_recall_from_pictures_with_missed_cells_is_near_the_truth() -> None:
    """Sixty discs, every fourth without a mask: the whole chain from labels to recall."""
    truth = np.zeros((400, 640), np.int32)
    rows, columns = np.mgrid[:400, :640]
    for number in range(60):
        row, column = 40 + 64 * (number // 10), 32 + 64 * (number % 10)
        truth[(rows - row) ** 2 + (columns - column) ** 2 <= 15**2] = number + 1
    found = np.where(truth % 4 == 0, 0, truth)
    ids = [int(label) for label in np.unique(found) if label]
    ground = Ground(len(ids), float((found > 0).sum()), float((found == 0).sum()))
    missed = sum(
        truth[place] > 0
        for draw in draw_places([ground.empty_area_px], 2000, 3)
        if (place := place_in(found, 3, draw)) is not None
    )
    recall = estimate_recall(AuditCounts(right=50, empty=2000 - missed, missed=missed), ground)
    assert recall.value == pytest.approx(len(ids) / 60, abs=0.03)


def test_every_cell_is_drawn_as_often_as_any_other() -> None:
    numbers = [1, 0, 40, 3, 6]
    drawn = np.zeros((5, 40))
    for seed in range(2000):
        for draw in draw_cells(numbers, 10, seed):
            drawn[draw.source, draw.index] += 1
    rates = [drawn[source, index] / 2000 for source, n in enumerate(numbers) for index in range(n)]
    assert np.allclose(rates, 0.2, atol=0.05)
    assert drawn.sum() == 20_000


def test_cells_are_drawn_once_the_same_by_seed_and_all_when_few() -> None:
    drawn = draw_cells([10, 20], 15, 4)
    assert drawn == draw_cells([10, 20], 15, 4) != draw_cells([10, 20], 15, 5)
    assert len(set(drawn)) == 15
    assert sum(draw.source == 0 for draw in drawn) == 5
    assert len(set(draw_cells([2, 1], 50, 0))) == 3
    assert draw_cells([], 5, 0) == draw_cells([0, 0], 5, 0) == draw_places([0.0], 5, 0) == []


def test_places_are_outside_cells_everywhere_and_none_where_cells_cover_all() -> None:
    labels = np.ones((30, 40), np.int32)
    labels[3, 4] = labels[20:22, 10:30] = 0
    places = [place_in(labels, 0, Draw(0, index)) for index in range(400)]
    assert all(place is not None and labels[place] == 0 for place in places)
    assert len(set(places)) > 30
    assert place_in(labels, 9, Draw(0, 2)) == place_in(labels, 9, Draw(0, 2))
    assert place_in(np.ones((5, 5), np.int32), 0, Draw(0, 0)) is None


def test_kappa_is_agreement_beyond_chance() -> None:
    first = {n: "right" if n < 25 else "wrong" for n in range(50)}
    second = {n: "right" if n < 20 or 25 <= n < 35 else "wrong" for n in range(50)}
    found = agreement(first, second)  # the table 20, 5, 10, 15
    assert (found.n, found.share) == (50, pytest.approx(0.7))
    assert found.kappa == pytest.approx(0.4)
    assert "70%" in found.sentence()
    assert math.isnan(agreement({1: "right"}, {1: "right"}).kappa)
    assert agreement({1: "right", 2: ""}, {2: "wrong"}).n == 0


def test_result_reads_as_people_say_it() -> None:
    counts = count_verdicts(["right"] * 47 + ["wrong"] * 2 + ["merged"] + ["", "empty", "empty"])
    result = AuditResult(counts, GROUND, 12, "Ada")
    assert result.sentences().startswith(
        "Of 50 cells shown 47 were right: precision 0.94 (95 % interval 0.84 to 0.98). "
        "Of 2 empty places shown 0 lay in a missed cell: recall 0.96"
    )
    assert "47 of 50 random cells of 1000 were right (2 wrong, 1 merged)" in result.methods_sentence()
    assert "random seed 12" in result.methods_sentence()
    assert result.to_record()["precision"]["value"] == 0.94
    assert AuditResult(AuditCounts(), GROUND, 1).sentences() == ""


def test_kappa_of_counts_is_that_of_a_case_done_by_hand() -> None:
    # Mean squared difference 1/3; over all nine pairs (0+1+4 + 1+0+1 + 9+4+1) / 9 = 21/9.
    assert kappa_of_counts([1, 2, 4], [1, 2, 3]) == pytest.approx(1 - (1 / 3) / (21 / 9))
    assert kappa_of_counts([3, 9, 27], [3, 9, 27]) == 1
    assert kappa_of_counts([0, 10], [10, 0]) == -1
    assert math.isnan(kappa_of_counts([], []))
    assert math.isnan(kappa_of_counts([5, 5], [5, 5]))
    with pytest.raises(ValueError, match="shorter"):
        kappa_of_counts([1, 2], [1])
