"""Which files a run writes for each image; more can be exported later without segmenting again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QMenu, QToolButton, QVBoxLayout, QWidget

from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import declared

FORMAT_TEXTS = {
    "labels": "Label image (TIFF)",
    "overlay": "Overlay picture (PNG)",
    "csv": "Table of cells (CSV)",
    "roi": "ImageJ regions (ROI zip)",
    "geojson": "QuPath detections (GeoJSON)",
    "coco": "COCO masks (JSON)",
    "cellpose": "Cellpose masks and flows (_seg.npy)",
    "ome-zarr": "Image with labels (OME-Zarr)",
    "parquet": "Table of cells (Parquet)",
}
"""Formats by their names in jobs, as people read them."""

FORMAT_NOTES = {
    "labels": "Every cell has a number, 0 is background. It looks black in a picture viewer: that is normal, "
    "the numbers are small. The overlay is the picture to look at.",
    "overlay": "The image with its cells in colours, to look at.",
    "csv": "One row for each cell, for spreadsheets and R.",
    "roi": "For ImageJ and Fiji: open it in the ROI Manager.",
    "geojson": "For QuPath: drop it on the image.",
    "coco": "For programs that read COCO annotations.",
    "cellpose": "For Cellpose, which opens it beside the image.",
    "ome-zarr": "For napari and other programs that read large images in parts.",
    "parquet": "One row for each cell, for Python and R; smaller and quicker than CSV.",
}
"""What a format is for, as tooltips say it."""

NEEDED = ("labels", "csv")
"""The window shows results by these two, so runs started here always write them."""


class OutputChoice(QWidget):
    """Choice of result files and of slow measurements."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setToolTip(
            "Files that a run writes for each image. Label images and tables are always written; "
            "everything else can also be exported later."
        )
        self.menu = QMenu(self.button)
        self.menu.setToolTipsVisible(True)
        self.entries: dict[str, QAction] = {}
        for name, text in FORMAT_TEXTS.items():
            entry = self.menu.addAction(text)
            entry.setCheckable(True)
            entry.setToolTip(FORMAT_NOTES[name])
            entry.toggled.connect(self._on_toggled)
            if name in NEEDED:
                entry.setEnabled(False)
                entry.setToolTip("Always written: the window shows results from it.")
            self.entries[name] = entry
        self.button.setMenu(self.menu)
        words = declared(SegmentSettings)["texture"].setting
        self.texture = QCheckBox(words.label)
        self.texture.setToolTip(words.help)
        self.texture.toggled.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addWidget(self.texture)
        self.set_formats(NEEDED)

    def formats(self) -> tuple[str, ...]:
        """Give the chosen formats.

        Returns
        -------
        tuple of str
            In the order of jobs.
        """
        return tuple(name for name, entry in self.entries.items() if entry.isChecked())

    def set_formats(self, formats: tuple[str, ...]) -> None:
        """Show formats without reporting a change."""
        for name, entry in self.entries.items():
            entry.blockSignals(True)
            entry.setChecked(name in formats or name in NEEDED)
            entry.blockSignals(False)
        self._refresh()

    def _on_toggled(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        n_chosen = len(self.formats())
        self.button.setText(f"{n_chosen} kinds of files")
        names = ", ".join(FORMAT_TEXTS[name] for name in self.formats())
        self.button.setAccessibleName(f"Files to write: {names}")
