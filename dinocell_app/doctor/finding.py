"""One line of the report."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, WARNING, PROBLEM = "good", "warning", "problem"
MARKS = {GOOD: "✓", WARNING: "⚠", PROBLEM: "✕"}
"""A shape for each state, so that no colour is needed."""


@dataclass(frozen=True)
class Finding:
    """Something that was looked at.

    Parameters
    ----------
    topic : str
        Such as "versions" or "self-test".
    state : str
        `GOOD`, `WARNING` or `PROBLEM`.
    remedy : str
        What to do; empty where nothing has to be done.
    """

    topic: str
    name: str
    value: str
    state: str = GOOD
    remedy: str = ""
