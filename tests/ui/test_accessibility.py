"""Everything a person works with has a name, an explanation and a place on the way of the Tab key."""

from __future__ import annotations

import shutil

import numpy as np
import pyqtgraph as pg
import pytest
import tifffile
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from dinocell_app.base.resource_files import resource_path
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage, NewResult
from dinocell_app.ui.doctor.doctor_dialog import DoctorDialog
from dinocell_app.ui.export.export_dialog import ExportDialog
from dinocell_app.ui.export.import_dialog import ImportLabelsDialog
from dinocell_app.ui.guide_window import GuideWindow
from dinocell_app.ui.main_window import MainWindow
from dinocell_app.ui.session import Session
from dinocell_app.ui.settings_dialog import SettingsDialog
from dinocell_app.ui.theme import contrast, dark_palette, text_on
from dinocell_app.ui.workers import run_synchronously
from tests.ui.accessible_widgets import (
    backward_steps,
    controls,
    describe,
    explanation,
    reachable,
    said_name,
    topmost,
    walk,
)

DIALOGS = {
    "settings": SettingsDialog,
    "export": ExportDialog,
    "import": ImportLabelsDialog,
    "doctor": DoctorDialog,
    "guide": lambda _session, window: GuideWindow(window),
}


@pytest.fixture
def window(own_folders, tmp_path, qtbot):
    """The window on the sample project, with cells in one image."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("nuclei_fluorescence.tif", "blood_smear.png", "quantitative_phase_prostate.tif"):
        shutil.copyfile(resource_path("samples", name), folder / name)
    with run_synchronously():
        session = Session()
        window = MainWindow(session)
        qtbot.addWidget(window)
        window.resize(1440, 900)
        window.show()
        session.create_project(tmp_path / "sample.dinocell")
        found = [item for item in find_images([folder], recursive=True) if isinstance(item, FoundImage)]
        session.project.images.add(found)
        session.refresh_images()
        image = next(i for i in session.project.images.all() if i.name == "nuclei_fluorescence.tif")
        record_cells(session, image)
        project = session.project.folder
        session.close_project()
        session.open_project(project)
        session.set_current_image(image.id)
        window.activateWindow()
        qtbot.waitExposed(window)
        yield window
        window.close()
        session.shut_down()
        session.deleteLater()


def record_cells(session, image):
    """Give an image two cells, with their table."""
    labels = np.zeros((image.height, image.width), np.uint16)
    labels[10:30, 10:40], labels[50:60, 50:70] = 1, 2
    folder = session.project.results_folder / "standard"
    folder.mkdir(parents=True)
    tifffile.imwrite(folder / "nuclei_labels.tif", labels)
    table = "label,area_px,centroid_x_px,centroid_y_px,eccentricity\n1,600,25,20,0.7\n2,200,60,55,0.5\n"
    (folder / "nuclei_cells.csv").write_text(table, encoding="utf-8")
    names = ("nuclei_labels.tif", "nuclei_cells.csv")
    files = tuple((folder / name).relative_to(session.project.folder).as_posix() for name in names)
    session.project.results.record(NewResult(image.id, "standard", n_cells=2, files=files))
    job = SegmentJob(inputs=(session.project.images.path(image.id),), output=folder)
    run = session.project.runs.add("Standard", job, [image.id])
    session.project.runs.set_state(run.id, "finished")


def complaints_about_words(root: QWidget) -> list[str]:
    found = [f"no name: {describe(widget)}" for widget in controls(root) if not said_name(widget)]
    return found + [f"no words: {describe(widget)}" for widget in controls(root) if not explanation(widget)]


def pages(root: QWidget) -> list[tuple[QTabWidget | None, int]]:
    """The pages of the tabs in a part of the window, one after the other."""
    tabs = [tab for tab in root.findChildren(QTabWidget) if tab.isVisible()]
    return [(tab, at) for tab in tabs for at in range(tab.count())] or [(None, 0)]


def complaints_about_tab(window: QWidget, root: QWidget) -> list[str]:
    """Walk through each page of a part of the window."""
    found = []
    for tab, at in pages(root):
        if tab is not None:
            tab.setCurrentIndex(at)
            QApplication.processEvents()
        wanted = [widget for widget in controls(root) if reachable(widget)]
        order = walk(window, topmost(wanted, root))
        page = f"{tab.tabText(at)}: " if tab is not None else ""
        reached = {id(widget) for widget in order}
        found += [
            f"{page}Tab misses {describe(w)}" for w in wanted if id(w) not in reached and w not in order
        ]
        within = [w for w in order if root.isAncestorOf(w)]
        found += [
            f"{page}Tab stops at something without a name: {describe(w)}" for w in within if not said_name(w)
        ]
        inside = [w for w in within if w in wanted]
        found += [
            f"{page}Tab goes back from {describe(before)} to {describe(after)}"
            for before, after in backward_steps(inside, root)
        ]
    return found


def test_everything_in_the_window_has_a_name_and_words(window):
    tell(complaints_about_words(window))


@pytest.mark.parametrize("key", ["images", "segment", "references", "regions", "queue"])
def test_tab_goes_through_each_dock_as_the_eye_does(window, key):
    dock = window.docks[key]
    dock.show()
    dock.raise_()
    QApplication.processEvents()
    tell(complaints_about_tab(window, dock.widget()))


def test_tab_goes_through_the_results_as_the_eye_does(window):
    window.work.show_view("results")
    QApplication.processEvents()
    tell(complaints_about_tab(window, window.panels.results))


def test_tab_goes_through_the_viewer_as_the_eye_does(window):
    window.panels.viewer.set_side_by_side(True)
    tell(complaints_about_tab(window, window.panels.viewer))


def test_tab_goes_through_what_floats_over_the_image(window):
    window.panels.viewer.contrast_button.click()
    QApplication.processEvents()
    tell(complaints_about_tab(window, window.panels.viewer.floating))


def test_tab_goes_through_the_welcome_page_as_the_eye_does(window):
    window.projects.close_project()
    tell(complaints_about_tab(window, window.welcome))


def test_words_stand_out_from_what_is_behind_them(qapp):
    palette = dark_palette()  # light colours are the system's
    role = QPalette.ColorRole
    pairs = [
        (role.WindowText, role.Window),
        (role.Text, role.Base),
        (role.Text, role.AlternateBase),
        (role.ButtonText, role.Button),
        (role.ToolTipText, role.ToolTipBase),
        (role.HighlightedText, role.Highlight),
        (role.Link, role.Window),
        (role.Link, role.Base),
        (role.PlaceholderText, role.Base),
    ]
    weak = [
        f"{text.name} on {behind.name}: {contrast(palette.color(text), palette.color(behind)):.2f}"
        for text, behind in pairs
        if contrast(palette.color(text), palette.color(behind)) < 4.5
    ]
    tell(weak)


@pytest.mark.parametrize("name", ["viridis", "CET-L1", "CET-C1"])
def test_words_on_coloured_fields_can_be_read(qapp, name):
    for colour in pg.colormap.get(name).getLookupTable(nPts=256, mode=pg.ColorMap.QCOLOR):
        assert contrast(text_on(colour), colour) >= 4.5


def test_contrast_is_that_of_the_guidelines():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", list(DIALOGS))
def test_dialogs_have_names_words_and_a_way_for_tab(window, name, qtbot):
    dialog = DIALOGS[name](window._session, window)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitExposed(dialog)
    tell(complaints_about_words(dialog))
    tell(complaints_about_tab(dialog, dialog))
    dialog.close()


def tell(complaints: list[str]) -> None:
    assert not complaints, "\n".join(complaints)
