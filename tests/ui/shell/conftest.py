"""A session with a project of three images in two folders; work is done at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import run_synchronously
from tests.ui.shell.shell_pictures import write_pictures


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "plate", ("control/a.tif", "drug/b.tif", "drug/c.tif"))


@pytest.fixture
def session(own_folders: Path) -> Iterator[Session]:
    with run_synchronously():
        session = Session()
        yield session
        session.shut_down()
        session.deleteLater()


@pytest.fixture
def opened(session: Session, pictures: Path) -> Session:
    session.create_project(pictures.with_suffix(".dinocell"))
    found = [item for item in find_images([pictures], recursive=True) if isinstance(item, FoundImage)]
    session.project.images.add(found)
    session.refresh_images()
    session.set_current_image(session.project.images.all()[0].id)
    return session
