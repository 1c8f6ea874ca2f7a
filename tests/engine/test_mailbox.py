"""Which requests wait, which are replaced, and when the one in hand is given up."""

from __future__ import annotations

import threading
from pathlib import Path

from dinocell_app.engine.mailbox import Mailbox
from dinocell_app.jobs.preview_messages import (
    CancelAsked,
    DecodingAsked,
    PreviewAsked,
    PreviewRequest,
)
from dinocell_app.jobs.segment_settings import SegmentSettings


def preview(number: int) -> PreviewAsked:
    return PreviewAsked(number, PreviewRequest(Path("a.tif"), 0, 0, "grey", None, SegmentSettings()))


def decoding(number: int) -> DecodingAsked:
    return DecodingAsked(number, SegmentSettings())


def test_only_the_newest_decoding_is_done():
    mailbox = Mailbox()
    assert mailbox.put(decoding(1)) == []
    assert mailbox.put(decoding(2)) == [1]
    assert mailbox.take() == decoding(2)
    assert not mailbox.given_up()
    assert mailbox.put(decoding(3)) == []
    assert mailbox.given_up()
    assert mailbox.take() == decoding(3)


def test_a_newer_preview_replaces_what_waits_and_what_is_in_hand():
    mailbox = Mailbox()
    mailbox.put(preview(1))
    mailbox.take()
    mailbox.put(decoding(2))
    assert not mailbox.given_up()
    assert mailbox.put(preview(3)) == [2]
    assert mailbox.given_up()
    assert mailbox.take() == preview(3)
    assert not mailbox.given_up()


def test_a_decoding_waits_for_the_preview_before_it():
    mailbox = Mailbox()
    mailbox.put(preview(1))
    mailbox.put(decoding(2))
    assert [mailbox.take(), mailbox.take()] == [preview(1), decoding(2)]


def test_cancelling_empties_it():
    mailbox = Mailbox()
    mailbox.put(preview(1))
    mailbox.take()
    mailbox.put(decoding(2))
    assert mailbox.put(CancelAsked()) == [2]
    assert mailbox.given_up()
    mailbox.put(preview(3))
    assert mailbox.take() == preview(3)


def test_closing_ends_whoever_waits():
    mailbox, taken = Mailbox(), []
    waiting = threading.Thread(target=lambda: taken.append(mailbox.take()))
    waiting.start()
    mailbox.close()
    waiting.join(10)
    assert taken == [None]
    assert mailbox.given_up()
