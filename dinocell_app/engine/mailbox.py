"""What waits to be done: the newest request of each kind, and whether the one in hand is still wanted."""

from __future__ import annotations

import threading

from dinocell_app.jobs.preview_messages import CancelAsked, DecodingAsked, Message, PreviewAsked, ScoresAsked

Request = PreviewAsked | DecodingAsked | ScoresAsked


class Mailbox:
    """Requests between the thread that reads them and the one that does them.

    A newer preview replaces everything before it but scores, a newer decoding the decoding before it, and
    newer scores the scores before them.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._preview: PreviewAsked | None = None
        self._decoding: DecodingAsked | None = None
        self._scoring: ScoresAsked | None = None
        self._in_hand: Request | None = None
        self._given_up = False
        self._closed = False

    def put(self, message: Message) -> list[int]:
        """Take in a message of the window.

        Returns
        -------
        list of int
            Numbers of the waiting requests that it replaces.
        """
        with self._changed:
            dropped: list[Request | None] = []
            if isinstance(message, PreviewAsked | CancelAsked):
                dropped = [self._preview, self._decoding]
                self._preview = message if isinstance(message, PreviewAsked) else None
                self._decoding = None
                if isinstance(message, CancelAsked):
                    dropped.append(self._scoring)
                    self._scoring = None
                self._given_up = self._in_hand is not None
            elif isinstance(message, DecodingAsked):
                dropped = [self._decoding]
                self._decoding = message
                if isinstance(self._in_hand, DecodingAsked):
                    self._given_up = True
            elif isinstance(message, ScoresAsked):
                dropped = [self._scoring]
                self._scoring = message
                if isinstance(self._in_hand, ScoresAsked):
                    self._given_up = True
            self._changed.notify_all()
            return [request.request for request in dropped if request is not None]

    def close(self) -> None:
        """Say that no message will come any more: nothing that waits or is in hand is wanted."""
        with self._changed:
            self._closed = True
            self._given_up = True
            self._changed.notify_all()

    def take(self) -> Request | None:
        """Wait for the next request; it is in hand until the next call.

        Returns
        -------
        PreviewAsked, DecodingAsked, ScoresAsked or None
            None when the mailbox is closed.
        """
        with self._changed:
            self._in_hand = None
            while not self._closed and not (self._preview or self._decoding or self._scoring):
                self._changed.wait()
            if self._closed:
                return None
            if self._preview is not None:
                self._in_hand, self._preview = self._preview, None
            elif self._decoding is not None:
                self._in_hand, self._decoding = self._decoding, None
            else:
                self._in_hand, self._scoring = self._scoring, None
            self._given_up = False
            return self._in_hand

    def given_up(self) -> bool:
        """Tell whether the request in hand is not wanted any more."""
        with self._changed:
            return self._given_up
