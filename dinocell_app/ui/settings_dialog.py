"""Settings of the application: one page each for running, appearance, storage, models and shortcuts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QKeySequenceEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.settings import ApplicationSettings
from dinocell_app.ui.actions import ACTIONS, PRESETS, conflicting
from dinocell_app.ui.help_here import add_help
from dinocell_app.ui.models.models_page import ModelsPage
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.segment.output_choice import FORMAT_NOTES, FORMAT_TEXTS
from dinocell_app.ui.session import Session
from dinocell_app.ui.storage_page import StoragePage

DEVICES = {
    "auto": "Automatic: the fastest available",
    "cpu": "Processor (CPU)",
    "cuda": "NVIDIA graphics card (CUDA)",
    "mps": "Apple graphics processor",
}
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
OUTLINE_COLOURS = {
    "": "Each cell its own",
    "#ffff00": "Yellow",
    "#00ff00": "Green",
    "#00ffff": "Cyan",
    "#ff00ff": "Magenta",
    "#ffffff": "White",
    "#000000": "Black",
}
PRESET_NAMES = {"cellpose": "As in Cellpose", "napari": "As in napari"}


class SettingsDialog(QDialog):
    """Shows the settings and takes over what was changed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._session = session
        self._before = session.settings
        pages = QTabWidget()
        pages.addTab(self._make_running(), "Running")
        pages.addTab(self._make_appearance(), "Appearance")
        self.storage = StoragePage(session)
        pages.addTab(self.storage, "Storage")
        self.models = ModelsPage(session)
        pages.addTab(self.models, "Models")
        pages.addTab(self._make_shortcuts(), "Shortcuts")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        add_help(self, buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(pages)
        layout.addWidget(buttons)
        self.resize(620, 520)

    def chosen(self) -> ApplicationSettings:
        """Give the settings as the dialog shows them."""
        formats = tuple(
            item.data(Qt.ItemDataRole.UserRole)
            for item in (self.formats.item(i) for i in range(self.formats.count()))
            if item.checkState() == Qt.CheckState.Checked
        )
        fields = {
            "device": self.device.currentData(),
            "threads": self.threads.value(),
            "formats": formats or self._before.formats,
            "theme": self.theme.currentData(),
            "keep_view": self.keep_view.isChecked(),
            "outline_width": self.outline_width.value(),
            "outline_colour": self.outline_colour.currentData(),
            "tell_updates": self.tell_updates.isChecked(),
            "shortcut_preset": self.preset.currentData(),
            "shortcuts": self._changed_shortcuts(),
        }
        return self.storage.chosen().model_copy(update=fields)

    def accept(self) -> None:
        """Take the settings over, unless two actions share a shortcut."""
        clashes = conflicting(
            [(info.key, self._edit(row).keySequence().toString()) for row, info in enumerate(ACTIONS)]
        )
        if clashes:
            texts = {info.key: info.text for info in ACTIONS}
            first, second = clashes[0]
            self.clash.setText(
                f"“{texts[first]}” and “{texts[second]}” have the same shortcut. Change one of them."
            )
            self.clash.show()
            return
        self._session.change_settings(self.chosen())
        super().accept()

    def done(self, result: int) -> None:
        """Close the dialog, and with it what its pages are doing."""
        self.models.close()
        super().done(result)

    def _make_running(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        self.device = _choice(DEVICES, self._before.device, "Device")
        self.threads = QSpinBox(minimum=0, maximum=1024, value=self._before.threads)
        self.threads.setSpecialValueText("All")
        self.threads.setAccessibleName("Processor threads")
        self.threads.setToolTip("Processor threads of a segmentation; fewer leave room for other programs.")
        self.formats = QListWidget()
        self.formats.setAccessibleName("Files of new projects")
        for name, text in FORMAT_TEXTS.items():
            item = QListWidgetItem(text)
            item.setToolTip(FORMAT_NOTES[name])
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            chosen = name in self._before.formats
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
            self.formats.addItem(item)
        form.addRow("Device", self.device)
        form.addRow("Processor threads", self.threads)
        form.addRow("Files of new projects", self.formats)
        self.tell_updates = QCheckBox("Tell me about new versions when the window starts")
        self.tell_updates.setChecked(self._before.tell_updates)
        self.tell_updates.setToolTip(
            "Asks pypi.org for the number of the newest version. Nothing about you or your images is sent, "
            "and nothing is installed."
        )
        form.addRow("", self.tell_updates)
        return page

    def _make_appearance(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        self.theme = _choice(THEMES, self._before.theme, "Colours")
        self.keep_view = QCheckBox("Keep zoom and contrast from image to image")
        self.keep_view.setChecked(self._before.keep_view)
        self.keep_view.setToolTip("Applies to images of the same size.")
        self.outline_width = QSpinBox(minimum=1, maximum=8, value=self._before.outline_width, suffix=" px")
        self.outline_width.setAccessibleName("Width of outlines")
        self.outline_width.setToolTip("Of cells in the viewer; exported overlays have their own.")
        self.outline_colour = _choice(
            {self._before.outline_colour: self._before.outline_colour} | OUTLINE_COLOURS,
            self._before.outline_colour,
            "Colour of outlines",
        )
        form.addRow("Colours", self.theme)
        form.addRow("", self.keep_view)
        form.addRow("Width of outlines", self.outline_width)
        form.addRow("Colour of outlines", self.outline_colour)
        return page

    def _make_shortcuts(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.preset = _choice(PRESET_NAMES, self._before.shortcut_preset, "Shortcuts")
        self.preset.setToolTip("Start from the keys of Cellpose or of napari.")
        self.preset.currentIndexChanged.connect(self._show_preset)
        self.table = QTableWidget(len(ACTIONS), 2)
        self.table.setAccessibleName("Shortcuts of all actions")
        self.table.setTabKeyNavigation(False)  # Tab leaves the table; arrows go through it
        self.table.setHorizontalHeaderLabels(["Action", "Shortcut"])
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(1, 200)
        for row, info in enumerate(ACTIONS):
            item = QTableWidgetItem(f"{info.menu}: {info.text}")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setToolTip(info.tooltip)
            self.table.setItem(row, 0, item)
            edit = QKeySequenceEdit(clearButtonEnabled=True)
            edit.setMaximumSequenceLength(1)
            edit.setAccessibleName(f"Shortcut of {info.text}")
            shortcut = info.shortcut(self._before.shortcut_preset, self._before.shortcuts)
            edit.setKeySequence(QKeySequence(shortcut))
            self.table.setCellWidget(row, 1, edit)
        back = QPushButton("Back to the preset")
        back.setToolTip("Forget all shortcuts you changed.")
        back.clicked.connect(self._show_preset)
        self.clash = plain_label()
        self.clash.setWordWrap(True)
        self.clash.hide()
        layout.addWidget(self.preset)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.clash)
        layout.addWidget(back)
        return page

    def _show_preset(self) -> None:
        for row, info in enumerate(ACTIONS):
            self._edit(row).setKeySequence(QKeySequence(info.shortcut(self.preset.currentData(), {})))

    def _edit(self, row: int) -> QKeySequenceEdit:
        edit = self.table.cellWidget(row, 1)
        if not isinstance(edit, QKeySequenceEdit):
            raise TypeError("the second column holds the shortcuts")
        return edit

    def _changed_shortcuts(self) -> dict[str, str]:
        preset = self.preset.currentData()
        if preset not in PRESETS:
            preset = PRESETS[0]
        chosen = {info.key: self._edit(row).keySequence().toString() for row, info in enumerate(ACTIONS)}
        return {
            info.key: chosen[info.key]
            for info in ACTIONS
            if QKeySequence(chosen[info.key]) != QKeySequence(info.shortcut(preset, {}))
        }


def _choice(options: dict[str, str], current: str, name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in options.items():
        box.addItem(text, value)
    box.setCurrentIndex(box.findData(current))
    return box


def show_dialog(dialog: QDialog) -> None:
    """Show a dialog in front of its window; it is gone when it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.show()
