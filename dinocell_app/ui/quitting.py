"""Leaving while runs go on: keep them running, stop after this image, or cancel."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from dinocell_app.ui.session import Session

KEEP, FINISH_IMAGE, CANCEL_RUNS = "Keep running", "Stop after this image", "Cancel them"

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
    box = QMessageBox(QMessageBox.Icon.Question, "Quit", f"{what} not finished.", parent=parent)
    box.setInformativeText(
        "Kept running, it goes on without the window and is found again when you open the project."
        if count == 1
        else "Kept running, they go on without the window and are found again when you open the project."
    )
    buttons = {text: box.addButton(text, role) for text, role in _ROLES.items()}
    stay = box.addButton(QMessageBox.StandardButton.Cancel)
    stay.setText("Do not quit")  # "Cancel" beside "Cancel them" would be a riddle
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
