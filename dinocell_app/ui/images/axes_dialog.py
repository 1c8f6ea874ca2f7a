"""Dialog that puts misread axes right: what each stored axis is, and how the channels look then."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.imaging.axes import StoredAxes
from dinocell_app.imaging.reading import stored_axes
from dinocell_app.project.axes_choice import CHOICES, AxesChoice, read_again, spelled
from dinocell_app.project.records import FoundImage, ImageRecord
from dinocell_app.project.thumbnails import ChannelPictures, channel_pictures
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import Task, start, start_generator

THIS, SELECTED, FOLDER = "this", "selected", "folder"
_MOST_CHANNELS = 6
_PICTURE_PX = 110


class AxesDialog(QDialog):
    """Asks what the axes of an image are, and for which images that holds.

    Parameters
    ----------
    session : Session
        With a current image.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Axes")
        self._session = session
        self._choice: AxesChoice | None = None
        self._looking: Task | None = None
        self._reading: Task | None = None
        self._read: list[tuple[int, FoundImage]] = []
        self.meanings: list[QComboBox] = []
        self.explanation = plain_label("Reading the file …")
        self.explanation.setWordWrap(True)
        self.form = QFormLayout()
        self.suggest = QPushButton()
        self.suggest.setToolTip("Use the axes that look most likely.")
        self.suggest.hide()
        self.as_file = QPushButton("As the file says")
        self.as_file.setToolTip("Believe the file again.")
        self.outcome = plain_label()
        self.outcome.setWordWrap(True)
        self.pictures = QHBoxLayout()
        self.pictures.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.scope = QComboBox()
        self.scope.setAccessibleName("Images")
        self.scope.setToolTip("Images that store other axes than this one are left as they are.")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(False)
        self._lay_out()
        self.suggest.clicked.connect(self._use_suggestion)
        self.as_file.clicked.connect(self._believe_file)
        self.buttons.accepted.connect(self.apply)
        self.buttons.rejected.connect(self.reject)
        add_help(self, self.buttons)
        self._begin()

    def done(self, result: int) -> None:
        """Let go of what is being read."""
        for task in (self._looking, self._reading):
            if task is not None:
                task.cancel()
        super().done(result)

    def apply(self) -> None:
        """Read the images again with the chosen axes, and close."""
        choice, project = self._choice, self._session.project
        if choice is None or project is None or choice.problem():
            return
        places = project.images.paths()
        roots = {root.id: root.path for root in project.roots.all()}
        images = [(image.id, places[image.id], roots[image.root_id]) for image in self._images()]
        self.buttons.setEnabled(False)
        self.outcome.setText(f"Reading {len(images):,} images again …" if len(images) > 1 else "")
        self._read = []
        self._reading = start_generator(
            partial(read_again, images, choice), self._read.extend, self._take, self._fail, owner=self
        )

    def _begin(self) -> None:
        image, project = self._session.current_image, self._session.project
        if image is None or project is None:
            return
        beside = [i for i in project.images.all() if (i.root_id, i.folder) == (image.root_id, image.folder)]
        n_selected = len(self._session.selected_images)
        self.scope.addItem("This image", THIS)
        if n_selected > 1:
            self.scope.addItem(f"The {n_selected:,} selected images", SELECTED)
        self.scope.addItem(f"All {len(beside):,} images of this folder, and those added later", FOLDER)
        path = project.images.path(image.id)
        start(
            partial(stored_axes, path), partial(self._show_stored, path, image.axes), self._fail, owner=self
        )

    def _show_stored(self, path: Path, word: str, stored: StoredAxes | None) -> None:
        if stored is None:
            self.explanation.setText(
                f"{path.name} is of a kind whose axes cannot be mixed up: there is nothing to change."
            )
            self.scope.setEnabled(False)
            self.as_file.setEnabled(False)
            return
        lengths = " × ".join(f"{length:,}" for length in stored.shape)
        self.explanation.setText(
            f"{path.name} stores {lengths} values. Where the image looks wrong, say what its axes are."
        )
        for place, length in enumerate(stored.shape):
            box = QComboBox()
            box.setAccessibleName(f"Axis {place + 1}")
            box.setToolTip("What this axis of the file is.")
            for letter, text in CHOICES.items():
                box.addItem(text, letter)
            box.activated.connect(partial(self._on_meaning, place))
            self.meanings.append(box)
            self.form.addRow(f"Axis {place + 1}, {length:,} long", box)
        choice = AxesChoice.begin(path, stored, word)
        if choice.suggestion():
            # What one file of a folder has mixed up, the others have too.
            self.scope.setCurrentIndex(self.scope.findData(FOLDER))
        self._show(choice)

    def _show(self, choice: AxesChoice) -> None:
        self._choice = choice
        for box, letter in zip(self.meanings, choice.word, strict=True):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData("C" if letter == "S" else letter))
        suggestion = choice.suggestion()
        self.suggest.setText(f"Suggested: {spelled(suggestion)}")
        self.suggest.setVisible(bool(suggestion))
        self.as_file.setEnabled(bool(choice.axes()))
        problem = choice.problem()
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
        self.outcome.setText(problem or "Reading …")
        self._clear_pictures()
        if self._looking is not None:
            self._looking.cancel()
        if not problem:
            work = partial(channel_pictures, choice.path, choice.axes(), _PICTURE_PX, _MOST_CHANNELS)
            self._looking = start(work, self._show_pictures, self._fail, owner=self)

    def _show_pictures(self, found: ChannelPictures) -> None:
        parts = [_count(found.n_times, "time"), _count(found.n_slices, "slice")]
        parts = [part for part in parts if not part.startswith("1 ")]
        parts.append(f"{_count(found.n_channels, 'channel')} of {found.width:,} × {found.height:,} pixels")
        self.outcome.setText("Read as " + ", ".join(parts) + ".")
        self._clear_pictures()
        for name, pixels in zip(found.names, found.pictures, strict=False):
            column = QVBoxLayout()
            picture, label = plain_label(), plain_label(name)
            picture.setPixmap(_pixmap(pixels))
            picture.setAccessibleName(f"Channel {name}")
            label.setMaximumWidth(_PICTURE_PX)
            column.addWidget(picture)
            column.addWidget(label)
            column.addStretch(1)
            self.pictures.addLayout(column)

    def _clear_pictures(self) -> None:
        while (item := self.pictures.takeAt(0)) is not None:
            column = item.layout()
            while column is not None and (part := column.takeAt(0)) is not None:
                widget = part.widget()
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()

    def _on_meaning(self, place: int, _index: int) -> None:
        if self._choice is not None:
            self._show(self._choice.with_meaning(place, str(self.meanings[place].currentData())))

    def _use_suggestion(self) -> None:
        if self._choice is not None and self._choice.suggestion():
            choice = self._choice
            self._show(AxesChoice(choice.path, choice.stored, choice.suggestion()))

    def _believe_file(self) -> None:
        if self._choice is not None:
            self._show(AxesChoice.begin(self._choice.path, self._choice.stored, ""))

    def _images(self) -> list[ImageRecord]:
        """List the images the choice is for; the current one is among them."""
        project, current = self._session.project, self._session.current_image
        if project is None or current is None:
            return []
        scope = self.scope.currentData()
        if scope == SELECTED:
            return list(self._session.selected_images)
        if scope == FOLDER:
            here = (current.root_id, current.folder)
            return [image for image in project.images.all() if (image.root_id, image.folder) == here]
        return [current]

    def _take(self, _nothing: None) -> None:
        project, choice, current = self._session.project, self._choice, self._session.current_image
        if project is None or choice is None or current is None:
            return
        try:
            project.images.refresh_all(self._read)
            if self.scope.currentData() == FOLDER:
                project.images.remember_axes(current.id, choice.stored.codes, choice.axes())
        except UserFacingError as error:
            self._fail(error)
            return
        self._session.refresh_images([image_id for image_id, _found in self._read])
        self._session.noted.emit(f"Axes changed for {_count(len(self._read), 'image')}. Segment them again.")
        self.accept()

    def _fail(self, error: Exception) -> None:
        self.outcome.setText(str(error))
        self.buttons.setEnabled(True)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.suggest)
        buttons.addWidget(self.as_file)
        buttons.addStretch(1)
        use = QFormLayout()
        use.addRow("Use for", self.scope)
        layout = QVBoxLayout(self)
        layout.addWidget(self.explanation)
        layout.addLayout(self.form)
        layout.addLayout(buttons)
        layout.addWidget(self.outcome)
        layout.addLayout(self.pictures)
        layout.addStretch(1)
        layout.addLayout(use)
        layout.addWidget(self.buttons)
        self.resize(640, 520)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _pixmap(pixels: NDArray[np.uint8]) -> QPixmap:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QPixmap.fromImage(
        QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    )
