"""Runs into results that were made otherwise: asked about before the run is queued, through the real dock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from dinocell_app.export.provenance import Provenance, write_sidecar
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import recorded
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.pipeline.image_regions import ImageRegions
from dinocell_app.project.adding import find_images, found_image
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, NewResult, PixelSizeScope
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.regions.region import Region
from dinocell_app.segmentation_plan.presets import free_name
from dinocell_app.ui.segment import run_bar
from dinocell_app.ui.segment.segment_panel import SegmentPanel
from dinocell_app.ui.workers import run_synchronously
from tests.ui.segment.segment_stand_ins import Session, ViewerPanel

NAME = "day 1"


@pytest.fixture
def project(tmp_path):
    """Two images, of which the first has results under the name of a preset."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(pictures / name, np.zeros((20, 20), np.uint16))
    made = Project.create(tmp_path / "study")
    found = find_images([pictures], recursive=True, known=frozenset())
    made.images.add([one for one in found if isinstance(one, FoundImage)])
    made.presets.save(NAME, SegmentSettings())
    made.presets.set_current(SegmentSettings())
    image = made.images.all()[0]
    stem = f"results/{NAME}/pictures/a"
    made.results.record(NewResult(image.id, NAME, files=(f"{stem}_labels.tif", f"{stem}_cells.csv")))
    write_record(made, image.id)
    yield made
    made.close()


def write_record(project, image_id, **facts):
    job = segment_job(project, [image_id], SegmentSettings(), NAME)
    manifest = read_manifest(find_model(job.model))
    sidecar = project.folder / f"results/{NAME}/pictures/a_segmentation.json"
    sidecar.parent.mkdir(parents=True, exist_ok=True)
    record = Provenance(
        model_id=manifest.id,
        model_sha256=manifest.sha256,
        parameters=recorded(job),
        input_path=str(job.inputs[0]),
        input_sha256="0" * 64,
        device="cpu",
        precision="float32",
        image_selection={"channel": "grey", "plane": "each"},
    )
    write_sidecar(sidecar, replace(record, **facts))


@pytest.fixture
def panel_and_session(project, qtbot):
    session, viewer_panel = Session(), ViewerPanel()
    session.project = project
    session.current_image = project.images.all()[0]
    qtbot.addWidget(viewer_panel)
    with run_synchronously():
        panel = SegmentPanel(session, viewer_panel)
    qtbot.addWidget(panel)
    assert panel.presets.name() == NAME
    return panel, session


class Person:
    """Presses a button of the question when it comes."""

    def __init__(self, button: str) -> None:
        self.button, self.read, self.default = button, "", ""
        QTimer.singleShot(0, self.answer)

    def answer(self):
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            self.read = f"{box.text()} {box.informativeText()}"
            self.default = box.defaultButton().text()
            next(button for button in box.buttons() if button.text().startswith(self.button)).click()


def run(panel, which, button):
    person = Person(button)
    with run_synchronously():
        getattr(panel.run_bar, which).click()
    return person


@pytest.mark.parametrize(
    ("button", "queued", "overwrite", "old_preset"),
    [("Keep", "day 1 2", False, 0.5), ("Replace", NAME, True, 0.3), ("Cancel", None, None, 0.5)],
)
def test_results_of_other_settings_are_asked_about(panel_and_session, button, queued, overwrite, old_preset):
    panel, session = panel_and_session
    panel.form.cell_probability.number.setValue(0.3)
    person = run(panel, "this", button)
    assert f"The results “{NAME}” were made with other settings" in person.read
    assert "cell probability threshold: 0.5, now 0.3" in person.read
    assert person.default.startswith("Keep, save as “day 1 2”")
    assert session.project.presets.get(NAME).cell_probability_threshold == old_preset
    if queued is None:
        assert session.queue.enqueued == []
        return
    ((name, job, ids),) = session.queue.enqueued
    assert (name, job.overwrite, job.output.name) == (queued, overwrite, queued)
    assert ids == [session.current_image.id]
    assert session.project.presets.get(queued).cell_probability_threshold == 0.3
    assert panel.presets.name() == queued


