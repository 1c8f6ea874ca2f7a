"""Pages with markup: they load nothing but pictures of their own folder; links out are asked about."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from dinocell_app.ui.plain_text import asked

_WEB = frozenset({"http", "https"})
_MARGIN_PX = 48
_LEAST_PX = 320


class DocumentView(QTextBrowser):
    """Shows Markdown.

    Parameters
    ----------
    folder : Path or None
        The page's own; pictures below it are shown, and none where it is None.
    """

    def __init__(self, folder: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Read a picture of the page, made narrower where it would not fit; nothing else is read."""
        path = self.path_of(QUrl(name))
        if kind != QTextDocument.ResourceType.ImageResource.value or path is None:
            return QImage() if kind == QTextDocument.ResourceType.ImageResource.value else None
        picture = QImage(str(path))
        widest = max(self.viewport().width() - _MARGIN_PX, _LEAST_PX)
        return picture.scaledToWidth(widest) if picture.width() > widest else picture

    def path_of(self, url: QUrl) -> Path | None:
        """Give the file of the page's own folder that a link names; None for whatever lies elsewhere."""
        if self.folder is None or url.host():
            return None
        if not (url.isRelative() or url.isLocalFile()):
            return None
        path = Path(url.toLocalFile()) if url.isLocalFile() else self.folder / url.path()
        path = path.resolve()
        return path if path.is_relative_to(self.folder.resolve()) else None


def follow_web_link(parent: QWidget, link: QUrl) -> bool:
    """Open a page of the web in the browser, if that is wanted.

    Returns
    -------
    bool
        Whether it was opened; no other link ever is.
    """
    address = link.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    if link.scheme().lower() not in _WEB or not link.host():
        return False
    if not asked(parent, "Open a link", f"Open this page in your web browser?\n\n{address}"):
        return False
    return QDesktopServices.openUrl(link)
