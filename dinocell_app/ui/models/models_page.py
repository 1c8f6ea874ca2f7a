"""The models at hand, and how others get here: from a file, from the network, and out to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.model.catalogue import models_folder
from dinocell_app.segmentation_plan.model_cards import ModelCard, ModelList, read_model_cards
from dinocell_app.ui.documents import DocumentView, follow_web_link
from dinocell_app.ui.models.model_changes import ModelChanges
from dinocell_app.ui.models.model_command import ModelCommand
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.workers import start

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

PUBLISHED = "dinocell-b8"
_MODEL_FILES = "Models (*.zip *.pt);;All files (*)"


class ModelsPage(QWidget):
    """Lists models with their cards; imports, downloads, exports, renames and removes them.

    Parameters
    ----------
    session : Session
        Told when there are other models than before.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._cards: tuple[ModelCard, ...] = ()
        self.command = ModelCommand(self)
        self.list = QListWidget()
        self.card = DocumentView()
        self.take = QPushButton("Import…")
        self.download = QPushButton("Download published weights")
        self.export = QPushButton("Export…")
        self.folder = QPushButton("Open folder")
        self.changes = ModelChanges(session)
        self.message = plain_label()
        self._lay_out()
        self.list.currentRowChanged.connect(self._show_card)
        self.take.clicked.connect(self._on_import)
        self.download.clicked.connect(self._on_download)
        self.export.clicked.connect(self._on_export)
        self.folder.clicked.connect(self._on_folder)
        self.command.finished.connect(self._on_finished)
        self.changes.changed.connect(lambda sentence: self._on_finished(True, sentence))
        # What is trained or imported elsewhere meanwhile is shown, too.
        session.models_changed.connect(self.reload)
        self.reload()

    def reload(self) -> None:
        """Read the list again."""
        start(read_model_cards, self._show_models, self._session.report, owner=self)

    def import_model(self, path: str) -> None:
        """Add a model to one's own.

        Parameters
        ----------
        path : str
            An exported model, a model folder or published weights.
        """
        self._start("Reading the model…", "import", path)

    def export_model(self, path: str) -> None:
        """Write the chosen model to a file, which may be replaced: the person chose it."""
        card = self._chosen()
        if card is not None:
            self._start("Writing the model…", "export", card.id, "-o", path, "--overwrite")

    def closeEvent(self, event: QCloseEvent) -> None:
        """End a download that nobody waits for."""
        self.command.stop()
        super().closeEvent(event)

    def _start(self, sentence: str, *words: str) -> None:
        self.message.setText(sentence)
        self.command.start(*words)
        self._enable()

    def _on_finished(self, good: bool, sentence: str) -> None:
        self.message.setText(sentence)
        self._enable()
        if good:
            self._session.models_changed.emit()

    def _show_models(self, models: ModelList) -> None:
        chosen = self._chosen()
        self._cards = models.cards
        self.list.clear()
        for card in models.cards:
            item = QListWidgetItem(card.title)
            item.setToolTip(str(card.folder))
            self.list.addItem(item)
        places = [place for place, card in enumerate(self._cards) if chosen and card.id == chosen.id]
        self.list.setCurrentRow(places[0] if places else 0)
        if models.problems:
            self.message.setText(str(models.problems[0]))
        self._enable()

    def _show_card(self, _row: int) -> None:
        card = self._chosen()
        self.card.folder = Path(card.folder) if card is not None else None
        self.card.setMarkdown(card.page if card is not None else "")
        self.changes.show_card(card)
        self._enable()

    def _chosen(self) -> ModelCard | None:
        row = self.list.currentRow()
        return self._cards[row] if 0 <= row < len(self._cards) else None

    def _enable(self) -> None:
        idle = not self.command.is_running()
        self.take.setEnabled(idle)
        self.export.setEnabled(idle and self._chosen() is not None)
        here = any(card.id == PUBLISHED for card in self._cards)
        self.download.setEnabled(idle and not here)
        self.download.setToolTip(
            "The published weights are here already."
            if here
            else "Download the weights the DINOCell authors published, and import them. Needs a network."
        )

    def _on_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a model", "", _MODEL_FILES)
        if path:
            self.import_model(path)

    def _on_download(self) -> None:
        self._start("Downloading… this can take some minutes.", "download")

    def _on_export(self) -> None:
        card = self._chosen()
        if card is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, "Export the model", f"{card.id}.zip", "Models (*.zip)")
        if path:
            self.export_model(path)

    def _on_folder(self) -> None:
        folder = models_folder()
        folder.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _lay_out(self) -> None:
        self.list.setAccessibleName("Models")
        self.list.setMaximumHeight(110)
        self.card.setAccessibleName("Card of the model")
        self.card.anchorClicked.connect(lambda link: follow_web_link(self, link))
        self.take.setToolTip("Add an exported model (.zip) or published weights (.pt) to your models.")
        self.export.setToolTip("Write the chosen model to one file, to be imported on another computer.")
        self.folder.setToolTip(f"Your own models are in {models_folder()}.")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QGridLayout()
        for place, button in enumerate((self.take, self.download, self.export, self.folder)):
            buttons.addWidget(button, 0, place)
        layout = QVBoxLayout(self)
        layout.addWidget(self.list)
        layout.addWidget(self.card, 1)
        layout.addWidget(self.changes)
        layout.addLayout(buttons)
        layout.addWidget(self.message)
