"""Help shows the guide inside the application, with its pictures."""

import re

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument

from dinocell_app.resource_files import resource_path
from dinocell_app.ui.guide_window import GuideView, GuideWindow
from dinocell_app.ui.main_window import MainWindow


def test_help_opens_the_guide(session, qtbot):
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.actions_by_key["user_guide"].trigger()
    guide = window.findChild(GuideWindow)
    text = guide.view.toPlainText()
    assert "Quick start" in text
    assert "```" not in text, "the page is shown as it is written"
    guide.close()
    window.close()


@pytest.mark.parametrize("width", [500, 2000])
def test_every_picture_of_the_guide_fits_the_window(qtbot, width):
    page = resource_path("docs", "user_guide.md")
    view = GuideView(page)
    qtbot.addWidget(view)
    view.resize(width, 400)
    view.show()
    names = re.findall(r"\]\((images/[^)]+)\)", page.read_text(encoding="utf-8"))
    assert names
    for name in names:
        picture = view.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name))
        assert not picture.isNull(), f"{name} cannot be shown"
        assert picture.width() <= width
