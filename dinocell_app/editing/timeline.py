"""Which edits count, after all that was undone and done again."""

from __future__ import annotations

from dataclasses import dataclass

from dinocell_app.editing.journal import Entry


@dataclass(frozen=True)
class Step:
    """An edit that is done, or done backwards.

    Parameters
    ----------
    edit : int
        Number of its entry.
    """

    edit: int
    backwards: bool


class Timeline:
    """Edits that count and edits that were undone, as entries come one after the other."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.undone: list[int] = []

    def advance(self, entry: Entry) -> Step | None:
        """Take in the next entry.

        Returns
        -------
        Step or None
            What it does to the labels; None for one that names a version.
        """
        if entry.kind == "edit":
            self.done.append(entry.number)
            self.undone.clear()
            return Step(entry.number, backwards=False)
        if entry.kind == "undo":
            self.undone.append(self.done.pop())
            return Step(self.undone[-1], backwards=True)
        if entry.kind == "redo":
            self.done.append(self.undone.pop())
            return Step(self.done[-1], backwards=False)
        return None

    def allows(self, entry: Entry) -> bool:
        """Tell whether an entry can be the next one.

        Returns
        -------
        bool
            False to undo or redo where there is nothing.
        """
        needed = {"undo": self.done, "redo": self.undone}.get(entry.kind)
        return needed is None or bool(needed)
