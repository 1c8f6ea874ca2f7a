"""First page: which pictures there are to teach, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.training_plan.examined_pictures import Finding, Picture
from dinocell_app.training_plan.training_plan import TrainingPlan
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.training.fitted_picture import FittedPicture

EXPLANATION = (
    "Folders with images and their masks, as in x.tif and x_masks.tif, images and masks in folders of these "
    "names, Cellpose's _seg.npy, ImageJ regions or COCO. Every image is looked at before anything is taught."
)
MARKS = {"stops": "✕", "warns": "⚠", "tells": "ℹ"}
_HEADERS = ("Image", "Cells", "Diameter (px)", "State")


class PicturesPage(QWidget):
    """Folders, the pictures in them, and what the data-set doctor says."""

    folders_chosen = Signal(object)
    """Folders, a tuple of Path."""
    look_asked = Signal()
    corrected_asked = Signal()
    """The project's corrected images are wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = TrainingPlan()
        explanation = plain_label(EXPLANATION)
        explanation.setWordWrap(True)
        self.folders = QListWidget()
        self.folders.setAccessibleName("Folders of labelled images")
        self.folders.setToolTip("They are searched with all folders in them.")
        self.folders.setMaximumHeight(76)
        self.add = QPushButton("Add folder…")
        self.add.setToolTip("Choose a folder of images with masks.")
        self.corrected = QPushButton("Approved images")
        self.corrected.setToolTip("Take the images of this project that are approved.")
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Leave the chosen folder out; its files stay.")
        self.look = QPushButton("Look again")
        self.look.setToolTip("Look at all images once more, after you mended something.")
        self.state = plain_label()
        self.state.setWordWrap(True)
        self.table = QTableWidget(0, len(_HEADERS))
        self.table.setAccessibleName("Labelled images")
        self.table.setHorizontalHeaderLabels(list(_HEADERS))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 60), (2, 100), (3, 130)):
            header.resizeSection(column, width)
        self.picture = FittedPicture("Choose an image to see it with its cells.")
        self.findings = QListWidget()
        self.findings.setAccessibleName("What the doctor found")
        self.findings.setWordWrap(True)
        self.findings.setSpacing(2)
        self.findings.setToolTip("What was found, and what to do about it.")
        self._lay_out(explanation)
        self.add.clicked.connect(self._on_add)
        self.corrected.clicked.connect(self.corrected_asked)
        self.remove.clicked.connect(self._on_remove)
        self.look.clicked.connect(self.look_asked)
        self.table.currentCellChanged.connect(lambda row, *_: self._show_picture(row))
        self.findings.currentRowChanged.connect(self._go_to_picture)

    def show_plan(self, plan: TrainingPlan, *, looking: bool) -> None:
        """Show what is chosen and what was found.

        Parameters
        ----------
        looking : bool
            Whether pictures are being looked at.
        """
        before, self._plan = self._plan, plan
        if plan.folders != before.folders or not self.folders.count():
            self.folders.clear()
            self.folders.addItems([str(folder) for folder in plan.folders])
        self.remove.setEnabled(bool(plan.folders))
        self.look.setEnabled(bool(plan.folders) and not looking)
        self.state.setText(self._sentence(plan, looking))
        if plan.pictures != before.pictures:
            self._fill_table(plan)
        if plan.findings != before.findings:
            self._fill_findings(plan)

    def _sentence(self, plan: TrainingPlan, looking: bool) -> str:
        if looking:
            return f"Looking at the images … {len(plan.pictures):,} so far"
        problem = plan.problem_of_pictures()
        if problem:
            return problem
        cells = sum(picture.n_cells for picture in plan.usable)
        words = f"{len(plan.usable):,} images with {cells:,} cells can be used"
        others = len(plan.pictures) - len(plan.usable)
        return f"{words}, {others:,} cannot." if others else f"{words}."

    def _fill_table(self, plan: TrainingPlan) -> None:
        worst = _worst(plan.findings)
        self.table.setRowCount(len(plan.pictures))
        for row, picture in enumerate(plan.pictures):
            diameter = f"{picture.diameter_px:.0f}" if picture.diameter_px else ""
            texts = (picture.image.name, f"{picture.n_cells:,}", diameter, _state(picture, worst))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column in (1, 2):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(f"{picture.image}\nwith {picture.labels}" if column == 0 else text)
                self.table.setItem(row, column, item)
        if plan.pictures and self.table.currentRow() < 0:
            self.table.setCurrentCell(0, 0)

    def _fill_findings(self, plan: TrainingPlan) -> None:
        self.findings.clear()
        order = list(MARKS)
        for finding in sorted(plan.findings, key=lambda each: order.index(each.severity)):
            mark = MARKS.get(finding.severity, "")
            item = QListWidgetItem(f"{mark} {finding.sentence}. {finding.remedy}.")
            item.setData(Qt.ItemDataRole.UserRole, str(finding.images[0]) if finding.images else "")
            self.findings.addItem(item)

    def _show_picture(self, row: int) -> None:
        pictures = self._plan.pictures
        overlay = pictures[row].overlay if 0 <= row < len(pictures) else None
        self.picture.show_file(overlay)

    def _go_to_picture(self, row: int) -> None:
        item = self.findings.item(row)
        wanted = item.data(Qt.ItemDataRole.UserRole) if item is not None else ""
        for number, picture in enumerate(self._plan.pictures):
            if wanted and str(picture.image) == wanted:
                self.table.setCurrentCell(number, 0)

    def _on_add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of images with masks")
        if folder:
            self.folders_chosen.emit((*self._plan.folders, Path(folder)))

    def _on_remove(self) -> None:
        row = max(self.folders.currentRow(), 0)
        self.folders_chosen.emit(
            tuple(folder for number, folder in enumerate(self._plan.folders) if number != row)
        )

    def _lay_out(self, explanation: QLabel) -> None:
        buttons = QVBoxLayout()
        for button in (self.add, self.corrected, self.remove, self.look):
            buttons.addWidget(button)
        buttons.addStretch(1)
        top = QHBoxLayout()
        top.addWidget(self.folders, 1)
        top.addLayout(buttons)
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.table)
        left.addWidget(self.findings)
        left.setSizes([260, 150])
        parts = QSplitter()
        parts.addWidget(left)
        parts.addWidget(self.picture)
        parts.setSizes([560, 360])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(explanation)
        layout.addLayout(top)
        layout.addWidget(self.state)
        layout.addWidget(parts, 1)


def _worst(findings: tuple[Finding, ...]) -> dict[Path, str]:
    """Give the gravest mark of each picture."""
    order = list(MARKS)
    worst: dict[Path, str] = {}
    for finding in findings:
        for image in finding.images:
            if image not in worst or order.index(finding.severity) < order.index(worst[image]):
                worst[image] = finding.severity
    return worst


def _state(picture: Picture, worst: dict[Path, str]) -> str:
    if not picture.usable:
        return "✕ Cannot be used"
    severity = worst.get(picture.image, "")
    if picture.is_binary:
        return "⚠ Black and white"
    return {"warns": "⚠ See below", "stops": "⚠ See below", "tells": "ℹ See below"}.get(severity, "✓ Fine")
