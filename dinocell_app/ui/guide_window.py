"""The user guide inside the application: no browser and no network needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dinocell_app.base.resource_files import resource_path
from dinocell_app.ui.documents import DocumentView, follow_web_link

_SIZE = (1120, 760)
_SPLIT = (240, 860)
_LISTED_LEVELS = (2, 3)
"""Levels of headings in the contents: the title says nothing new."""
_ABOVE_PX = 8


class GuideView(DocumentView):
    """Shows a Markdown file with its pictures no wider than the window."""

    def __init__(self, page: Path, parent: QWidget | None = None) -> None:
        super().__init__(page.parent, parent)
        self.setAccessibleName("User guide")
        self.show_page(page)

    def show_page(self, page: Path) -> None:
        """Show another document.

        Parameters
        ----------
        page : Path
            Markdown file.
        """
        self.folder = page.parent
        self.document().setBaseUrl(QUrl.fromLocalFile(str(page)))
        self.setMarkdown(page.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Heading:
    """A heading of the guide.

    Parameters
    ----------
    level : int
        1 for the title.
    position : int
        Of its first letter in the document.
    """

    text: str
    level: int
    position: int

    @property
    def anchor(self) -> str:
        """How links call it after the #, as on GitHub."""
        kept = (letter for letter in self.text.lower() if letter.isalnum() or letter in " -_")
        return "".join(kept).replace(" ", "-")


def headings_of(document: QTextDocument) -> list[Heading]:
    """List the headings of a document.

    Returns
    -------
    list of Heading
        From top to bottom.
    """
    found = []
    block = document.begin()
    while block.isValid():
        level = block.blockFormat().headingLevel()
        if level:
            found.append(Heading(block.text(), level, block.position()))
        block = block.next()
    return found


class GuideWindow(QDialog):
    """The user guide in a window of its own, beside the work: contents at the left, a search above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("User guide")
        self.resize(*_SIZE)
        self._page = resource_path("docs", "user_guide.md")
        self._read_before: list[tuple[Path, int]] = []
        self.view = GuideView(self._page, self)
        self.back = QPushButton("Back")
        self.back.setToolTip("Back to where the link was.")
        self.back.setAutoDefault(False)
        self.back.setEnabled(False)
        self.contents = QTreeWidget()
        self.contents.setHeaderHidden(True)
        self.contents.setAccessibleName("Contents of the guide")
        self.contents.setToolTip("Choose a section to read it.")
        self.search = QLineEdit(placeholderText="Find in the guide", clearButtonEnabled=True)
        self.search.setAccessibleName("Find in the guide")
        self.search.setToolTip("Enter goes to the next place.")
        self._fill_contents()
        parts = QSplitter()
        parts.addWidget(self.contents)
        parts.addWidget(self.view)
        parts.setSizes(list(_SPLIT))
        parts.setStretchFactor(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        # Enter in the search field looks for the next place and closes nothing.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        above = QHBoxLayout()
        above.addWidget(self.back)
        above.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(above)
        layout.addWidget(parts, 1)
        layout.addWidget(buttons)
        self.contents.currentItemChanged.connect(self._on_section)
        self.search.returnPressed.connect(self.find_next)
        self.view.anchorClicked.connect(self.follow)
        self.back.clicked.connect(self.go_back)

    def follow(self, link: QUrl) -> None:
        """Open a link: another document here, a page of the web in the browser."""
        page = self.view.path_of(link) if link.path() else self._page
        if not link.isRelative() or page is None or page.suffix != ".md":
            follow_web_link(self, link)
            return
        self._read_before.append((self._page, self.view.verticalScrollBar().value()))
        self._show(page)
        if link.hasFragment():
            found = (each for each in headings_of(self.view.document()) if each.anchor == link.fragment())
            self.go_to(next((each.position for each in found), 0))

    def go_back(self) -> None:
        """Show the document with the last link followed, where it was left."""
        page, place = self._read_before.pop()
        self._show(page)
        self.view.verticalScrollBar().setValue(place)

    def go_to(self, position: int) -> None:
        """Show a place of the guide at the top.

        Parameters
        ----------
        position : int
            Of a letter in the document.
        """
        cursor = QTextCursor(self.view.document())
        cursor.setPosition(position)
        self.view.setTextCursor(cursor)
        bar = self.view.verticalScrollBar()
        bar.setValue(bar.value() + self.view.cursorRect(cursor).top() - _ABOVE_PX)

    def show_section(self, heading: str, page: str = "user_guide.md") -> None:
        """Show a section at the top.

        Parameters
        ----------
        heading : str
            As it is written; the top of the page when there is no such heading.
        page : str
            File in the folder of documents.
        """
        wanted = resource_path("docs", page)
        if wanted != self._page:
            self._read_before.append((self._page, self.view.verticalScrollBar().value()))
            self._show(wanted)
        found = (each for each in headings_of(self.view.document()) if each.text == heading)
        self.go_to(next((each.position for each in found), 0))

    def find_next(self) -> None:
        """Mark the next place that has the words searched for, from the top again after the last."""
        words = self.search.text()
        if not words or self.view.find(words):
            return
        self.view.moveCursor(QTextCursor.MoveOperation.Start)
        self.view.find(words)

    def _show(self, page: Path) -> None:
        self._page = page
        self.view.show_page(page)
        self._fill_contents()
        self.back.setEnabled(bool(self._read_before))

    def _fill_contents(self) -> None:
        self.contents.clear()
        parents: dict[int, QTreeWidgetItem] = {}
        for heading in headings_of(self.view.document()):
            if heading.level not in _LISTED_LEVELS:
                continue
            around = parents.get(heading.level - 1)
            item = QTreeWidgetItem(around if around is not None else self.contents, [heading.text])
            item.setData(0, Qt.ItemDataRole.UserRole, heading.position)
            parents[heading.level] = item
        self.contents.expandAll()

    def _on_section(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.go_to(int(item.data(0, Qt.ItemDataRole.UserRole)))
