"""Page of the settings on memory and disk: how much may be used, and where."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from dinocell_app.base.settings import ApplicationSettings
from dinocell_app.project.disk_cache import MEGABYTE, all_caches, size_of, trim
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import start

WITH_PROJECT = "With each project"
OTHER = "Choose a folder…"
EXPLANATION = (
    "Small pictures of images and tables that were read are kept so that a project opens quickly. "
    "They can be removed at any time and are made again."
)


class StoragePage(QWidget):
    """Shows and takes the settings on memory and disk."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        settings = session.settings
        self.memory = QSpinBox(minimum=64, maximum=65536, value=settings.cache_megabytes, suffix=" MB")
        self.memory.setAccessibleName("Memory for images")
        self.memory.setToolTip("Memory for parts of images that were looked at.")
        self.place = QComboBox()
        self.place.setAccessibleName("Cache folder")
        self.place.setToolTip("A fast local disk helps when projects are on a network drive.")
        self.place.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.place.setMinimumContentsLength(30)
        self.place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.place.addItem(WITH_PROJECT, "")
        if settings.cache_folder:
            self._add_place(settings.cache_folder)
        self.place.addItem(OTHER, None)
        self.place.activated.connect(self._on_place)
        self.disk = QSpinBox(
            minimum=50, maximum=1_000_000, value=settings.disk_cache_megabytes, suffix=" MB", singleStep=500
        )
        self.disk.setAccessibleName("Cache size")
        self.disk.setToolTip("What was used longest ago is removed first.")
        self.used = plain_label("")
        self.empty = QPushButton("Empty")
        self.empty.setAccessibleName("Empty the cache")
        self.empty.setToolTip("Remove the cache now; images, results and projects stay.")
        self.empty.clicked.connect(self._empty)
        explanation = plain_label(EXPLANATION)
        explanation.setWordWrap(True)
        used = QHBoxLayout()
        used.addWidget(self.used, 1)
        used.addWidget(self.empty)
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow("Memory for images", self.memory)
        form.addRow(explanation)
        form.addRow("Cache folder", self.place)
        form.addRow("Cache size", self.disk)
        form.addRow("Used now", used)
        self._measure()

    def chosen(self) -> ApplicationSettings:
        """Give the settings with what this page shows."""
        return self._session.settings.model_copy(
            update={
                "cache_megabytes": self.memory.value(),
                "cache_folder": self.place.currentData() or "",
                "disk_cache_megabytes": self.disk.value(),
            }
        )

    def choose_place(self, folder: Path) -> None:
        """Show a folder as the place of the cache."""
        self._add_place(str(folder))
        self.place.setCurrentIndex(1)

    def _add_place(self, folder: str) -> None:
        if self.place.count() > 1 and self.place.itemData(1):
            self.place.removeItem(1)
        self.place.insertItem(1, f"In {folder}", folder)
        self.place.setCurrentIndex(1)

    def _on_place(self, index: int) -> None:
        if self.place.itemText(index) != OTHER:
            return
        folder = QFileDialog.getExistingDirectory(self, "Folder for the cache of all projects")
        if folder:
            self.choose_place(Path(folder))
        else:
            kept = self.place.findData(self._session.settings.cache_folder)
            self.place.setCurrentIndex(max(0, kept))

    def _measure(self) -> None:
        cache = self._session.disk_cache()
        self.empty.setEnabled(cache is not None and cache.writable)
        if cache is None:
            self.used.setText("Open a project to see it.")
            return
        caches = all_caches(cache, self._session.settings.cache_folder)
        start(partial(size_of, caches), self._show_size, self._session.report, owner=self)

    def _show_size(self, size: int) -> None:
        self.used.setText(f"{size / MEGABYTE:,.1f} MB")

    def _empty(self) -> None:
        cache = self._session.disk_cache()
        if cache is None:
            return
        self.empty.setEnabled(False)
        caches = all_caches(cache, self._session.settings.cache_folder)
        start(partial(trim, caches, 0), self._on_emptied, self._session.report, owner=self)

    def _on_emptied(self, _freed: int) -> None:
        self._measure()
