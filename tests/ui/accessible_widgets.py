"""What takes input in a window, how a screen reader names it, and the way of the Tab key through it."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTextBrowser,
    QTextEdit,
    QToolBar,
    QWidget,
)

from dinocell_app.ui.viewer.picture_view import PictureView

KINDS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    PictureView,
)
_PARTS_OF_QT = (QHeaderView, QScrollBar, QMenu)
_COMPOSITES = (QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QTabBar, QMenu)


def controls(root: QWidget) -> list[QWidget]:
    """List what takes input in a part of a window, without what Qt puts into its own widgets."""
    return [widget for widget in root.findChildren(QWidget) if isinstance(widget, KINDS) and _is_own(widget)]


def _is_own(widget: QWidget) -> bool:
    name = widget.objectName()
    if isinstance(widget, _PARTS_OF_QT) or name.startswith(("qt_", "Scroll")):
        return False
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, _COMPOSITES):
            return False
        if isinstance(parent, QDockWidget) and widget is not parent.widget() and widget.parent() is parent:
            return False
        parent = parent.parentWidget()
    # The tabs that stacked docks share have no owner among the panels.
    return not (isinstance(widget, QTabBar) and widget.parent() is widget.window())


def said_name(widget: QWidget) -> str:
    """Give what a screen reader says: name, text, or the label it belongs to."""
    if widget.accessibleName():
        return widget.accessibleName()
    if isinstance(widget, QAbstractButton) and widget.text():
        return widget.text()
    if isinstance(widget, QTabBar):
        return ", ".join(widget.tabText(at) for at in range(widget.count()))
    for label in widget.window().findChildren(QLabel):
        if label.buddy() is widget:
            return label.text()
    return ""


def explanation(widget: QWidget) -> str:
    """Give what a person is told about it: its tooltip, its own words, or those of the label before it."""
    words = widget.toolTip()
    if isinstance(widget, QAbstractButton):
        words = words or (widget.text() if len(widget.text()) > 1 else "")
    if isinstance(widget, QTabBar | QAbstractItemView | QTextEdit | QPlainTextEdit | PictureView):
        words = words or said_name(widget)
    for label in widget.window().findChildren(QLabel):
        if label.buddy() is widget:
            words = words or label.text()
    return words


def describe(widget: QWidget) -> str:
    """Say which widget is meant, for the message of a test."""
    parents, parent = [], widget.parentWidget()
    while parent is not None and len(parents) < 3:
        if type(parent).__module__.startswith("dinocell_app"):
            parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    text = said_name(widget) or widget.toolTip() or widget.objectName()
    return f"{type(widget).__name__} “{text[:40]}” in {' in '.join(parents)}"


def reachable(widget: QWidget) -> bool:
    """Tell whether the Tab key should come here now."""
    if isinstance(widget, QAbstractButton) and widget.autoExclusive() and not widget.isChecked():
        return False  # arrows choose among radio buttons
    toolbar = isinstance(widget.parent(), QToolBar)  # its actions are in the menus
    return widget.isVisible() and widget.isEnabled() and not toolbar


def walk(window: QWidget, first: QWidget, longest: int = 400) -> list[QWidget]:
    """Press Tab from a widget until it comes round; one place too often is a trap and ends the walk.

    A page of text keeps the focus while Tab goes from one of its links to the next.
    """
    first.setFocus(Qt.FocusReason.TabFocusReason)
    order: list[QWidget] = []
    links: set[int] = set()
    for _ in range(longest):
        at = QApplication.focusWidget()
        on_link = isinstance(at, QTextBrowser) and at.textCursor().hasSelection()
        new_link = on_link and at.textCursor().position() not in links
        if at is None or (at in order and not new_link):
            break
        if on_link:
            links.add(at.textCursor().position())
        if at not in order:
            order.append(at)
        QTest.keyClick(at, Qt.Key.Key_Tab)
        QApplication.processEvents()
    return order


def place(widget: QWidget, other: QWidget, root: QWidget) -> QRect:
    """Give the place of a widget, or of the scrolled area it is in when the other one is not in it."""
    shown = parent = widget
    while parent is not root:
        if isinstance(parent, QScrollArea) and not parent.isAncestorOf(other):
            shown = parent
        parent = parent.parentWidget()
    return QRect(shown.mapTo(root, QPoint(0, 0)), shown.size())


def backward_steps(order: list[QWidget], root: QWidget) -> list[tuple[QWidget, QWidget]]:
    """Find neighbours of the Tab order that go up, or to the left in a row, without starting a new column."""
    wrong = []
    for before, after in pairwise(order):
        here, there = place(before, after, root), place(after, before, root)
        same_row = min(here.bottom(), there.bottom()) - max(here.top(), there.top()) > 0.5 * min(
            here.height(), there.height()
        )
        left = same_row and there.center().x() < here.center().x()
        up = not same_row and there.center().y() < here.center().y() and there.left() < here.right()
        if left or up:
            wrong.append((before, after))
    return wrong


def topmost(widgets: list[QWidget], root: QWidget) -> QWidget:
    """Give the widget that is read first."""
    return min(widgets, key=lambda w: (w.mapTo(root, QPoint(0, 0)).y() // 8, w.mapTo(root, QPoint(0, 0)).x()))
