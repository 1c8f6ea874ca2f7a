"""Judgements, audits and regions in the project file."""

from __future__ import annotations

import pytest

from dinocell_app.project.audits import AuditItem, AuditRecord
from dinocell_app.project.project import Project
from dinocell_app.project.records import NewResult, ResultRecord
from dinocell_app.regions.region import Region
from dinocell_app.review.agreement import agreement
from dinocell_app.review.recall import Ground


@pytest.fixture
def result(filled: Project) -> ResultRecord:
    return filled.results.record(NewResult(1, "cells", n_cells=5))


def _audit(result: ResultRecord, set_name: str = "cells") -> AuditRecord:
    items = (
        AuditItem(0, "cell", result.id, 3, 4, 5),
        AuditItem(1, "place", result.id, 0, 7, 8),
        AuditItem(2, "cell", result.id, 1, 9, 9),
    )
    return AuditRecord(0, set_name, "Ada", 11, Ground(5, 100.0, 500.0), "", items)


def test_judgements_are_kept_changed_and_taken_back(filled: Project, result: ResultRecord) -> None:
    filled.judgements.set({(result.id, 1): "keep", (result.id, 4): "fix"}, "Ada")
    filled.judgements.set({(result.id, 1): "delete"})
    assert filled.judgements.of_result(result.id) == {1: "delete", 4: "fix"}
    filled.judgements.set({(result.id, 1): ""})
    assert filled.judgements.all() == {(result.id, 4): "fix"}


def test_judgements_go_with_a_result_that_is_replaced(filled: Project, result: ResultRecord) -> None:
    filled.judgements.set({(result.id, 1): "keep"})
    filled.results.record(NewResult(1, "cells", n_cells=6))
    assert filled.judgements.all() == {}


def test_an_audit_keeps_order_verdicts_seed_and_what_it_drew_from(
    filled: Project, result: ResultRecord
) -> None:
    audit = filled.audits.start(_audit(result))
    filled.audits.judge(audit.id, 0, "right")
    filled.audits.judge(audit.id, 1, "missed")
    filled.audits.judge(audit.id, 1, "empty")
    read = filled.audits.of_set("cells")[0]
    assert (read.seed, read.reviewer, read.ground) == (11, "Ada", Ground(5, 100.0, 500.0))
    assert [(item.label, item.row, item.verdict) for item in read.items] == [
        (3, 4, "right"),
        (0, 7, "empty"),
        (1, 9, ""),
    ]
    assert (read.n_judged, read.is_current) == (2, True)
    assert (read.result.counts.right, read.result.counts.empty) == (1, 1)
    filled.audits.remove(audit.id)
    with pytest.raises(KeyError):
        filled.audits.get(audit.id)


def test_an_audit_says_nothing_of_results_that_came_after_it(filled: Project, result: ResultRecord) -> None:
    audit = filled.audits.start(_audit(result, set_name=""))
    assert filled.audits.about_results("cells") == []  # nothing was judged
    filled.audits.judge(audit.id, 0, "right")
    assert [found.id for found in filled.audits.about_results("cells")] == [audit.id]
    assert filled.audits.about_results("other") == []
    filled.results.record(NewResult(1, "cells", n_cells=6))
    assert filled.audits.about_results("cells") == []
    assert not filled.audits.get(audit.id).is_current


def test_two_reviewers_of_the_same_seed_are_compared(filled: Project, result: ResultRecord) -> None:
    first, second = (filled.audits.start(_audit(result)) for _ in range(2))
    for audit, verdicts in ((first, ("right", "empty", "right")), (second, ("right", "empty", "wrong"))):
        for position, verdict in enumerate(verdicts):
            filled.audits.judge(audit.id, position, verdict)
    one, other = (filled.audits.get(audit.id).verdicts() for audit in (first, second))
    assert agreement(one, other).n == 3
    assert agreement(one, other).share == pytest.approx(2 / 3)


def test_regions_are_replaced_as_a_whole_and_go_with_their_image(filled: Project) -> None:
    wound = Region("wound", ((0.5, 1.0), (9.0, 1.0), (9.0, 7.25)), "exclude", "#aa3377")
    edge = Region("edge; left", ((0.0, 0.0), (2.0, 0.0), (2.0, 9.0), (0.0, 9.0)))
    filled.regions.put_all({1: [wound, edge], 2: [edge]})
    filled.regions.put(2, [])
    assert filled.regions.of_image(1) == (wound, edge)
    assert filled.regions.all() == {1: (wound, edge)}
    filled.images.remove([1])
    assert filled.regions.all() == {}
