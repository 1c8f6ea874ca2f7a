"""What the preview is doing, in words: a plain state that messages of the engine move on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dinocell_app.segmentation_plan.image_choices import device_name

Phase = Literal["idle", "starting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class PreviewOutcome:
    """What a preview found.

    Parameters
    ----------
    device : str
        The one truly used.
    diameter_source : str
        "given", "measured" or "unknown".
    """

    n_cells: int
    seconds: float
    device: str
    diameter_px: float | None = None
    diameter_source: str = ""


@dataclass(frozen=True)
class PreviewState:
    """The preview as the dock shows it.

    Parameters
    ----------
    request : int
        Number of the newest request; 0 before the first.
    done, total : int
        Tiles; a total of 0 while it is unknown.
    outcome : PreviewOutcome or None
        Of the last preview that ended well, as long as it is shown.
    outdated : bool
        Whether settings that need the network changed since.
    problem : str
        Why it failed.
    """

    phase: Phase = "idle"
    request: int = 0
    done: int = 0
    total: int = 0
    outcome: PreviewOutcome | None = None
    outdated: bool = False
    problem: str = ""

    @property
    def busy(self) -> bool:
        """Whether there is something to cancel."""
        return self.phase in ("starting", "running")

    @property
    def can_decode(self) -> bool:
        """Whether a threshold can be moved without the network."""
        return self.outcome is not None and not self.outdated and not self.busy

    @property
    def sentence(self) -> str:
        """What stands under the button."""
        match self.phase:
            case "starting":
                return "Starting: the model is being loaded…"
            case "running":
                return f"Tile {self.done} of {self.total}…" if self.total else "Working…"
            case "failed":
                return self.problem
            case "cancelled":
                return "Cancelled."
        if self.outcome is None:
            return "A preview shows what these settings find, without writing anything."
        found = outcome_sentence(self.outcome)
        return f"{found} Settings changed since: preview again." if self.outdated else found


def outcome_sentence(outcome: PreviewOutcome) -> str:
    """Say what was found, how fast, on what and with which cell size.

    Returns
    -------
    str
        As in "57 cells in 3.2 s on CPU, cell size measured: 31 px."
    """
    cells = "1 cell" if outcome.n_cells == 1 else f"{outcome.n_cells:,} cells"
    sentence = f"{cells} in {outcome.seconds:.1f} s on {device_name(outcome.device)}"
    if outcome.n_cells == 0:
        sentence = f"No cells found ({outcome.seconds:.1f} s on {device_name(outcome.device)})"
    if outcome.diameter_px is None:
        return f"{sentence}. The cell size could not be measured: give it by number or by a line."
    how = "as given" if outcome.diameter_source == "given" else outcome.diameter_source
    return f"{sentence}, cell size {how}: {outcome.diameter_px:.3g} px."


def requested(state: PreviewState, request: int) -> PreviewState:
    """Note that the engine was asked for a preview."""
    return replace(state, phase="starting", request=request, done=0, total=0, problem="")


def advanced(state: PreviewState, request: int, done: int, total: int) -> PreviewState:
    """Note that tiles went through the network.

    Returns
    -------
    PreviewState
        Unchanged for a request that was superseded.
    """
    if request != state.request or not state.busy:
        return state
    return replace(state, phase="running", done=done, total=total)


def answered(state: PreviewState, request: int, outcome: PreviewOutcome) -> PreviewState:
    """Note what a preview, or a new decoding of it, found."""
    if request != state.request or state.phase == "cancelled":
        return state
    return replace(state, phase="done", outcome=outcome, outdated=False, problem="")


def redecoding(state: PreviewState, request: int) -> PreviewState:
    """Note that the kept outputs of the network are being turned into cells anew.

    Returns
    -------
    PreviewState
        Not busy: it takes a moment, and the old cells stay in sight.
    """
    return replace(state, request=request)


def went_wrong(state: PreviewState, request: int, problem: str) -> PreviewState:
    """Note that a preview failed.

    Parameters
    ----------
    problem : str
        A sentence.
    """
    if request != state.request or state.phase == "cancelled":
        return state
    return replace(state, phase="failed", outcome=None, problem=problem)


def cancelled(state: PreviewState) -> PreviewState:
    """Note that the user gave up waiting.

    Returns
    -------
    PreviewState
        What was shown before counts as outdated.
    """
    return replace(state, phase="cancelled", outdated=True) if state.busy else state


def outdate(state: PreviewState) -> PreviewState:
    """Note that settings changed which need the network."""
    return replace(state, outdated=True) if state.outcome is not None else state
