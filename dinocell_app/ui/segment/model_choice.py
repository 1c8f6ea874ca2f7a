"""Which model: a list with names, one sentence about each, and its card on a page of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import declared
from dinocell_app.segmentation_plan.model_cards import ModelCard, ModelList
from dinocell_app.ui.documents import DocumentView, follow_web_link
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.plain_text import plain_label

_CARD_SIZE = (760, 620)


class ModelChoice(QWidget):
    """Choice of the model."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = ModelList(())
        self._wanted = ""
        self.list = QComboBox()
        words = declared(SegmentSettings)["model"].setting
        self.list.setAccessibleName(words.label)
        self.list.setToolTip(words.help)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setMinimumContentsLength(8)
        self.about = QPushButton("About…")
        self.about.setAccessibleName("About this model")
        self.about.setToolTip("Show the card of this model: what it was trained on, cell sizes and scores.")
        self.about.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.summary = plain_label()
        self.summary.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.list, 1)
        row.addWidget(self.about)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.summary)
        self.list.currentIndexChanged.connect(self._on_chosen)
        self.about.clicked.connect(self.show_card)
        self._refresh()

    def set_models(self, models: ModelList) -> None:
        """Offer these models."""
        self._models = models
        with QSignalBlocker(self.list):
            self.list.clear()
            for card in models.cards:
                self.list.addItem(card.title, card.id)
        self.set_model(self._wanted)

    def model(self) -> str:
        """Give the chosen model.

        Returns
        -------
        str
            Its id, also before the list was read.
        """
        return self._wanted

    def card(self) -> ModelCard | None:
        """Give the card of the chosen model.

        Returns
        -------
        ModelCard or None
            None when there is no such model.
        """
        return self._models.find(self._wanted)

    def set_model(self, model: str) -> None:
        """Show a model without reporting a change.

        Parameters
        ----------
        model : str
            One that is not at hand is shown as missing.
        """
        self._wanted = model
        with QSignalBlocker(self.list):
            index = self.list.findData(model)
            if index < 0 and model:
                self.list.addItem(f"{model} (not found)" if self._models.cards else model, model)
                index = self.list.count() - 1
            self.list.setCurrentIndex(index)
        self._refresh()

    def show_card(self) -> None:
        """Open the card of the chosen model."""
        card = self.card()
        if card is not None:
            ModelCardDialog(card, self).open()

    def _on_chosen(self) -> None:
        self._wanted = str(self.list.currentData() or "")
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        card = self.card()
        self.about.setEnabled(card is not None)
        if card is not None:
            self.summary.setText(card.summary)
        elif self._models.cards:
            self.summary.setText("This model is not on this computer: choose another, or import it.")
        else:
            self.summary.setText("Looking for models…" if not self._models.problems else "No model found.")


class ModelCardDialog(QDialog):
    """The card of a model."""

    def __init__(self, card: ModelCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"About {card.name}")
        self.resize(*_CARD_SIZE)
        self.page = DocumentView(Path(card.folder))
        self.page.setAccessibleName(f"Card of {card.name}")
        self.page.anchorClicked.connect(lambda link: follow_web_link(self, link))
        self.page.setMarkdown(card.page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        add_help(self, buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(self.page)
        layout.addWidget(buttons)
        self.finished.connect(self.deleteLater)
