"""Runs started from the Segment dock, with a real project."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, PixelSizeScope
from dinocell_app.ui.segment import run_bar
from dinocell_app.ui.segment.run_images import shell_inputs
from dinocell_app.ui.segment.segment_panel import SegmentPanel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.segment.segment_stand_ins import Session, ViewerPanel


@pytest.fixture
def project(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(pictures / name, np.zeros((20, 20), np.uint16))
    made = Project.create(tmp_path / "study")
    found = find_images([pictures], recursive=True, known=frozenset())
    made.images.add([one for one in found if isinstance(one, FoundImage)])
    yield made
    made.close()


@pytest.fixture
def panel_and_session(project, qtbot):
    session, viewer_panel = Session(), ViewerPanel()
    session.project = project
    session.current_image = project.images.all()[0]
    qtbot.addWidget(viewer_panel)
    with run_synchronously():
        panel = SegmentPanel(session, viewer_panel)
    qtbot.addWidget(panel)
    return panel, session


def test_a_run_on_all_images_keeps_its_settings_as_a_preset(panel_and_session, project, qtbot):
    panel, session = panel_and_session
    panel.form.cell_size.take_drawn(30)
    assert panel.run_bar.all.text() == "All (2)"
    panel.run_bar.all.click()
    name, job, ids = session.queue.enqueued[0]
    assert session.reported == []
    assert name == "dinocell-s8 30px"
    assert project.presets.get(name) == panel.form.settings()
    assert str(job.diameter) == "30px"
    assert len(job.inputs) == len(ids) == 2
    assert job.output == project.results_folder / name
    assert panel.run_bar.message.text() == "2 images queued as “dinocell-s8 30px”."


def test_the_same_settings_go_to_the_same_results_and_others_to_new_ones(panel_and_session):
    panel, session = panel_and_session
    panel.run(run_bar.THIS)
    panel.run(run_bar.ALL)
    panel.form.cell_probability.number.setValue(0.3)
    panel.run(run_bar.THIS)
    names = [name for name, _, _ in session.queue.enqueued]
    assert names == ["dinocell-s8", "dinocell-s8", "dinocell-s8 2"]


def test_settings_are_found_again_when_the_project_is_opened(panel_and_session, project):
    panel, session = panel_and_session
    panel.form.cell_size.take_drawn(44)
    panel.save_preset("big")
    panel.form.set_settings(type(panel.form.settings())())
    session.project_opened.emit()
    assert panel.form.settings().diameter == "44px"
    assert panel.presets.name() == "big"


def test_selected_images_come_by_name_with_their_pixel_size(panel_and_session, project):
    _, session = panel_and_session
    first = project.images.all()[0]
    project.images.set_pixel_size(PixelSizeScope.image(first.id), 0.25)
    session.selected_images = [project.images.get(first.id)]
    inputs = shell_inputs(session)
    assert inputs.inputs == (project.images.path(first.id),)
    assert inputs.pixel_size_um == 0.25
