"""What a person asks of a type of cell: a new one, another name or colour, away with it, libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QInputDialog, QWidget

from dinocell_app.project.reference_edits import ReferenceEdits
from dinocell_app.project.references import CellType
from dinocell_app.ui.references import type_bar
from dinocell_app.ui.references.library_choice import add_from_library, save_to_library

Change = Callable[[ReferenceEdits], object]


def asked_change(what: str, chosen: CellType | None, window: QWidget) -> Change | None:
    """Ask what a change of types needs to know.

    Parameters
    ----------
    what : str
        Of `type_bar`.
    chosen : CellType or None
        The type that is worked on.
    window : QWidget
        Over which questions are asked.

    Returns
    -------
    callable or None
        Makes the change; a type that it gives is to be worked on. None when a person thought better of it.
    """
    if what == type_bar.LOAD:
        return lambda edits: add_from_library(edits, window)
    if what == type_bar.NEW:
        name, sure = QInputDialog.getText(window, "New type", "Name of the type of cell:")
        return (lambda edits: edits.add_type(name)) if sure else None
    if chosen is None:
        return None
    if what == type_bar.REMOVE:
        return lambda edits: edits.remove_type(chosen.id)
    if what == type_bar.SAVE:
        return lambda edits: save_to_library(edits, chosen, window)
    if what == type_bar.RENAME:
        name, sure = QInputDialog.getText(
            window, "Rename type", "Name of the type of cell:", text=chosen.name
        )
        return (lambda edits: edits.change_type(replace(chosen, name=name))) if sure else None
    colour = QColorDialog.getColor(QColor(chosen.colour), window, f"Colour of {chosen.name}")
    if not colour.isValid():
        return None
    return lambda edits: edits.change_type(replace(chosen, colour=colour.name()))
