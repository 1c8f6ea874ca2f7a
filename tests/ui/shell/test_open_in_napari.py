"""Image ▸ Open in napari: there when napari is, and a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dinocell_app.cli import make_parser
from dinocell_app.project.records import NewResult, PixelSizeScope
from dinocell_app.ui import main_window
from dinocell_app.ui.images import napari_window
from dinocell_app.ui.images.napari_window import NapariWindows, napari_words
from dinocell_app.ui.main_window import MainWindow


@pytest.fixture
def started(monkeypatch):
    """Words of processes that would be started, each of which ends as told."""
    words, code, processes = [], [0], []

    def start(*given):
        words.append(given)
        processes.append(subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code[0]})"]))
        return processes[-1]

    monkeypatch.setattr(napari_window, "start_apart", start)
    yield words, code
    for process in processes:
        process.wait()


@pytest.mark.parametrize("installed", [True, False])
def test_the_menu_has_it_where_napari_is_installed(opened, qtbot, monkeypatch, started, installed):
    monkeypatch.setattr(main_window, "napari_is_installed", lambda: installed)
    window = MainWindow(opened)
    qtbot.addWidget(window)
    action = window.actions_by_key["open_in_napari"]
    assert action.isVisible() is installed
    if installed:
        action.trigger()
        ((command, path, *_),) = started[0]
        assert command == "napari"
        assert path == str(opened.project.images.path(opened.current_image.id))
    window.close()


def test_the_result_that_is_looked_at_is_opened_by_its_record(opened):
    project, image = opened.project, opened.current_image
    files = []
    for name in ("a_labels.tif", "a_segmentation.json"):
        path = project.results_folder / "first" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        files.append(path.relative_to(project.folder).as_posix())
    result = project.results.record(NewResult(image.id, "first", files=(files[0],)))
    assert napari_words(project, image, result) == ["napari", str(project.folder / files[1])]
    (project.folder / files[1]).unlink()
    assert napari_words(project, image, result) == napari_words(project, image, None)


def test_an_image_takes_pixel_size_and_axes_of_the_project_with_it(opened):
    project, image = opened.project, opened.current_image
    project.images.set_pixel_size(PixelSizeScope.image(image.id), 0.325)
    words = napari_words(project, project.images.get(image.id), None)
    arguments = make_parser().parse_args(words)
    assert arguments.paths == [Path(project.images.path(image.id))]
    assert arguments.pixel_size == 0.325


def test_a_window_that_cannot_be_opened_is_told(opened, qtbot, started):
    words, code = started
    code[0] = 3
    windows = NapariWindows(opened)
    with qtbot.waitSignal(opened.problem_reported) as told:
        windows.open()
    assert words[0][0] == "napari"
    assert "dinocell-app napari" in told.args[0].remedy
    code[0] = 0
    with qtbot.assertNotEmitted(opened.problem_reported):
        windows.open()
        qtbot.waitUntil(lambda: not windows.waiting)
