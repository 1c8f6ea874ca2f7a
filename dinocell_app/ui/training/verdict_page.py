"""The last page: whether the new model is better, on which images, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import ModelError
from dinocell_app.base.json_text import parse_json
from dinocell_app.model.manifest import MANIFEST_NAME, read_manifest
from dinocell_app.training_plan.planned_jobs import MODEL_NAME
from dinocell_app.training_plan.training_runs import VERDICT_NAME
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.training.fitted_picture import FittedPicture

MARKS = {"better": "✓", "not better": "✕", "cannot tell": "?"}
_HEADERS = ("Image", "Cells", "AP base", "AP new", "SEG", "MMA", "Missed", "Split", "Merged", "False")
_CHANGES = (("seg", 4), ("mma", 5))
_COUNTS = (("n_missed", 6), ("n_split", 7), ("n_merged", 8), ("n_false", 9))


ADAPTED = (
    "✓ Adapted. The network has learned how your images look. It cannot segment yet: save it, then teach it "
    "with labelled images by choosing it under “Start from”."
)


class VerdictPage(QWidget):
    """Shows a verdict, the worst images first, and asks whether to keep the model."""

    save_asked = Signal(str)
    """With notes of the person."""
    use_asked = Signal()
    discard_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path()
        self._images: list[dict[str, Any]] = []
        self._offered = False
        self.sentence = plain_label()
        self.sentence.setWordWrap(True)
        font = self.sentence.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self.sentence.setFont(font)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = QTableWidget(0, len(_HEADERS))
        self.table.setAccessibleName("Held-out images, those that got worse first")
        self.table.setHorizontalHeaderLabels(list(_HEADERS))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(_HEADERS)):
            header.resizeSection(column, 82)
        self.pictures = {
            "true_picture": FittedPicture("Outlined by a person"),
            "base_picture": FittedPicture("Base model"),
            "new_picture": FittedPicture("New model"),
        }
        self.notes = QLineEdit(placeholderText="Notes, such as microscope, cells and who outlined them")
        self.notes.setAccessibleName("Notes on the model")
        self.notes.setToolTip("They become part of the model's card.")
        self.save = QPushButton("Save the model")
        self.save.setToolTip("Put it among your models; the Segment dock offers it at once.")
        self.use = QPushButton("Segment with it")
        self.use.setToolTip("Choose the saved model in the Segment dock.")
        self.discard = QPushButton("Discard")
        self.discard.setToolTip("Remove this training and its model.")
        self.told = plain_label()
        self.told.setWordWrap(True)
        self._lay_out()
        self.table.currentCellChanged.connect(lambda row, *_: self._show_image(row))
        self.save.clicked.connect(lambda: self.save_asked.emit(self.notes.text().strip()))
        self.use.clicked.connect(self.use_asked)
        self.discard.clicked.connect(self.discard_asked)

    def show_folder(self, folder: Path) -> None:
        """Show the verdict of a training.

        Parameters
        ----------
        folder : Path
            Of the training.
        """
        self._folder = folder
        self._offered = _has_model(folder)
        self.say("", saved=False)
        if _is_adapted_only(folder):
            self._images = []
            self.sentence.setText(ADAPTED)
            self._fill()
            return
        try:
            verdict = parse_json((folder / VERDICT_NAME).read_text(encoding="utf-8"))
            self._images = list(verdict["images"])
            mark = MARKS.get(str(verdict["outcome"]), "?")
            self.sentence.setText(f"{mark} {verdict['sentence']}")
        except (OSError, ValueError, KeyError, TypeError):
            self._images = []
            self.sentence.setText(
                "? Cannot tell. No image was kept for judging: nobody knows whether the new model is better."
            )
        self._fill()

    def say(self, words: str, *, saved: bool) -> None:
        """Say what became of the model.

        Parameters
        ----------
        saved : bool
            Whether it is among the models now.
        """
        self.told.setText(words)
        self.save.setEnabled(self._offered and not saved)
        self.use.setEnabled(saved and not _is_adapted_only(self._folder))

    def _fill(self) -> None:
        self.table.setRowCount(len(self._images))
        for row, image in enumerate(self._images):
            base, new = image["base"], image["new"]
            texts = {
                0: Path(image["path"]).name,
                1: f"{image['n_true']:,}",
                2: f"{base['ap_50']:.2f}",
                3: f"{new['ap_50']:.2f}",
                **{column: f"{base[name]:.2f} → {new[name]:.2f}" for name, column in _CHANGES},
                **{column: f"{base[name]} → {new[name]}" for name, column in _COUNTS},
            }
            for column, text in texts.items():
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(str(image["path"]) if column == 0 else text)
                self.table.setItem(row, column, item)
        self.table.setCurrentCell(-1, -1)
        self._show_image(-1)
        if self._images:
            self.table.setCurrentCell(0, 0)

    def _show_image(self, row: int) -> None:
        image = self._images[row] if 0 <= row < len(self._images) else None
        for name, picture in self.pictures.items():
            picture.show_file(self._folder / str(image[name]) if image is not None else None)

    def _lay_out(self) -> None:
        shown = QWidget()
        grid = QGridLayout(shown)
        grid.setContentsMargins(0, 0, 0, 0)
        titles = ("Outlined by a person", "Base model", "New model")
        for column, (title, picture) in enumerate(zip(titles, self.pictures.values(), strict=True)):
            heading = plain_label(title)
            heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(heading, 0, column)
            grid.addWidget(picture, 1, column)
        grid.setRowStretch(1, 1)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        parts.addWidget(shown)
        parts.setSizes([180, 320])
        end = QHBoxLayout()
        end.addWidget(self.notes, 1)
        end.addWidget(self.save)
        end.addWidget(self.use)
        end.addWidget(self.discard)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sentence)
        layout.addWidget(parts, 1)
        layout.addLayout(end)
        layout.addWidget(self.told)


def _has_model(folder: Path) -> bool:
    """Tell whether a training offers a model; one that does not beat its base is not offered."""
    return (folder / MODEL_NAME / MANIFEST_NAME).exists()


def _is_adapted_only(folder: Path) -> bool:
    try:
        return read_manifest(folder / MODEL_NAME).needs_teaching
    except ModelError:
        return False
