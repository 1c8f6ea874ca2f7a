"""The form of the Segment dock: every setting of a segmentation, as one frozen object in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGroupBox, QHBoxLayout, QVBoxLayout, QWidget

from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import declared
from dinocell_app.segmentation_plan.image_choices import (
    DEVICES,
    Choice,
    channel_choices,
    channel_problem,
    plane_choices,
)
from dinocell_app.ui.plain_text import plain_label
from dinocell_app.ui.segment.cell_size_edit import CellSizeEdit
from dinocell_app.ui.segment.confidence_edit import ConfidenceEdit
from dinocell_app.ui.segment.model_choice import ModelChoice
from dinocell_app.ui.segment.output_choice import OutputChoice
from dinocell_app.ui.segment.smallest_cell_edit import SmallestCellEdit
from dinocell_app.ui.segment.threshold_edit import ThresholdEdit

if TYPE_CHECKING:
    from dinocell_app.project.records import ImageRecord


class SettingsForm(QWidget):
    """All settings of a segmentation."""

    changed = Signal()
    """Any setting was changed by hand."""

    decoding_changed = Signal()
    """A threshold was changed, which needs no network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = SegmentSettings()
        self._image: ImageRecord | None = None
        self.model = ModelChoice()
        self.device = _list("device")
        _fill(self.device, DEVICES, "auto")
        self.channel = _list("channel")
        self.channel_remark = plain_label()
        self.channel_remark.setWordWrap(True)
        self.plane = _list("plane")
        self.cell_size = CellSizeEdit()
        self.cell_probability = ThresholdEdit(
            "cell_probability_threshold", ("more cells, larger", "fewer, smaller")
        )
        self.flow_threshold = ThresholdEdit(
            "flow_threshold", ("0: off, low: strict", "more cells"), 2.0, 0.05
        )
        self.confidence = ConfidenceEdit()
        self.smallest_cell = SmallestCellEdit()
        words = declared(SegmentSettings)["careful"].setting
        self.careful = QCheckBox(words.label)
        self.careful.setToolTip(words.help)
        self.outputs = OutputChoice()
        self._lay_out()
        self._connect()
        self.set_settings(self._base)

    def settings(self) -> SegmentSettings:
        """Give the settings."""
        return self._base.model_copy(
            update={
                "model": self.model.model(),
                "device": str(self.device.currentData()),
                "channel": str(self.channel.currentData() or self._base.channel),
                "plane": str(self.plane.currentData() or self._base.plane),
                "diameter": self.cell_size.cell_size(),
                "cell_probability_threshold": self.cell_probability.value(),
                "flow_threshold": self.flow_threshold.value(),
                "min_size": self.smallest_cell.area(),
                "min_confidence": self.confidence.value(),
                "formats": self.outputs.formats(),
                "texture": self.outputs.texture.isChecked(),
                "careful": self.careful.isChecked(),
            }
        )

    def set_settings(self, settings: SegmentSettings) -> None:
        """Show settings without reporting a change."""
        self._base = settings
        self.model.set_model(settings.model)
        _fill(self.device, _devices(settings.device), settings.device)
        self._fill_image_choices(settings.channel, settings.plane)
        self.cell_size.set_cell_size(settings.diameter)
        self.cell_probability.set_value(settings.cell_probability_threshold)
        self.flow_threshold.set_value(settings.flow_threshold)
        self.confidence.follow(settings.cell_probability_threshold)
        self.confidence.set_value(settings.min_confidence)
        self.smallest_cell.set_area(settings.min_size)
        self.outputs.set_formats(settings.formats)
        for box, is_on in ((self.outputs.texture, settings.texture), (self.careful, settings.careful)):
            with QSignalBlocker(box):
                box.setChecked(is_on)
        self._refresh_thresholds()

    def set_image(self, image: ImageRecord | None, pixel_size_um: float | None) -> None:
        """Offer what the current image has; the choices made stay.

        Parameters
        ----------
        pixel_size_um : float or None
            In effect for the image.
        """
        self._image = image
        self.cell_size.set_pixel_size(pixel_size_um)
        self.smallest_cell.set_pixel_size(pixel_size_um)
        self._fill_image_choices(
            str(self.channel.currentData() or self._base.channel),
            str(self.plane.currentData() or self._base.plane),
        )

    def _fill_image_choices(self, channel: str, plane: str) -> None:
        _fill(self.channel, channel_choices(self._image, channel), channel)
        _fill(self.plane, plane_choices(self._image, plane), plane)
        self._refresh_channel_remark()

    def _refresh_channel_remark(self) -> None:
        problem = channel_problem(self._image, str(self.channel.currentData() or ""))
        self.channel_remark.setText(problem)
        self.channel_remark.setVisible(bool(problem))

    def _refresh_thresholds(self) -> None:
        card = self.model.card()
        has_flows = card is None or card.has_flows
        self.cell_probability.setEnabled(has_flows)
        self.flow_threshold.setEnabled(has_flows)
        self.confidence.setEnabled(has_flows)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_group("Model", [("", self.model), ("device", self.device), ("", self.careful)]))
        image_rows = [("channel", self.channel), ("", self.channel_remark), ("plane", self.plane)]
        layout.addWidget(_group("Image", image_rows))
        layout.addWidget(_group("Cell size", [("", self.cell_size)]))
        thresholds = QGroupBox("Thresholds")
        column = QVBoxLayout(thresholds)
        column.setContentsMargins(8, 6, 8, 6)
        for name, editor in (
            ("cell_probability_threshold", self.cell_probability),
            ("flow_threshold", self.flow_threshold),
            ("min_confidence", self.confidence),
            ("min_size", self.smallest_cell),
        ):
            column.addWidget(plain_label(declared(SegmentSettings)[name].text))
            column.addWidget(editor)
        layout.addWidget(thresholds)
        layout.addWidget(_group("Written for each image", [("", self.outputs)]))
        layout.addStretch(1)

    def _connect(self) -> None:
        self.model.changed.connect(self._refresh_thresholds)
        self.cell_probability.value_changed.connect(self.confidence.follow)
        self.channel.currentIndexChanged.connect(self._refresh_channel_remark)
        for signal in (
            self.model.changed,
            self.device.currentIndexChanged,
            self.careful.toggled,
            self.channel.currentIndexChanged,
            self.plane.currentIndexChanged,
            self.cell_size.changed,
            self.outputs.changed,
        ):
            signal.connect(self._report)
        for signal in (
            self.cell_probability.value_changed,
            self.flow_threshold.value_changed,
            self.confidence.changed,
            self.smallest_cell.changed,
        ):
            signal.connect(self._report_decoding)

    def _report(self) -> None:
        self.changed.emit()

    def _report_decoding(self) -> None:
        self.changed.emit()
        self.decoding_changed.emit()


