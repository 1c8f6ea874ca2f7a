"""A project after a night: good, bad and empty images in sub-folders, and a run that has ended."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtWidgets import QDialog, QMessageBox

from dinocell_app.jobs.events import to_json_line
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, PixelSizeScope
from dinocell_app.project.run_events import apply_new_events
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.ui import quitting
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import run_synchronously, wait_for_all

SPACING = 24
PIXEL_SIZE_UM = 0.5


def spots(height: int = 96, width: int = 120) -> np.ndarray:
    """Round cells in rows, some of them cut by the border."""
    rows, columns = np.mgrid[:height, :width]
    waves = np.sin(rows * 2 * np.pi / SPACING) * np.sin(columns * 2 * np.pi / SPACING)
    return (100 + 90 * waves).astype(np.uint8)


def write_pictures(folder: Path) -> Path:
    """Write what a microscope and people leave behind."""
    for name in ("control/a.tif", "drug/b.tif"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(folder / name, spots())
    tifffile.imwrite(folder / "drug" / "empty.tif", np.full((64, 64), 7, np.uint8))
    whole = (folder / "control" / "a.tif").read_bytes()
    (folder / "drug" / "torn.tif").write_bytes(whole[: len(whole) // 2])
    (folder / "protocol.txt").write_text("stain, wash, wash")
    (folder / "control" / "Thumbs.db").write_bytes(b"\x00" * 8)
    tifffile.imwrite(folder / "control" / "a_cp_masks.tif", np.zeros((96, 120), np.uint16))
    return folder


@pytest.fixture(scope="module")
def finished_night(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Folder with the pictures and a project whose run has ended; to be copied."""
    folder = tmp_path_factory.mktemp("night")
    plate = write_pictures(folder / "plate")
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    with Project.create(folder / "plate.dinocell") as project:
        found = find_images([plate], recursive=True, known=frozenset())
        project.images.add([item for item in found if isinstance(item, FoundImage)])
        project.images.set_pixel_size(PixelSizeScope.project(), PIXEL_SIZE_UM)
        ids = [image.id for image in project.images.all()]
        project.presets.save("cells", settings)
        project.presets.set_current(settings)
        job = segment_job(project, ids, settings, "cells")
        run = project.runs.add("cells", job, ids)
        events = (run.folder / "events.jsonl").open("w", encoding="utf-8")
        with events:
            events.writelines(to_json_line(event) + "\n" for event in segment_images(job))
        while apply_new_events(project, run.id):
            pass
    return folder


@pytest.fixture
def night(finished_night: Path, tmp_path: Path) -> Path:
    """The project folder, in a place of the test's own, with its pictures beside it."""
    for part in ("plate", "plate.dinocell"):
        shutil.copytree(finished_night / part, tmp_path / part)
    return tmp_path / "plate.dinocell"


@pytest.fixture
def open_window(
    own_folders: Path, qapp: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], MainWindow]]:
    """Opens the whole window; what it does in the background is done at once."""
    opened: list[tuple[MainWindow, Session]] = []

    def open_one() -> MainWindow:
        session = Session()
        window = MainWindow(session)
        window.resize(1280, 800)
        window.show()
        opened.append((window, session))
        return window

    monkeypatch.setattr(quitting, "ask_about_runs", lambda _parent, _count: quitting.KEEP)
    with run_synchronously():
        yield open_one
        for window, session in opened:
            window.close()
            session.shut_down()
            window.deleteLater()
            session.deleteLater()
    wait_for_all()


@pytest.fixture
def morning(night: Path, open_window: Callable[[], MainWindow]) -> MainWindow:
    """The window with the project of the night."""
    window = open_window()
    window.projects.open_folder(night)
    return window


def session_of(window: MainWindow) -> Session:
    return window.panels.viewer._session


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test that waits for an answer: nobody is there to give one."""

    def asked(dialog: QDialog) -> int:
        pytest.fail(f"a question is open: {dialog.windowTitle()} {getattr(dialog, 'text', str)()}")

    monkeypatch.setattr(QDialog, "exec", asked)
    monkeypatch.setattr(QMessageBox, "exec", asked)
