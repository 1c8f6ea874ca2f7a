"""Limits as they are typed, and what they say about images."""

from __future__ import annotations

import pytest

from dinocell_app.assays.limits import Limit, judge_images, parse_limit
from dinocell_app.base.errors import InvalidParameterError


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("n_cells >= 20", 20, None),
        ("n_cells<=5e3", None, 5000),
        ("20 <= n_cells <= 400", 20, 400),
        ("0.1<confluency<0.9", 0.1, 0.9),
        ("3 <= n_cells", 3, None),
    ],
)
def test_limits_are_read_and_written(text, least, most):
    limit = parse_limit(text)
    assert (limit.at_least, limit.at_most) == (least, most)
    assert parse_limit(str(limit)) == limit


@pytest.mark.parametrize(
    "text", ["", "n_cells", "n_cells >= many", ">= 3", "5 <= n_cells <= 3", "3 <= n >= 2", "a b <= 3"]
)
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(InvalidParameterError, match="no limit"):
        parse_limit(text)


def test_images_pass_fail_or_are_looked_at():
    limits = (parse_limit("n_cells >= 10"), parse_limit("confluency <= 0.9", "look"))
    rows = [
        {"image": "good", "status": "done", "n_cells": "12", "confluency": "0.5"},
        {"image": "full", "status": "done", "n_cells": "12", "confluency": "0.95"},
        {"image": "few", "status": "done", "n_cells": "3", "confluency": "0.95"},
        {"image": "unknown", "status": "done", "n_cells": "", "confluency": "0.5"},
        {"image": "broken", "status": "failed", "reason": "It is cut off."},
    ]
    judged = {each.image: (each.verdict, each.reasons) for each in judge_images(rows, limits)}
    assert {name: verdict for name, (verdict, _) in judged.items()} == {
        "good": "pass",
        "full": "look",
        "few": "fail",
        "unknown": "look",
        "broken": "fail",
    }
    assert judged["few"][1] == ("n_cells is 3, below 10", "confluency is 0.95, above 0.9")
    assert judged["unknown"][1] == ("n_cells is not known",)
    assert judged["broken"][1] == ("It is cut off.",)


def test_bounds_belong_to_the_range():
    assert not Limit(column="n", at_least=3, at_most=3).problem({"n": 3})
