import threading

import pytest

from dinocell_app.project.records import FoundImage
from dinocell_app.ui.images import adding
from dinocell_app.ui.images.adding import ImageSearch
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import wait_for_all


@pytest.fixture
def real_session(own_folders, qapp):
    """A session whose work goes on in the background."""
    session = Session()
    yield session
    assert wait_for_all()
    session.shut_down()
    session.deleteLater()


def test_a_cancelled_search_keeps_what_it_found_and_looks_no_further(
    real_session, tmp_path, monkeypatch, qtbot
):
    gate, closed = threading.Event(), threading.Event()

    def slow(inputs, **_words):
        try:
            for number in range(1000):
                yield FoundImage(tmp_path / f"{number}.tif", tmp_path)
                if number == 2:
                    gate.wait()
        finally:
            closed.set()

    monkeypatch.setattr(adding, "find_images", slow)
    monkeypatch.setattr("dinocell_app.ui.workers.BATCH_SECONDS", -1.0)
    real_session.create_project(tmp_path / "new")
    search = ImageSearch(real_session)
    search.add([tmp_path])
    project = real_session.project
    qtbot.waitUntil(lambda: len(project.images.all()) == 3)
    heard = []
    search.ended.connect(heard.append)
    search.cancel()
    gate.set()
    qtbot.waitUntil(closed.is_set)
    assert heard == ["Search ended: 3 images added"]
    assert len(project.images.all()) == 3
    assert not search.active


def test_a_read_only_project_says_why_nothing_can_be_added(opened, tmp_path):
    second = Session()
    heard = []
    second.problem_reported.connect(heard.append)
    second.open_project(opened.project.folder)
    assert second.project.read_only_reason
    ImageSearch(second).add([tmp_path])
    assert len(heard) == 1
    assert second.project.read_only_reason.rstrip(".") in str(heard[0])
    second.shut_down()
    second.deleteLater()