def test_results_of_the_same_settings_are_no_question(panel_and_session):
    panel, session = panel_and_session
    assert run(panel, "all", "Cancel").read == ""
    ((name, job, _),) = session.queue.enqueued
    assert (name, job.overwrite) == (NAME, False)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"model_sha256": "1" * 64}, "model: dinocell-s8, now a newer version of dinocell-s8"),
        ({"model_id": ""}, "imported"),
        ({"image_selection": {"channel": "DAPI", "plane": "each"}}, "channel: DAPI, now grey"),
    ],
)
def test_what_only_the_files_know_is_asked_about_too(panel_and_session, project, facts, said):
    panel, session = panel_and_session
    write_record(project, session.current_image.id, **facts)
    assert said in run(panel, "this", "Cancel").read
    assert session.queue.enqueued == []


def test_axes_changed_since_are_a_difference_and_the_same_are_none(panel_and_session, project):
    panel, session = panel_and_session
    image = session.current_image
    root = project.roots.all()[0].path
    session.current_image = project.images.refresh(
        image.id, found_image(project.images.path(image.id), root, "XY")
    )
    assert "axes: as the file says, now XY" in run(panel, "this", "Cancel").read
    assert session.queue.enqueued == []
    selection = {"channel": "grey", "plane": "each", "axes": "XY"}
    write_record(project, image.id, image_selection=selection)
    assert run(panel, "this", "Cancel").read == ""
    ((_, job, _),) = session.queue.enqueued
    assert job.image_axes == {str(project.images.path(image.id)): "XY"}


def test_a_pixel_size_set_since_is_a_difference(panel_and_session, project):
    panel, session = panel_and_session
    project.images.set_pixel_size(PixelSizeScope.image(session.current_image.id), 0.5)
    assert "pixel size: as the file says, now 0.5 µm" in run(panel, "this", "Cancel").read


def test_other_images_of_changed_results_are_asked_about(panel_and_session, project):
    panel, session = panel_and_session
    session.current_image = project.images.all()[1]
    panel.form.confidence.automatic.click()
    panel.form.confidence.threshold.number.setValue(0.9)
    person = run(panel, "this", "Keep")
    assert "minimum confidence: half-way to 1, now 0.9" in person.read
    assert session.queue.enqueued[0][0] == "day 1 2"
    panel.run(run_bar.THIS)
    assert [name for name, _, _ in session.queue.enqueued] == ["day 1 2", "day 1 2"]


def test_names_are_numbered_on():
    assert free_name("cells", ["cells"]) == "cells 2"
    assert free_name("Cells 2", ["cells", "cells 2"]) == "Cells 3"
    assert free_name("day 1", ["day 1"]) == "day 1 2"


def test_regions_drawn_since_are_asked_about_and_the_same_ones_are_not(panel_and_session):
    panel, session = panel_and_session
    image = session.current_image
    wound = Region("wound", ((1.5, 2.0), (9.25, 2.0), (9.0, 11.125)))
    session.project.regions.put(image.id, (wound,))
    person = run(panel, "this", "Cancel")
    assert "regions of interest: none, now drawn" in person.read
    job = segment_job(session.project, [image.id], SegmentSettings(), NAME)
    chosen = {"channel": "grey", "plane": "each", **ImageRegions(job.regions).selection(job.inputs[0])}
    assert "regions" in chosen
    write_record(session.project, image.id, image_selection=chosen)
    session.project.regions.put(image.id, (replace(wound, kind="exclude"),))
    assert "others, now those drawn since" in run(panel, "this", "Cancel").read
    session.project.regions.put(image.id, ())
    assert "drawn, now none" in run(panel, "this", "Cancel").read
    session.project.regions.put(image.id, (wound,))
    assert run(panel, "this", "Cancel").read == ""
    assert len(session.queue.enqueued) == 1
