"""A project with pictures of every kind and results; the work of its session is done at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage, NewResult, PixelSizeScope
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.viewer.viewer_pictures import two_cells

SHAPE = (60, 90)


def record(session: Session, name: str, set_name: str, labels: np.ndarray, plane: str = "") -> int:
    """Write label images into the project as a run does; gives the id of the result."""
    path = session.project.results_folder / set_name / f"{Path(name).stem}{plane}_labels.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, labels)
    files = (path.relative_to(session.project.folder).as_posix(),)
    new = NewResult(
        number(session, name), set_name, plane=PlaneAddress.of_suffix(plane), n_cells=2, files=files
    )
    return session.project.results.record(new).id


def number(session: Session, name: str) -> int:
    """Id of the image of a name."""
    return next(image.id for image in session.project.images.all() if image.name == name)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """`a.tif` and `b.tif` alike in size, `colours.tif`, `stack.tif` (2 times, 3 slices), `broken.tif`."""
    folder = tmp_path / "images"
    folder.mkdir()
    ramp = np.tile(np.arange(SHAPE[1], dtype=np.uint16) * 10, (SHAPE[0], 1))
    tifffile.imwrite(folder / "a.tif", ramp)
    tifffile.imwrite(folder / "b.tif", ramp + 5000)
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[:, :10, 0] = colours[:, 10:20, 1] = 255
    tifffile.imwrite(folder / "colours.tif", colours, photometric="rgb")
    planes = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1) * 20
    stack = np.broadcast_to(planes, (2, 3, 24, 32)).copy()
    tifffile.imwrite(folder / "stack.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    (folder / "broken.tif").write_bytes(b"this is no image")
    return folder


@pytest.fixture
def session(own_folders: Path, images: Path) -> Iterator[Session]:
    """The project; `a.tif` has two results."""
    with run_synchronously():
        session = Session()
        session.create_project(images.with_suffix(".dinocell"))
        found = [item for item in find_images([images], recursive=True) if isinstance(item, FoundImage)]
        session.project.images.add(found)
        session.project.images.set_pixel_size(PixelSizeScope.project(), 0.5)
        session.refresh_images()
        record(session, "a.tif", "first", two_cells(SHAPE))
        record(session, "a.tif", "second", two_cells(SHAPE)[:, ::-1])
        yield session
        session.shut_down()
        session.deleteLater()


@pytest.fixture
def panel(qtbot, session: Session) -> ViewerPanel:
    """Nothing is looked at yet."""
    panel = ViewerPanel(session)
    qtbot.addWidget(panel)
    panel.resize(700, 500)
    panel.show()
    qtbot.waitExposed(panel)
    return panel
