"""The left side of the Export dialog: what, which images, which columns and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.reexport.export_choice import (
    AUDIT,
    CELLPROFILER,
    COLUMNS,
    IMAGES,
    METHODS,
    REGIONS,
    RUN_TABLES,
    Existing,
    ExportChoice,
    Which,
)
from dinocell_app.ui.export.check_list import CheckList
from dinocell_app.ui.segment.output_choice import FORMAT_NOTES

WHAT_TEXTS = {
    "labels": "Masks: label images (TIFF)",
    "overlay": "Overlays: cells drawn on the image (PNG)",
    "csv": "Tables of cells (CSV)",
    "parquet": "Tables of cells (Parquet)",
    "roi": "Regions for ImageJ (ROI zip)",
    "geojson": "Detections for QuPath (GeoJSON)",
    "coco": "Instance masks (COCO JSON)",
    "cellpose": "Masks for Cellpose (_seg.npy)",
    "ome-zarr": "Image with labels (OME-Zarr)",
    "sidecar": "How each result was made (JSON)",
    IMAGES: "Table of images (images.csv)",
    REGIONS: "Cells and density by region (regions.csv)",
    COLUMNS: "What the columns mean (columns.csv)",
    METHODS: "Methods paragraph (methods.txt)",
    CELLPROFILER: "All cells with CellProfiler's names of columns (cellprofiler.csv)",
    AUDIT: "Precision and recall of audits (audit.json)",
}
"""Everything that can be written, as people read it."""


class ExportForm(QWidget):
    """Choices of an export."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = ExportChoice()
        self._all_columns = True
        self.results = QComboBox()
        self.results.setAccessibleName("Results of")
        self.results.setToolTip("Results are kept under the name of the preset they were made with.")
        self.which = QComboBox()
        self.which.setAccessibleName("Images")
        self.what = CheckList("What to export")
        self.columns = CheckList("Columns of the tables of cells")
        self.combined = QCheckBox("One table for all images, too")
        self.combined.setToolTip("Also puts tables of cells, and COCO masks, of all images into one file.")
        self.folder = QLineEdit()
        self.folder.setAccessibleName("Folder")
        self.folder.setPlaceholderText("Folder to write to")
        self.folder.setToolTip("The folder that the files are written to.")
        self.browse = QPushButton("Browse…")
        self.browse.setToolTip("Choose the folder to write to.")
        self.replace = QCheckBox("Replace files that exist")
        self.replace.setToolTip("Without it, files that exist are kept and all others are written.")
        self.tabs = QTabWidget()
        self._lay_out()
        self._connect()

    def choice(self) -> ExportChoice:
        """Give the choices."""
        ticked = self.what.ticked()
        # No columns at all would read as all of them; rows are known by their label in any case.
        columns = () if self._all_columns else self.columns.ticked() or ("label",)
        existing: Existing = "replace" if self.replace.isChecked() else "keep"
        which: Which = self.which.currentData() or "all"
        return replace(
            self._base,
            set_name=str(self.results.currentData() or ""),
            which=which,
            formats=tuple(kind for kind in ticked if kind not in RUN_TABLES),
            run_tables=tuple(kind for kind in ticked if kind in RUN_TABLES),
            combined=self.combined.isChecked(),
            columns=columns,
            folder=self.folder.text().strip(),
            existing=existing,
        )

    def set_choice(self, choice: ExportChoice, sets: Sequence[str], counts: dict[str, int]) -> None:
        """Show choices without reporting a change.

        Parameters
        ----------
        sets : sequence of str
            Names of results there are.
        counts : dict of str to int
            Selected and current images, by "selected" and "current".
        """
        self._base = choice
        self._all_columns = not choice.columns
        with QSignalBlocker(self.results), QSignalBlocker(self.which), QSignalBlocker(self.combined):
            self.results.clear()
            for name in sets:
                self.results.addItem(name, name)
            self.results.setCurrentIndex(max(self.results.findData(choice.set_name), 0))
            self.which.clear()
            self.which.addItem("All images with these results", "all")
            if counts.get("selected"):
                self.which.addItem(f"Selected images ({counts['selected']:,})", "selected")
            if counts.get("current"):
                self.which.addItem("The current image", "current")
            self.which.setCurrentIndex(max(self.which.findData(choice.which), 0))
            self.combined.setChecked(choice.combined)
        self.what.offer(WHAT_TEXTS, (*choice.formats, *choice.run_tables))
        self.what.explain(FORMAT_NOTES)
        with QSignalBlocker(self.folder), QSignalBlocker(self.replace):
            self.folder.setText(choice.folder)
            self.replace.setChecked(choice.existing == "replace")

    def offer_columns(self, columns: Sequence[str]) -> None:
        """Show the columns that the tables have."""
        chosen = columns if self._all_columns else self._base.columns
        self.columns.offer({name: name for name in columns}, chosen)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Results of", self.results)
        form.addRow("Images", self.which)
        what = QWidget()
        column = QVBoxLayout(what)
        column.addWidget(self.what)
        column.addWidget(self.combined)
        self.tabs.addTab(what, "What")
        self.tabs.addTab(self.columns, "Columns")
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        below = QFormLayout()
        below.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        below.addRow("Folder", place)
        below.addRow("", self.replace)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(below)

    def _connect(self) -> None:
        self.results.currentIndexChanged.connect(lambda: self.changed.emit())
        self.which.currentIndexChanged.connect(lambda: self.changed.emit())
        self.what.changed.connect(self.changed)
        self.columns.changed.connect(self._on_columns_changed)
        self.combined.toggled.connect(lambda: self.changed.emit())
        self.folder.textChanged.connect(lambda: self.changed.emit())
        self.replace.toggled.connect(lambda: self.changed.emit())
        self.browse.clicked.connect(self._on_browse)

    def _on_columns_changed(self) -> None:
        self._all_columns = len(self.columns.ticked()) == self.columns.list.count()
        self.changed.emit()

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder to write to", self.folder.text())
        if folder:
            self.folder.setText(folder)
