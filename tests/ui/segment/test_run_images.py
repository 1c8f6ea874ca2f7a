"""Runs started from the Segment dock, with a real project."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
import tifffile
from PySide6.QtGui import QGuiApplication

from dinocell_app.base.lengths import Length
from dinocell_app.cli import make_parser
from dinocell_app.commands.command_line import COMMAND
from dinocell_app.jobs.setting import recorded
from dinocell_app.pipeline.image_sources import given_pixel_size
from dinocell_app.pipeline.inputs import plan_images
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, PixelSizeScope
from dinocell_app.ui.segment import run_bar
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
    assert panel.form.settings().diameter == Length.parse("44px")
    assert panel.presets.name() == "big"


def copied(panel, qtbot):
    QGuiApplication.clipboard().clear()
    panel.run_bar.copy.click()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() != "")
    return COMMAND.job(make_parser().parse_args(shlex.split(QGuiApplication.clipboard().text())[1:]))


def results_of(job):
    """What a job writes and what for, whatever folder it goes to."""
    plan = plan_images(job.inputs, job.output, recursive=job.recursive, roots=job.roots)
    sizes = [given_pixel_size(job, image.path) for image in plan.images]
    return [image.stem for image in plan.images], sizes, recorded(job), job.formats


@pytest.mark.parametrize("own_sizes", [(None, None), (0.25, None), (0.25, 0.25)])
def test_the_copied_command_does_what_the_button_does(panel_and_session, project, qtbot, own_sizes):
    panel, session = panel_and_session
    for image, size in zip(project.images.all(), own_sizes, strict=True):
        if size is not None:
            project.images.set_pixel_size(PixelSizeScope.image(image.id), size)
    panel.form.cell_size.take_drawn(44)
    panel.run(run_bar.ALL)
    ((_, job, _),) = session.queue.enqueued
    assert results_of(copied(panel, qtbot)) == results_of(job)


def test_the_copied_command_leaves_out_images_that_were_removed(panel_and_session, project, qtbot):
    panel, _ = panel_and_session
    kept, removed = project.images.all()
    project.images.remove([removed.id])
    job = copied(panel, qtbot)
    assert job.inputs == (project.images.path(kept.id),)
    assert not job.output.is_relative_to(project.folder)


def test_the_copied_command_is_about_the_selected_images(panel_and_session, project, qtbot):
    panel, session = panel_and_session
    session.selected_images = project.images.all()[1:]
    assert copied(panel, qtbot).inputs == (project.images.path(session.selected_images[0].id),)
