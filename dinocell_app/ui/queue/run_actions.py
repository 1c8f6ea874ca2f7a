"""The actions of the queue: words, shortcuts and tooltips in one table, as buttons and in a context menu."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from dinocell_app.run_queue.run_rows import RunAction


@dataclass(frozen=True)
class ActionText:
    """How an action reads."""

    text: str
    shortcut: str
    tooltip: str


ACTION_TEXTS = {
    RunAction.PAUSE: ActionText("Pause", "Space", "Wait after the current tile; nothing is lost."),
    RunAction.RESUME: ActionText("Resume", "Shift+Space", "Go on where the run waited or ended."),
    RunAction.STOP: ActionText(
        "Stop after this image", "Ctrl+.", "Finish the current image, then end; Resume goes on from there."
    ),
    RunAction.CANCEL: ActionText(
        "Cancel", "Del", "End within the current tile or step; what is finished is kept, and the best model."
    ),
    RunAction.MOVE_UP: ActionText("Move up", "Alt+Up", "Do this run before the one above it."),
    RunAction.MOVE_DOWN: ActionText("Move down", "Alt+Down", "Do this run after the one below it."),
    RunAction.RETRY: ActionText("Retry failed", "Ctrl+Shift+R", "Try the images again that failed."),
    RunAction.REMOVE: ActionText("Remove", "Ctrl+Del", "Take the run off this list; its results stay."),
}


def make_actions(parent: QWidget, do: Callable[[RunAction], None]) -> dict[RunAction, QAction]:
    """Make the actions; their shortcuts work where the focus is inside the parent.

    Parameters
    ----------
    do : callable
        Called with what was asked for.
    """
    actions = {}
    for kind, told in ACTION_TEXTS.items():
        action = QAction(told.text, parent)
        action.setShortcut(QKeySequence(told.shortcut))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setToolTip(f"{told.tooltip} ({told.shortcut})")
        action.triggered.connect(lambda _=False, kind=kind: do(kind))
        parent.addAction(action)
        actions[kind] = action
    return actions


def enable(actions: dict[RunAction, QAction], possible: Collection[RunAction]) -> None:
    """Enable what can be done."""
    for kind, action in actions.items():
        action.setEnabled(kind in possible)
