"""The user guide inside the application: no browser and no network needed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from dinocell_app.resource_files import resource_path

_SIZE = (920, 760)
_MARGIN_PX = 48


class GuideView(QTextBrowser):
    """Shows a Markdown file with its pictures no wider than the window.

    Parameters
    ----------
    page : Path
    parent : QWidget, optional
    """

    def __init__(self, page: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = page.parent
        self.setAccessibleName("User guide")
        self.setOpenExternalLinks(True)
        self.document().setBaseUrl(QUrl.fromLocalFile(str(page)))
        self.setMarkdown(page.read_text(encoding="utf-8"))

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Read a picture of the guide, made narrower where it would not fit."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return super().loadResource(kind, name)
        url = QUrl(name)
        picture = QImage(str(self._folder / url.path()) if url.isRelative() else url.toLocalFile())
        widest = max(self.viewport().width() - _MARGIN_PX, 320)
        return picture.scaledToWidth(widest) if picture.width() > widest else picture


class GuideWindow(QDialog):
    """The user guide in a window of its own, beside the work.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("User guide")
        self.resize(*_SIZE)
        layout = QVBoxLayout(self)
        self.view = GuideView(resource_path("docs", "user_guide.md"), self)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(self.view, 1)
        layout.addWidget(buttons)
