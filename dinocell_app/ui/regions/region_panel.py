"""The Regions dock: parts of an image in which cells are counted, left out, or looked for alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QPolygonF
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.records import ImageRecord
from dinocell_app.project.region_edits import RegionEdits
from dinocell_app.project.region_exchange import GEOJSON, regions_in_file, write_project_regions
from dinocell_app.regions.region import KIND_TEXTS, Region
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.references.outline_drawing import OutlineDrawing
from dinocell_app.ui.regions.region_counts import RegionCounts
from dinocell_app.ui.regions.region_drawing import RegionDrawing
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.image_viewer import ImageViewer

EXPLANATION = (
    "Draw parts of the image with a name. Cells in them are counted at once, and in the tables that are "
    "exported; the next run leaves cells out as you say here."
)
HINT = "Draw around the region with the button held, or click corner by corner; Escape gives up."


class RegionPanel(QWidget):
    """Draws, names and keeps the regions of the current image."""

    def __init__(self, session: Session, viewer: ImageViewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._viewer = session, viewer
        self._edits: dict[int, RegionEdits] = {}
        self._seen = False
        self._drawing = RegionDrawing(viewer)
        self._counts = RegionCounts(session, self)
        self.outline = OutlineDrawing(viewer, self)
        explanation = plain_label(EXPLANATION)
        explanation.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Regions of the image")
        self.list.setToolTip("Regions of the image that is shown; choose one to change it.")
        self.draw = self._button("Draw a region", "Draw around a part of the image.")
        self.draw.setCheckable(True)
        self.undo = self._button("Undo", "Take the last change of the regions of this image back.")
        self.delete = self._button("Delete", "Take the chosen region away.")
        self.copy = self._button("Copy to", "Give the same regions to other images of the same size.")
        menu = QMenu(self.copy)
        self.copy_to_selected = menu.addAction("Selected images")
        self.copy_to_all = menu.addAction("All images of this size")
        self.copy.setMenu(menu)
        self.read = self._button("Import …", "Read regions from a GeoJSON file, as QuPath writes it.")
        self.write = self._button("Export …", "Write the regions of all images into a GeoJSON file.")
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the region")
        self.name.setToolTip("It stands in the tables.")
        self.kind = QComboBox()
        self.kind.setAccessibleName("What the region is for")
        self.kind.setToolTip("What becomes of the cells inside, in the next run.")
        for kind, words in KIND_TEXTS.items():
            self.kind.addItem(words, kind)
        self.message = plain_label()
        self.message.setWordWrap(True)
        form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("For", self.kind)
        buttons = QGridLayout()
        for number, button in enumerate((self.delete, self.undo, self.copy, self.read, self.write)):
            buttons.addWidget(button, number // 2, number % 2)
        layout = QVBoxLayout(self)
        layout.addWidget(explanation)
        layout.addWidget(self.draw)
        layout.addWidget(self.list, 1)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.message)
        self._connect()
        self._show()

    def set_seen(self, seen: bool) -> None:
        """Draw the regions while the dock is in front."""
        self._seen = seen
        if not seen:
            self.outline.give_up()
        self._redraw()
        self._count()

    def _now(self) -> RegionEdits:
        image = self._session.current_image
        return self._edits_of(image.id) if image is not None else RegionEdits()

    def _edits_of(self, image_id: int) -> RegionEdits:
        project = self._session.project
        if project is None:
            return RegionEdits()
        known = self._edits.get(image_id)
        stored = project.regions.of_image(image_id)
        return known if known is not None and known.regions == stored else RegionEdits(stored)

    def _put_many(self, regions: Mapping[int, Sequence[Region]]) -> bool:
        """Give several images regions; each of them can undo that."""
        project = self._session.project
        if project is None:
            return False
        edits = {number: self._edits_of(number).replaced(some) for number, some in regions.items()}
        try:
            project.regions.put_all({number: each.regions for number, each in edits.items()})
        except UserFacingError as error:
            self._session.report(error)
            return False
        self._edits |= edits
        self._show()
        return True

    def _put(self, edits: RegionEdits, chosen: int) -> None:
        project, image = self._session.project, self._session.current_image
        if project is None or image is None:
            return
        try:
            project.regions.put(image.id, edits.regions)
        except UserFacingError as error:
            self._session.report(error)
            return
        self._edits[image.id] = edits
        self._show(chosen)

    def _show(self, chosen: int | None = None) -> None:
        regions = self._now().regions
        at = self.list.currentRow() if chosen is None else chosen
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([self._counts.text_of(region) for region in regions])
            self.list.setCurrentRow(min(at, len(regions) - 1))
        self._show_chosen()
        self._count()

    def _count(self) -> None:
        if self._seen:
            self._counts.count(self._now().regions)

    def _show_counts(self) -> None:
        for row, region in enumerate(self._now().regions[: self.list.count()]):
            self.list.item(row).setText(self._counts.text_of(region))

    def _on_results(self) -> None:
        if self._seen:
            self._counts.count_again(self._now().regions)

    def _show_chosen(self) -> None:
        edits, at = self._now(), self.list.currentRow()
        project, image = self._session.project, self._session.current_image
        writable = project is not None and image is not None and project.read_only_reason is None
        some = 0 <= at < len(edits.regions)
        with QSignalBlocker(self.name), QSignalBlocker(self.kind):
            self.name.setText(edits.regions[at].name if some else "")
            self.kind.setCurrentIndex(self.kind.findData(edits.regions[at].kind) if some else 0)
        for widget in (self.name, self.kind, self.delete):
            widget.setEnabled(writable and some)
        self.draw.setEnabled(writable)
        self.read.setEnabled(writable)
        self.undo.setEnabled(writable and bool(edits.before))
        self.copy.setEnabled(writable and bool(edits.regions))
        self.copy_to_selected.setEnabled(len(self._session.selected_images) > 1)
        self.write.setEnabled(project is not None and bool(project.regions.all()))
        self._redraw()

    def _redraw(self) -> None:
        regions = self._now().regions if self._seen else ()
        self._drawing.show(regions, self.list.currentRow())

    def _on_draw(self, on: bool) -> None:
        if on:
            self.message.setText(HINT)
            self.outline.begin()
        else:
            self.outline.give_up()

    def _on_outline(self, outline: QPolygonF | None) -> None:
        self.message.clear()
        with QSignalBlocker(self.draw):
            self.draw.setChecked(False)
        if outline is None:
            return
        edits = self._now().with_new([(point.x(), point.y()) for point in outline.toList()])
        self._put(edits, len(edits.regions) - 1)

    def _on_name(self) -> None:
        at, name = self.list.currentRow(), self.name.text().strip()
        edits = self._now()
        if name and 0 <= at < len(edits.regions):
            self._put(edits.with_name(at, name), at)

    def _on_kind(self) -> None:
        at = self.list.currentRow()
        if at >= 0:
            self._put(self._now().with_kind(at, self.kind.currentData()), at)

    def _on_delete(self) -> None:
        at = self.list.currentRow()
        if at >= 0:
            self._put(self._now().without(at), max(at - 1, 0))

    def _on_copy(self, images: Sequence[ImageRecord]) -> None:
        image = self._session.current_image
        if image is None:
            return
        size = (image.height, image.width)
        fitting = [each.id for each in images if (each.height, each.width) == size]
        if not self._put_many({number: self._now().regions for number in fitting}):
            return
        others = len(images) - len(fitting)
        words = f"{len(fitting)} images have these regions now; Undo takes that back in each."
        self.message.setText(f"{words} {others} of another size were left out." if others else words)

    def _on_copy_to_all(self) -> None:
        if self._session.project is not None:
            self._on_copy(self._session.project.images.all())

    def _on_read(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Regions", "", f"{GEOJSON};;All files (*)")
        if name:
            self.read_file(Path(name))

    def read_file(self, path: Path) -> None:
        """Take regions of a file for the images it names; those that name none are for the current image."""
        project = self._session.project
        if project is None:
            return
        current = self._session.current_image
        try:
            by_image = regions_in_file(project, path, current.id if current is not None else None)
        except (UserFacingError, OSError) as error:
            self._session.report(error)
            return
        if not self._put_many(by_image):
            return
        count = "1 image" if len(by_image) == 1 else f"{len(by_image):,} images"
        self.message.setText(f"{count} got regions from {path.name}; Undo takes that back in each.")

    def _on_write(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Regions of all images", "regions.geojson", GEOJSON)
        if name:
            self.write_file(Path(name))

    def write_file(self, path: Path) -> None:
        """Write the regions of all images."""
        project = self._session.project
        if project is None:
            return
        try:
            write_project_regions(project, path)
        except (UserFacingError, OSError) as error:
            self._session.report(error)

    def _connect(self) -> None:
        session = self._session
        for signal in (session.project_opened, session.project_closed):
            signal.connect(self._edits.clear)
        for signal in (session.project_opened, session.project_closed, session.current_image_changed):
            signal.connect(self._on_image)
        session.selection_changed.connect(self._show_chosen)
        self.outline.drawn.connect(self._on_outline)
        self.draw.toggled.connect(self._on_draw)
        self.list.currentRowChanged.connect(lambda _: self._show_chosen())
        self.name.editingFinished.connect(self._on_name)
        self.kind.activated.connect(self._on_kind)
        self.delete.clicked.connect(self._on_delete)
        self.undo.clicked.connect(lambda: self._put(self._now().undone(), self.list.currentRow()))
        self.copy_to_selected.triggered.connect(lambda: self._on_copy(session.selected_images))
        self.copy_to_all.triggered.connect(self._on_copy_to_all)
        self._counts.changed.connect(self._show_counts)
        session.current_result_changed.connect(self._count)
        session.results_changed.connect(self._on_results)
        self.read.clicked.connect(self._on_read)
        self.write.clicked.connect(self._on_write)

    def _on_image(self) -> None:
        self.outline.give_up()
        self.message.clear()
        self._show(0)

    @staticmethod
    def _button(text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        return button
