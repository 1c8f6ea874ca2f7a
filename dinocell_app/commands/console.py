"""The shell as a consumer of events: a progress bar on a terminal, lines otherwise, or JSON."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

from dinocell_app.base.plain_text import printable
from dinocell_app.jobs.events import (
    EpochFinished,
    Event,
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    InputLeftOut,
    JobFinished,
    JobStarted,
    Notice,
    ReferencesDoubted,
    ResultsLost,
    StepFinished,
    TilesPredicted,
    to_json_line,
)
from dinocell_app.references.likeness import unlike_sentence

EXIT_OK, EXIT_WRONG_USAGE, EXIT_SOME_FAILED, EXIT_STOPPED = 0, 2, 3, 130


class Interruption(AbstractContextManager["Interruption"]):
    """Ctrl+C as a polite request: the first one is remembered, the second one ends at once."""

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def should_stop(self) -> bool:
        """Tell whether the user asked to stop."""
        return self.requested

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        sys.stderr.write("\nStopping after the current step; press Ctrl+C again to stop at once.\n")


class Listener(Protocol):
    """Shows events."""

    def show(self, event: Event) -> None:
        """Show one event."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def follow(events: Iterable[Event], *, json_lines: bool, quiet: bool = False) -> int:
    """Consume the events of a job and show them.

    Parameters
    ----------
    json_lines : bool
        One JSON object a line on standard output.
    quiet : bool
        Show nothing, in processes of a distributed training but the first.

    Returns
    -------
    int
        Exit code.
    """
    listener: Listener = _listener(json_lines=json_lines, quiet=quiet)
    code = EXIT_OK
    try:
        for event in events:
            try:
                listener.show(event)
            except OSError:
                # Whoever read our output has gone, or its disk is full. The work matters more.
                turn_off_output()
                listener = _Silence()
            if isinstance(event, JobFinished):
                code = EXIT_STOPPED if event.stopped else EXIT_SOME_FAILED if event.n_failed else EXIT_OK
    finally:
        listener.close()
    return code


def say(text: str) -> None:
    """Print a last line, if anybody still reads."""
    try:
        print(text, flush=True)
    except OSError:
        turn_off_output()


def turn_off_output() -> None:
    """Send what is still printed nowhere, so that neither a later line nor the end of the program fails."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def duration(seconds: float) -> str:
    """Write a time for people.

    Returns
    -------
    str
        Such as "3.4 s", "2 min 05 s" or "1 h 12 min".
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun.

    Parameters
    ----------
    plural : str
        With "s" when left out.
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _listener(*, json_lines: bool, quiet: bool) -> Listener:
    if quiet:
        return _Silence()
    if json_lines:
        return _JsonLines()
    return _Bar() if sys.stderr.isatty() else _Lines(_to_stderr)


def _to_stderr(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)


class _Silence:
    def show(self, event: Event) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing is open."""


class _JsonLines:
    def show(self, event: Event) -> None:
        print(to_json_line(event), flush=True)

    def close(self) -> None:
        """Nothing is open."""


class _Lines:
    """One line for whatever a person may want to read later."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write
        self.total = 0
        self.done = 0

    def show(self, event: Event) -> None:
        """Write a line, if the event is worth one."""
        match event:
            case JobStarted():
                self.total = event.total
                self.write(f"{event.kind}: {counted(event.total, _unit(event.kind))} on {event.device}")
            case ResultsLost():
                self.write(describe(event))
            case ImageSegmented() | ImageSkipped() | ImageFailed():
                self.done += 1
                self.write(f"[{self.done}/{self.total}] {describe(event)}")
            case StepFinished() if event.step % 10 == 0:
                self.write(describe(event))
            case InputLeftOut() | ReferencesDoubted() | Notice() | EpochFinished() | JobFinished():
                self.write(describe(event))

    def close(self) -> None:
        """Nothing is open."""


def describe(event: Event) -> str:
    """Say in a line what happened.

    Returns
    -------
    str
        Empty for events that only move a progress bar.
    """
    match event:
        case ImageSegmented():
            return f"{event.image}: {counted(event.n_cells, 'cell')}, {duration(event.seconds)}"
        case ImageSkipped():
            return f"{event.image}: {counted(event.n_cells, 'cell')}, finished before"
        case ImageFailed():
            return f"{event.image}: failed: {event.reason}"
        case InputLeftOut():
            return f"left out: {event.path} ({event.reason})"
        case ReferencesDoubted():
            return f"{event.image}: warning: {unlike_sentence(event.likeness)}"
        case Notice():
            return event.message
        case StepFinished():
            return f"step {event.step} of {event.total}: loss {event.losses.get('total', float('nan')):.4f}"
        case EpochFinished():
            return _epoch(event)
        case JobFinished():
            failed = f", {event.n_failed} failed" if event.n_failed else ""
            verb = "Stopped" if event.stopped else "Finished"
            return f"{verb} after {duration(event.seconds)}: {event.n_finished} done{failed}"
    return ""


def _unit(kind: str) -> str:
    return "step" if kind in ("finetune", "adapt", "references") else "image"


class _Bar:
    """A bar with the remaining time; lines worth reading scroll above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("remaining", style="dim"),
            TimeRemainingColumn(),
            console=console,
        )
        self.progress.start()
        self.task = self.progress.add_task("starting", total=None)
        self.done = 0.0

    def show(self, event: Event) -> None:
        """Move the bar, and write a line for failures and notices."""
        match event:
            case JobStarted():
                self.done = event.finished
                self.progress.update(
                    self.task,
                    description=f"{event.kind} on {event.device}",
                    total=event.total,
                    completed=self.done,
                )
            case TilesPredicted():
                share = event.done / event.total
                # A measuring pass counts its own tiles first: the bar never goes back.
                current = self.progress.tasks[0].completed
                self.progress.update(
                    self.task,
                    description=printable(event.image),
                    completed=max(current, self.done + 0.95 * share),
                )
            case StepFinished():
                self.progress.update(self.task, description=describe(event), completed=event.step)
            case ResultsLost():
                self._line(describe(event))
            case ImageSegmented() | ImageSkipped() | ImageFailed():
                self.done += 1
                self.progress.update(self.task, completed=self.done)
                if isinstance(event, ImageFailed):
                    self._line(describe(event))
            case InputLeftOut() | ReferencesDoubted() | Notice() | EpochFinished() | JobFinished():
                self._line(describe(event))

    def close(self) -> None:
        """Stop drawing."""
        self.progress.stop()

    def _line(self, text: str) -> None:
        self.progress.console.print(printable(text), soft_wrap=True)


def _epoch(event: EpochFinished) -> str:
    held_out = event.validation
    parts = [f"loss {event.losses['total']:.4f}"] if "total" in event.losses else []
    parts += [f"held-out loss {held_out['total']:.4f}"] if "total" in held_out else []
    parts += [f"held-out AP {held_out['ap_0.5']:.3f}"] if "ap_0.5" in held_out else []
    which = f"epoch {event.epoch} of {event.total}" if event.epoch else "before the first step"
    return f"{which}: {', '.join((*parts, duration(event.seconds)))}"
