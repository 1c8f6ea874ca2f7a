"""The service between the lines: every request gets one answer, and the engine lives on."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.engine import serving
from dinocell_app.engine.serving import Service
from dinocell_app.jobs.preview_messages import (
    CancelAsked,
    DecodingAsked,
    EngineReady,
    PreviewAsked,
    PreviewCancelled,
    PreviewFailed,
    PreviewRequest,
    message_to_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings

PREVIEW = PreviewRequest(Path("a.tif"), 0, 0, "grey", None, SegmentSettings())


class Lines:
    """A pipe whose other end a test holds."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue()

    def say(self, message) -> None:
        self._lines.put(message if isinstance(message, bytes) else message_to_line(message).encode() + b"\n")

    def close(self) -> None:
        self._lines.put(None)

    def __iter__(self):
        return iter(self._lines.get, None)


class Endless:
    """Previews that go on until they are given up, and decodings that fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.started = threading.Event()

    def previewing(self, request):
        if self.error is not None:
            raise self.error
        while True:
            self.started.set()
            yield None

    def decode(self, choice):
        raise self.error or AssertionError("not asked for")


@pytest.fixture
def serve(tmp_path):
    """Start a service with stand-ins for previews; gives the pipe and what comes back."""
    running = []

    def start(previews):
        replies: queue.Queue = queue.Queue()
        lines = Lines()
        service = Service(replies.put, tmp_path)
        service._previews = previews
        thread = threading.Thread(target=service.serve, args=(lines,))
        thread.start()
        running.append((lines, thread))
        assert replies.get(timeout=10) == EngineReady()
        return lines, replies

    yield start
    for lines, thread in running:
        lines.close()
        thread.join(10)
        assert not thread.is_alive()


def test_a_newer_preview_ends_the_one_in_hand(serve):
    previews = Endless()
    lines, replies = serve(previews)
    lines.say(PreviewAsked(1, PREVIEW))
    assert previews.started.wait(10)
    previews.started.clear()
    lines.say(PreviewAsked(2, PREVIEW))
    assert replies.get(timeout=10) == PreviewCancelled(1)
    assert previews.started.wait(10)
    lines.say(DecodingAsked(3, SegmentSettings()))
    lines.say(CancelAsked())
    assert {replies.get(timeout=10), replies.get(timeout=10)} == {PreviewCancelled(2), PreviewCancelled(3)}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidParameterError("It is wrong", remedy="Mend it"), "It is wrong. Mend it."),
        (MemoryError(), "There is not enough memory for the preview. Preview a smaller region."),
        (ZeroDivisionError("by zero"), "a fault of the program (ZeroDivisionError: by zero)"),
    ],
)
def test_errors_are_sentences_and_the_next_request_is_answered(serve, error, said):
    lines, replies = serve(Endless(error))
    lines.say(b"nonsense\n")
    for number, ask in enumerate((PreviewAsked(0, PREVIEW), DecodingAsked(1, SegmentSettings()))):
        lines.say(ask)
        reply = replies.get(timeout=10)
        assert isinstance(reply, PreviewFailed)
        assert reply.request == number
        assert said in reply.sentence


def test_a_preview_in_hand_is_given_up_when_the_window_is_gone(serve):
    previews = Endless()
    lines, replies = serve(previews)
    lines.say(PreviewAsked(1, PREVIEW))
    assert previews.started.wait(10)
    lines.close()
    assert replies.get(timeout=10) == PreviewCancelled(1)


def test_work_that_cannot_be_given_up_does_not_keep_the_process(tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(serving, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(serving.os, "_exit", ended.append)
    folder = tmp_path / "arrays"
    folder.mkdir()
    service = Service(lambda message: None, folder)
    service._read([])
    assert ended == [1]
    assert not folder.exists()
