"""The docks around the image and the results: where they stand at first, and where a person put them."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QScrollArea, QWidget

from dinocell_app.ui.dock_title import DockTitle
from dinocell_app.ui.panels import Panels

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea
_RIGHT_TABS = ("segment", "references", "review", "regions")
_SIDES, _BELOW_HEIGHT = (236, 340), 190
"""Pixels at first: width of the images and of what to do with them, height of the queue."""


class Docks:
    """Images on the left; Segment, Reference cells, Review, Regions on the right; the queue below."""

    def __init__(self, window: QMainWindow, panels: Panels) -> None:
        self._window = window
        self._shown = False
        self._places = QByteArray()
        self.by_key = {
            "images": self._add("images", "Images", panels.images, _LEFT),
            "segment": self._add("segment", "Segment", panels.segment, _RIGHT),
            "references": self._add("references", "References", panels.references, _RIGHT),
            "review": self._add("review", "Review", panels.review, _RIGHT),
            "regions": self._add("regions", "Regions", _scrolling(panels.regions), _RIGHT),
            "queue": self._add("queue", "Queue", _scrolling(panels.queue), _BELOW),
        }
        self.by_key["references"].visibilityChanged.connect(panels.references.set_seen)
        self.by_key["regions"].visibilityChanged.connect(panels.regions.set_seen)
        window.setDockNestingEnabled(True)
        window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        window.setCorner(Qt.Corner.BottomLeftCorner, _BELOW)
        self._open = [key for key in self.by_key if key != "queue"]
        self._before_maximising: list[str] | None = None
        self._front: list[str] = []
        self._laid_out = False
        self._hide()

    def show(self, key: str) -> None:
        """Bring a dock to the front."""
        self.by_key[key].show()
        self.by_key[key].raise_()

    def toggle_queue(self) -> None:
        """Show the queue or hide it; it is a line of the status bar all the time."""
        queue = self.by_key["queue"]
        queue.setVisible(queue.isHidden())
        if queue.height() < _BELOW_HEIGHT and not queue.isFloating():
            self._window.resizeDocks([queue], [_BELOW_HEIGHT], Qt.Orientation.Vertical)

    @property
    def maximised(self) -> bool:
        """Whether one part of the window has all the room."""
        return self._before_maximising is not None

    def maximise(self, key: str = "") -> None:
        """Give a dock all the room, or the middle of the window; called again, put all back.

        Parameters
        ----------
        key : str
            Of the dock; empty for the middle.
        """
        centre = self._centre()
        if self._before_maximising is not None:
            opened, self._before_maximising = self._before_maximising, None
            for each in opened:
                self.by_key[each].show()
            for each in self._front:
                self.by_key[each].raise_()
            centre.show()
        else:
            self._note_open()
            self._before_maximising = self._open
            for each, dock in self.by_key.items():
                dock.setVisible(each == key)
            centre.setVisible(not key)
        for each, dock in self.by_key.items():
            title = dock.titleBarWidget()
            if isinstance(title, DockTitle):
                title.show_maximised(self.maximised and each == key)

    def show_all(self, shown: bool) -> None:
        """Show the docks where they were last, or hide them all on the welcome page."""
        if shown == self._shown:
            return
        if self.maximised:
            self.maximise()
        self._shown = shown
        if not shown:
            self._places = self._window.saveState()
            self._note_open()
            self._hide()
            return
        if not self._laid_out:
            self._lay_out()
            return
        for key in self._open:
            self.by_key[key].show()
        # Restored a second time, Qt would leave bars of tabs behind that belong to nothing.
        for key in self._front:
            self.by_key[key].raise_()

    def places(self) -> str:
        """Write down where the docks are.

        Returns
        -------
        str
            Empty when they were never shown.
        """
        if self.maximised:
            self.maximise()
        state = self._window.saveState() if self._shown else self._places
        return bytes(state.toBase64().data()).decode("ascii")

    def put_back(self, places: str) -> None:
        """Use places that were written down, from the next time that docks are shown."""
        self._places = QByteArray.fromBase64(places.encode("ascii"))

    def _add(self, key: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(key)
        dock.setWidget(widget)
        bar = DockTitle(dock)
        bar.maximise_asked.connect(lambda: self.maximise(key))
        dock.setTitleBarWidget(bar)
        self._window.addDockWidget(area, dock)
        return dock

    def _lay_out(self) -> None:
        self._laid_out = True
        before = ""
        for key in self._open:
            self.by_key[key].show()
            # Not before they are shown: Qt would leave a bar of tabs behind that belongs to nothing. And at
            # once: all above each other they would make a small window higher.
            if before and key in _RIGHT_TABS:
                self._window.tabifyDockWidget(self.by_key[before], self.by_key[key])
            before = key if key in _RIGHT_TABS else before
        if self._places.isEmpty() or not self._window.restoreState(self._places):
            self._arrange()

    def _arrange(self) -> None:
        sides = [self.by_key["images"], self.by_key["segment"]]
        self._window.resizeDocks(sides, list(_SIDES), Qt.Orientation.Horizontal)
        self.by_key["segment"].raise_()

    def _centre(self) -> QWidget:
        centre = self._window.centralWidget()
        if centre is None:
            raise RuntimeError("the window has no middle yet")
        return centre

    def _note_open(self) -> None:
        self._front = [key for key, dock in self.by_key.items() if not dock.visibleRegion().isEmpty()]
        self._open = [key for key, dock in self.by_key.items() if not dock.isHidden()]

    def _hide(self) -> None:
        for dock in self.by_key.values():
            dock.hide()


def _scrolling(widget: QWidget) -> QScrollArea:
    """Let a wide panel fit a small screen."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(widget)
    return area
