"""Quitting while runs are in progress: keep them running, finish the current image, or stop."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from dinocell_app.ui.session import Session

KEEP = "Quit and keep running"
FINISH_IMAGE = "Quit after the current image"
CANCEL_RUNS = "Stop and quit"

_ROLES = {
    KEEP: QMessageBox.ButtonRole.AcceptRole,
    FINISH_IMAGE: QMessageBox.ButtonRole.ActionRole,
    CANCEL_RUNS: QMessageBox.ButtonRole.DestructiveRole,
}


def ask_about_runs(parent: QWidget, count: int) -> str:
    """Ask what to do with runs that go on.

    Returns
    -------
    str
        One of `KEEP`, `FINISH_IMAGE` and `CANCEL_RUNS`; empty to stay.
    """
    what = "A run is" if count == 1 else f"{count} runs are"
    box = QMessageBox(QMessageBox.Icon.Question, "Quit DINOCell", f"{what} still in progress.", parent=parent)
    box.setInformativeText(
        "Runs can continue without this window; open the project again to see how far they are. "
        "Stopped runs keep the images that are finished and can be resumed."
    )
    buttons = {text: box.addButton(text, role) for text, role in _ROLES.items()}
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    clicked = box.clickedButton()
    answer = next((text for text, button in buttons.items() if button is clicked), "")
    box.deleteLater()
    return answer


def runs_may_be_left(session: Session, parent: QWidget) -> bool:
    """Ask about runs that go on, and do what was answered.

    Returns
    -------
    bool
        Whether the window may close.
    """
    running = session.queue.running() if session.project is not None else []
    if not running:
        return True
    answer = ask_about_runs(parent, len(running))
    for run_id in running:
        if answer == FINISH_IMAGE:
            session.queue.stop(run_id)
        elif answer == CANCEL_RUNS:
            session.queue.cancel(run_id)
    return bool(answer)
