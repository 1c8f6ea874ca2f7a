"""The style of the application: boxes that are seen on dark windows, too, and labels without markup."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QWidget

from dinocell_app.ui.plain_text import keep_plain

_Element = QStyle.PrimitiveElement
_BOXES = (_Element.PE_IndicatorCheckBox, _Element.PE_IndicatorItemViewItemCheck)
_FRAME_SHARE = 0.7
"""Of the colour of words in the colour of a frame; the rest is the window behind it."""


class IndicatorStyle(QProxyStyle):
    """Qt's Fusion style, whose frames of check boxes and radio buttons are dark even on dark windows."""

    def __init__(self) -> None:
        super().__init__("fusion")

    def polish(self, what: Any) -> Any:  # noqa: ANN401 - three signatures in Qt
        """Prepare a widget before it is shown first: its text is no markup."""
        keep_plain(what)
        return super().polish(what)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw indicators in the colours of words; everything else as Fusion does."""
        if element in _BOXES:
            _draw(option, painter, round_=False)
        elif element == _Element.PE_IndicatorRadioButton:
            _draw(option, painter, round_=True)
        else:
            super().drawPrimitive(element, option, painter, widget)


def frame_colour(palette: QPalette, enabled: bool) -> QColor:
    """Mix the colour of a frame from words and window."""
    group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
    ink, ground = (
        palette.color(group, QPalette.ColorRole.WindowText),
        palette.color(QPalette.ColorRole.Window),
    )
    mixed = (
        round(_FRAME_SHARE * of_ink + (1 - _FRAME_SHARE) * of_ground)
        for of_ink, of_ground in (
            (ink.red(), ground.red()),
            (ink.green(), ground.green()),
            (ink.blue(), ground.blue()),
        )
    )
    return QColor(*mixed)


def _draw(option: QStyleOption, painter: QPainter, *, round_: bool) -> None:
    states, state = QStyle.StateFlag, option.state
    enabled = bool(state & states.State_Enabled)
    group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
    palette = option.palette
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(option.rect.width(), option.rect.height()) - 2
    box = QRectF(0, 0, side, side)
    box.moveCenter(QRectF(option.rect).center())
    chosen = bool(state & (states.State_On | states.State_NoChange))
    fill = palette.color(
        group, QPalette.ColorRole.Highlight if chosen and enabled else QPalette.ColorRole.Base
    )
    focused = bool(state & states.State_HasFocus)
    frame = palette.color(QPalette.ColorRole.Highlight) if focused else frame_colour(palette, enabled)
    painter.setPen(QPen(frame, 1.6 if focused else 1.2))
    painter.setBrush(fill)
    if round_:
        painter.drawEllipse(box)
    else:
        painter.drawRoundedRect(box, 2, 2)
    ink = palette.color(group, QPalette.ColorRole.HighlightedText if enabled else QPalette.ColorRole.Text)
    if state & states.State_NoChange:
        painter.setPen(QPen(ink, 2))
        painter.drawLine(box.center() - QPointF(side / 4, 0), box.center() + QPointF(side / 4, 0))
    elif state & states.State_On and round_:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(box.center(), side / 4, side / 4)
    elif state & states.State_On:
        painter.setPen(QPen(ink, 1.8))
        middle = box.center()
        painter.drawPolyline(
            [middle + QPointF(x * side, y * side) for x, y in ((-0.28, 0.02), (-0.08, 0.22), (0.28, -0.2))]
        )
    painter.restore()
