"""Lines between the processes: what is written is read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from dinocell_app.jobs.preview_messages import (
    CancelAsked,
    DecodingAsked,
    EngineReady,
    PreviewAsked,
    PreviewCancelled,
    Previewed,
    PreviewFailed,
    PreviewProgressed,
    PreviewRequest,
    message_from_line,
    message_to_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings

REQUEST = PreviewRequest(
    Path("/data/Zellen µ.tif"), 1, 2, "DAPI", (3, 4, 5, 6), SegmentSettings(formats=("labels",)), 0.5
)


@pytest.mark.parametrize(
    "message",
    [
        PreviewAsked(1, REQUEST),
        DecodingAsked(2, SegmentSettings(flow_threshold=0.4, min_size="20um2")),
        CancelAsked(),
        EngineReady(),
        PreviewProgressed(1, 2, 3),
        Previewed(1, "/tmp/1.npy", 7, None, "unknown", "cpu", 0.5, (0, 0, 2, 2)),
        Previewed(1, "/tmp/1.npy", 7, 20.5, "measured", "cpu", 0.5, None),
        PreviewFailed(1, "No.\nNo."),
        PreviewCancelled(1),
    ],
)
def test_messages_survive_the_line(message):
    line = message_to_line(message)
    assert "\n" not in line
    assert line.isascii()
    assert message_from_line(line.encode() + b"\n") == message


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"message": "Nonsense"}', '{"message": "PreviewProgressed"}']
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - the JSON reader's error is one too
        message_from_line(line)
