"""Help shows the guide inside the application, with its pictures."""

import re

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument

from dinocell_app.base.resource_files import resource_path
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


def test_the_contents_lead_to_their_sections(qtbot):
    guide = GuideWindow()
    qtbot.addWidget(guide)
    guide.show()
    sections = guide.contents.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    page = resource_path("docs", "user_guide.md").read_text(encoding="utf-8")
    assert len(sections) == len(re.findall(r"^###? ", page, re.MULTILINE))
    tops = []
    for section in (sections[0], sections[len(sections) // 2]):
        guide.contents.setCurrentItem(section)
        cursor = guide.view.textCursor()
        assert cursor.block().text() == section.text(0)
        assert 0 <= guide.view.cursorRect(cursor).top() < 40, "the section stands at the top"
        tops.append(guide.view.verticalScrollBar().value())
    assert tops[1] > tops[0]


def test_searching_goes_on_from_the_top_after_the_last_place(qtbot):
    guide = GuideWindow()
    qtbot.addWidget(guide)
    guide.show()
    guide.search.setText("pixel size")
    places = []
    for _ in range(60):
        qtbot.keyClick(guide.search, Qt.Key.Key_Return)
        places.append(guide.view.textCursor().selectionStart())
        if places.count(places[0]) == 2:
            break
    assert guide.isVisible()
    assert places[-1] == places[0]
    assert len(set(places)) > 3


def test_a_link_to_another_document_opens_here_and_back_leads_to_the_link(qtbot):
    guide = GuideWindow()
    qtbot.addWidget(guide)
    guide.show()
    qtbot.waitExposed(guide)
    assert not guide.back.isEnabled()
    guide.contents.setCurrentItem(guide.contents.topLevelItem(4))
    place = guide.view.verticalScrollBar().value()
    sections = guide.contents.topLevelItemCount()

    guide.view.anchorClicked.emit(QUrl("domain_adaptation.md"))
    assert "adapt" in guide.view.document().begin().text()
    assert guide.contents.topLevelItemCount() != sections

    guide.view.anchorClicked.emit(QUrl("user_guide.md#regions-of-interest"))
    assert guide.view.textCursor().block().text() == "Regions of interest"
    guide.view.anchorClicked.emit(QUrl("#the-shell"))
    assert guide.view.textCursor().block().text() == "The shell"
    guide.back.click()
    guide.back.click()

    guide.back.click()
    assert guide.view.document().begin().text() == "User guide"
    assert (guide.view.verticalScrollBar().value(), guide.contents.topLevelItemCount()) == (place, sections)
    assert not guide.back.isEnabled()
