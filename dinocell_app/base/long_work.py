"""Long work: a generator that yields events and returns its result."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Event = TypeVar("Event")
Result = TypeVar("Result")


class LongWork(Generic[Event, Result]):
    """Iterate over the events of a generator and keep what it returns.

    Attributes
    ----------
    result : object
        What the generator returned; there only after the last event.
    """

    result: Result

    def __init__(self, steps: Generator[Event, None, Result]) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[Event]:
        """Yield the events; closing this iterator closes the work."""
        self.result = yield from self._steps

    def close(self) -> None:
        """Give the work up; its result will never be there."""
        self._steps.close()


def result_of(steps: Generator[object, None, Result]) -> Result:
    """Do the work to its end without looking at its events."""
    work = LongWork(steps)
    for _ in work:
        pass
    return work.result