def _devices(chosen: str) -> tuple[Choice, ...]:
    if any(device.value == chosen for device in DEVICES):
        return DEVICES
    return (*DEVICES, Choice(chosen, f"GPU {chosen}"))


def _list(name: str) -> QComboBox:
    words = declared(SegmentSettings)[name].setting
    box = QComboBox()
    box.setAccessibleName(words.label)
    box.setToolTip(words.help)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def _fill(box: QComboBox, choices: Sequence[Choice], chosen: str) -> None:
    with QSignalBlocker(box):
        box.clear()
        for choice in choices:
            box.addItem(choice.text, choice.value)
        index = next((i for i, c in enumerate(choices) if c.value.casefold() == chosen.casefold()), 0)
        box.setCurrentIndex(index)


def _group(title: str, rows: Sequence[tuple[str, QWidget]]) -> QGroupBox:
    group = QGroupBox(title)
    column = QVBoxLayout(group)
    column.setContentsMargins(8, 6, 8, 6)
    for name, widget in rows:
        # A form gives labels that wrap the height of one line when their text comes later; a column does not.
        if not name:
            column.addWidget(widget)
            continue
        row = QHBoxLayout()
        label = plain_label(declared(SegmentSettings)[name].text)
        label.setBuddy(widget)
        row.addWidget(label)
        row.addWidget(widget, 1)
        column.addLayout(row)
    return group
