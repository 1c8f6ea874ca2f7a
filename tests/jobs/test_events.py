"""Events survive their JSON-lines form."""

import json

import pytest

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.jobs.events import (
    EVENTS,
    EpochFinished,
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobFinished,
    PlaneFound,
    SamplePredicted,
    StepFinished,
    from_json_line,
    to_json_line,
)


@pytest.mark.parametrize(
    "event",
    [
        ImageSegmented("a/b.tif", 12, 0.5, (PlaneFound(PlaneAddress(0, 0), 12, ("a/b_labels.tif",)),)),
        ImageSkipped(
            "s", 3, (PlaneFound(PlaneAddress(1, None, 2, "_s002_t0001"), 3, ("s_s002_t0001.csv",)),)
        ),
        ImageFailed("µ.png", "µ.png: The file is cut short.", "µ.png"),
        EpochFinished(1, 2, {"total": 0.5}, {"total": 0.25}, 3.0),
        SamplePredicted(0, "p 1.tif", 3, 4, "samples/a.png", "samples/a.tif", "samples/b.png"),
        JobFinished(3, 1, 2.0, outputs=("cells.csv",)),
    ],
)
def test_events_come_back(event):
    line = to_json_line(event)
    assert "\n" not in line
    assert from_json_line(line) == event


def test_losses_that_are_not_finite_become_null():
    line = to_json_line(StepFinished(1, 2, {"total": float("nan"), "flow_y": float("inf")}, 1e-3))
    assert json.loads(line)["losses"] == {"total": None, "flow_y": None}


def test_every_event_is_named_after_what_happened():
    assert all(name.endswith(("ed", "Lost", "Notice", "Out")) for name in EVENTS)


@pytest.mark.parametrize("line", ['{"event": "Unheard"}', '{"event": "Notice", "colour": 1}', "{}"])
def test_foreign_lines_are_refused(line):
    with pytest.raises(ValueError, match="event"):
        from_json_line(line)
