"""Earlier results of something else where a run would write: replaced only when the person says so."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from dinocell_app.ui.plain_text import plain_message


def ask_about_earlier_results(parent: QWidget, n_images: int, reason: str) -> bool | None:
    """Ask what becomes of earlier results before failed images are tried again.

    Parameters
    ----------
    n_images : int
        Images that have such results.
    reason : str
        Why the first of them failed; shown on request.

    Returns
    -------
    bool or None
        Whether to replace them; None to try nothing again.
    """
    images = "1 image has" if n_images == 1 else f"{n_images:,} images have"
    box = plain_message(
        parent,
        "Replace earlier results?",
        f"{images} earlier results under this name.",
        "They were made from another image file, with another pixel size or model, or by another program. "
        "Replacing deletes them. To keep both, run these images again under a preset of another name.",
    )
    box.setDetailedText(reason)
    replace = box.addButton("Replace them", QMessageBox.ButtonRole.DestructiveRole)
    others = box.addButton("Only try the others", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    answers = {replace: True, others: False}
    answer = next((meant for button, meant in answers.items() if button is box.clickedButton()), None)
    box.deleteLater()
    return answer
