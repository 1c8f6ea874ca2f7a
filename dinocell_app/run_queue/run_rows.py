"""What the queue says about a run, and what can be done with it: plain facts without widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dinocell_app.run_queue.durations import remaining_text, speed_text
from dinocell_app.segmentation_plan.image_choices import device_name

if TYPE_CHECKING:
    from dinocell_app.project.records import RunRecord
    from dinocell_app.run_queue.progress import RunProgress


class RunAction(Enum):
    """Something that can be done with a run."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CANCEL = "cancel"
    MOVE_UP = "move up"
    MOVE_DOWN = "move down"
    RETRY = "retry"
    REMOVE = "remove"


STATE_TEXTS = {
    "queued": "… Waiting",
    "running": "▶ Running",
    "paused": "Ⅱ Paused",
    "finished": "✓ Finished",
    "stopped": "■ Stopped",
    "failed": "✕ Failed",
    "interrupted": "! Interrupted",
}
"""States with a shape in front, so that none is told by colour alone."""

_ACTIVE = ("running", "paused")
_ENDED = ("finished", "stopped", "failed", "interrupted")


@dataclass(frozen=True)
class RunRow:
    """A run as a row of the queue.

    Parameters
    ----------
    state : str
        Of `STATE_TEXTS`.
    done, failed, total : int
        Images; those that failed are not in `done`.
    tile_fraction : float
        Share of the current image, 0 to 1.
    reason : str
        Why the run as a whole failed.
    """

    id: int
    name: str
    state: str
    done: int = 0
    failed: int = 0
    total: int = 0
    current_image: str = ""
    tile_fraction: float = 0.0
    n_cells: int = 0
    seconds_per_image: float | None = None
    remaining_seconds: float | None = None
    device: str = ""
    reason: str = ""
    is_training: bool = False

    @property
    def state_text(self) -> str:
        """State in a word, with a shape."""
        text = STATE_TEXTS.get(self.state, self.state)
        return f"{text}, {self.failed} failed" if self.state == "finished" and self.failed else text

    @property
    def fraction(self) -> float:
        """Share that is done, 0 to 1."""
        if not self.total:
            return 1.0 if self.state == "finished" else 0.0
        within = self.tile_fraction if self.state in _ACTIVE else 0.0
        return min((self.done + self.failed + within) / self.total, 1.0)

    @property
    def progress_text(self) -> str:
        """How many images are done, or how many steps of a training are taken."""
        if self.is_training:
            return f"step {self.done:,} of {self.total:,}" if self.total else ""
        text = f"{self.done + self.failed:,} of {self.total:,}"
        return f"{text}, {self.failed:,} failed" if self.failed else text

    @property
    def remaining_text(self) -> str:
        """How long it still takes."""
        return remaining_text(self.remaining_seconds) if self.state in _ACTIVE else ""

    @property
    def speed_text(self) -> str:
        """How fast images are done, and on what."""
        speed = "" if self.is_training else speed_text(self.seconds_per_image)
        parts = [speed, device_name(self.device) if self.device else ""]
        return " on ".join(part for part in parts if part)


def run_row(record: RunRecord, progress: RunProgress | None) -> RunRow:
    """Put together what is known about a run.

    Parameters
    ----------
    progress : RunProgress or None
        None before anything was followed.
    """
    if progress is None:
        done = record.n_finished
        return RunRow(
            record.id,
            record.name,
            record.state,
            done,
            record.n_failed,
            record.total,
            is_training=record.is_training,
        )
    tiles = progress.tile_total
    return RunRow(
        id=record.id,
        name=record.name,
        state=progress.state or record.state,
        done=progress.done,
        failed=progress.failed,
        total=progress.total or record.total or len(record.image_ids),
        current_image=progress.current_image,
        tile_fraction=progress.tile_done / tiles if tiles else 0.0,
        n_cells=progress.n_cells,
        seconds_per_image=progress.seconds_per_image,
        remaining_seconds=progress.remaining_seconds,
        device=progress.device,
        reason=progress.reason,
        is_training=record.is_training,
    )


def ordered(rows: Sequence[RunRow], positions: dict[int, int]) -> list[RunRow]:
    """Put runs in the order in which people look for them.

    Parameters
    ----------
    positions : dict of int to int
        Place of each run in the queue, by its id.

    Returns
    -------
    list of RunRow
        What is being done, what waits in the order it will be done, what has ended with the newest first.
    """

    def key(row: RunRow) -> tuple[int, int]:
        if row.state in _ACTIVE:
            return 0, positions.get(row.id, 0)
        if row.state == "queued":
            return 1, positions.get(row.id, 0)
        return 2, -row.id

    return sorted(rows, key=key)


def possible_actions(row: RunRow, waiting: Sequence[int]) -> frozenset[RunAction]:
    """List what can be done with a run.

    Parameters
    ----------
    waiting : sequence of int
        Ids of the runs that wait, in their order.
    """
    actions = set()
    if row.state == "running":
        actions = {RunAction.PAUSE, RunAction.STOP, RunAction.CANCEL}
    elif row.state == "paused":
        actions = {RunAction.RESUME, RunAction.STOP, RunAction.CANCEL}
    elif row.state == "queued":
        actions = {RunAction.CANCEL}
        if row.id in waiting[1:]:
            actions.add(RunAction.MOVE_UP)
        if row.id in waiting[:-1]:
            actions.add(RunAction.MOVE_DOWN)
    elif row.state in ("stopped", "interrupted", "failed"):
        actions = {RunAction.RESUME}
    if row.is_training:
        actions.discard(RunAction.STOP)
    elif row.failed and row.state in _ENDED:
        actions.add(RunAction.RETRY)
    if row.state in _ENDED:
        actions.add(RunAction.REMOVE)
    return frozenset(actions)


def moved(waiting: Sequence[int], run_id: int, by: int) -> list[int]:
    """Move a waiting run.

    Parameters
    ----------
    by : int
        -1 towards the front, 1 towards the end.
    """
    order = list(waiting)
    place = order.index(run_id)
    order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
    return order


def queue_sentence(rows: Sequence[RunRow]) -> str:
    """Say in a few words what the queue is doing.

    Returns
    -------
    str
        Empty when nothing is being done and nothing waits.
    """
    waiting = sum(row.state == "queued" for row in rows)
    behind = f"{waiting} waiting" if waiting else ""
    active = next((row for row in rows if row.state in _ACTIVE), None)
    if active is None:
        return behind
    state = "paused" if active.state == "paused" else active.remaining_text
    images = "" if active.is_training or not active.total else " images"
    progress = f"{active.progress_text}{images}" if active.total else ""
    parts = (active.name, progress, state, behind)
    return " · ".join(part for part in parts if part)


def finished_sentence(row: RunRow) -> str:
    """Say how a run ended."""
    images = "1 image" if row.done == 1 else f"{row.done:,} images"
    cells = "1 cell" if row.n_cells == 1 else f"{row.n_cells:,} cells"
    if row.state == "failed":
        return f"“{row.name}” could not be done. {row.reason or 'See its log.'}"
    word = {"stopped": "was stopped", "interrupted": "was interrupted"}.get(row.state, "is finished")
    if row.is_training:
        return f"The training of “{row.name}” {word}; open it to see its verdict."
    sentence = f"“{row.name}” {word}: {images}, {cells}"
    return f"{sentence}; {row.failed:,} failed and can be tried again." if row.failed else f"{sentence}."
