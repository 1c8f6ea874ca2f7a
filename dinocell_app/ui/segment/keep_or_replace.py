"""The question before results that were made with other settings would be in the way of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtWidgets import QMessageBox, QWidget

from dinocell_app.ui.plain_text import plain_message

Answer = Literal["keep", "replace", "nothing"]

_SHOWN = 6


def ask_keep_or_replace(parent: QWidget, name: str, new_name: str, differing: Sequence[str]) -> Answer:
    """Ask what becomes of results that were made with other settings.

    Parameters
    ----------
    name : str
        Of the results.
    new_name : str
        Under which the new ones are saved when the old ones are kept.
    differing : sequence of str
        What differs.

    Returns
    -------
    {"keep", "replace", "nothing"}
        "nothing" when the person thought better of it.
    """
    lines = [f"• {difference}" for difference in differing[:_SHOWN]]
    if len(differing) > _SHOWN:
        lines.append(f"• and {len(differing) - _SHOWN} more")
    box = plain_message(
        parent,
        "Keep the earlier results?",
        f"The results “{name}” were made with other settings.",
        "\n".join(lines) + f"\n\nKeep them and save the new results as “{new_name}”, or replace those of the "
        "images in this run?",
    )
    keep = box.addButton(f"Keep, save as “{new_name}”", QMessageBox.ButtonRole.AcceptRole)
    replace = box.addButton("Replace them", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keep)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    if clicked is keep:
        return "keep"
    return "replace" if clicked is replace else "nothing"
