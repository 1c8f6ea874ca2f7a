"""Renaming, copying and removing one's own models, each after a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QMessageBox, QPushButton, QWidget

from dinocell_app.model.own_models import (
    consequences_of_deleting,
    delete_model,
    duplicate_model,
    rename_model,
)
from dinocell_app.segmentation_plan.model_cards import ModelCard
from dinocell_app.ui.plain_text import plain_message
from dinocell_app.ui.workers import start

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session


class ModelChanges(QWidget):
    """Buttons for what can be done with the chosen model.

    Parameters
    ----------
    session : Session
        Told what could not be done.
    """

    changed = Signal(str)
    """What was done, in a sentence."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._card: ModelCard | None = None
        self.rename = QPushButton("Rename…")
        self.duplicate = QPushButton("Duplicate…")
        self.delete = QPushButton("Delete…")
        self.rename.setToolTip("Give your model another name; results made with it stay valid.")
        self.duplicate.setToolTip("Copy the chosen model to your own models.")
        self.delete.setToolTip("Remove your model for good, after saying what depends on it.")
        self.rename.clicked.connect(lambda: self._ask_name("Rename", rename_model, "{} is now {}."))
        self.duplicate.clicked.connect(
            lambda: self._ask_name("Duplicate", duplicate_model, "{} was copied to {}.")
        )
        self.delete.clicked.connect(self._ask_to_delete)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.rename, self.duplicate, self.delete):
            row.addWidget(button)
        self.show_card(None)

    def show_card(self, card: ModelCard | None) -> None:
        """Offer what can be done with a model."""
        self._card = card
        own = card is not None and card.origin == "own"
        self.rename.setEnabled(own)
        self.delete.setEnabled(own)
        self.duplicate.setEnabled(card is not None)

    def _ask_name(self, title: str, change: Callable[[str, str], object], done: str) -> None:
        card = self._card
        if card is None:
            return
        dialog = QInputDialog(self)
        dialog.setWindowTitle(f"{title} {card.name}")
        dialog.setLabelText("New name: letters, digits, dashes, dots and underscores")
        dialog.setTextValue(card.id if change is rename_model else f"{card.id}-copy")
        dialog.textValueSelected.connect(
            lambda name: self._do(lambda: change(card.id, name.strip()), done.format(card.id, name.strip()))
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_to_delete(self) -> None:
        card = self._card
        if card is None:
            return
        start(
            lambda: consequences_of_deleting(card.id),
            lambda told: self._confirm(card, told),
            self._session.report,
            owner=self,
        )

    def _confirm(self, card: ModelCard, told: str) -> None:
        question = plain_message(self, "Delete a model", f"Delete {card.name}?", told)
        question.setIcon(QMessageBox.Icon.Warning)
        delete = question.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        keep = question.addButton("Keep it", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(keep)
        delete.clicked.connect(lambda: self._do(lambda: delete_model(card.id), f"{card.id} was removed."))
        question.finished.connect(question.deleteLater)
        question.open()

    def _do(self, change: Callable[[], object], done: str) -> None:
        start(change, lambda _: self.changed.emit(done), self._session.report, owner=self)
