"""Corrected results: files beside the model's, the same record, a newer run that takes nothing away."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import tifffile

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.plane_address import ONLY_PLANE
from dinocell_app.editing.cell_changes import delete
from dinocell_app.editing.strokes import paint
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.names import SUFFIXES
from dinocell_app.export.plane_record import read_record
from dinocell_app.export.provenance import write_sidecar
from dinocell_app.jobs.events import ImageFailed
from dinocell_app.jobs.job_kinds import MeasureJob
from dinocell_app.pipeline.measurement_job import measure_images
from dinocell_app.project.adding import found_image
from dinocell_app.project.corrected_results import Correction, sidecar_record, write_corrected
from dinocell_app.project.edits import open_history
from dinocell_app.project.label_import import match_labels
from dinocell_app.project.label_results import import_labels, plan_imports
from dinocell_app.project.project import Project
from dinocell_app.project.records import NewResult, PixelSizeScope
from dinocell_app.project.training_sets import corrected_pictures, write_training_set
from dinocell_app.reexport.export_items import export_items
from dinocell_app.regions.region import Region

SHAPE = (40, 60)


def model_labels() -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint16)
    labels[5:15, 5:15], labels[5:15, 25:35], labels[25:35, 5:15] = 1, 2, 3
    return labels


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "plate"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 900, SHAPE).astype(np.uint16)
    tifffile.imwrite(folder / "a.tif", pixels)
    tifffile.imwrite(tmp_path / "a_masks.tif", model_labels())
    with Project.create(tmp_path / "study") as made:
        (image,) = made.images.add([found_image(folder / "a.tif", folder)])
        matches = match_labels([(image.id, folder / "a.tif")], [tmp_path / "a_masks.tif"])
        (planned,) = plan_imports(made, matches, "cells", ("labels", "overlay", "csv", "geojson"))
        result = made.results.record(import_labels(planned).result)
        table = made.results.table_path(result)
        cells = pd.read_csv(table)
        cells.insert(3, "confidence", [0.91, 0.92, 0.93])
        cells.to_csv(table, index=False)
        yield made


def the_result(project):
    return project.results.latest()[1]


def correct(project, *, remove=2, image_id=1):
    """Delete a cell, enlarge another and draw a new one; publish."""
    result = project.results.latest()[image_id]
    labels = project.results.model_labels_path(result)
    history = open_history(project.edits.folder_of(result), labels, "Anna")
    history.apply("delete", delete(history.canvas, [remove]))
    history.apply("brush", paint(history.canvas, 1, [(10, 16)], 4))
    history.apply("brush", paint(history.canvas, history.next_label, [(30, 45)], 5))
    written = write_corrected(
        Correction(
            result=result,
            image=project.images.get(image_id),
            image_path=project.images.path(image_id),
            project_folder=project.folder,
            labels=history.labels,
            edited=history.edited_cells,
        )
    )
    history.close()
    return project.results.publish(result.id, written.files, written.n_cells, written.n_edited)


def test_the_same_record_points_to_corrected_files_and_the_models_stay(project):
    before = the_result(project)
    after = correct(project)
    assert (after.id, after.n_cells, after.n_edited) == (before.id, 3, 2)
    assert after.model_files == before.files
    assert after.is_corrected
    assert all(file.startswith("corrected/cells/plate/a") for file in after.files)
    assert {file.rsplit("/", 1)[1] for file in after.files} == {
        file.rsplit("/", 1)[1] for file in before.files
    }
    np.testing.assert_array_equal(read_labels(project.results.model_labels_path(after)), model_labels())
    labels = read_labels(project.results.labels_path(after))
    assert set(np.unique(labels).tolist()) == {0, 1, 3, 4}


def test_regions_of_the_project_are_counted_in_the_corrected_cells(project):
    left = Region("left", ((0, 0), (20, 0), (20, 200), (0, 200)))
    after = correct(project)
    cells = pd.read_csv(project.results.table_path(after))
    assert "region" not in cells
    project.regions.put(1, (left,))
    result = project.results.get(after.id)
    history = open_history(project.edits.folder_of(result), project.results.model_labels_path(result), "Anna")
    image = (project.images.get(1), project.images.path(1), project.folder)
    write_corrected(
        Correction(result, *image, history.labels, history.edited_cells, project.regions.of_image(1))
    )
    history.close()
    cells = pd.read_csv(project.results.table_path(result)).set_index("label")
    inside = cells["centroid_x_px"] + 0.5 < 20
    assert 0 < inside.sum() < len(cells)
    assert (cells["region"].fillna("") == np.where(inside, "left", "")).all()
    record = sidecar_record(result, project.folder)
    assert [row["n_cells"] for row in record.regions] == [inside.sum()]
    assert record.image_selection["regions"]


def test_the_table_knows_who_was_touched_and_keeps_what_the_network_said_of_the_others(project):
    cells = pd.read_csv(project.results.table_path(correct(project))).set_index("label")
    assert cells["edited"].to_dict() == {1: True, 3: False, 4: True}
    assert cells.loc[3, "confidence"] == 0.93
    assert cells["confidence"].isna().to_dict() == {1: True, 3: False, 4: True}
    assert cells.loc[3, "area_px2"] == 100
    assert cells.loc[1, "area_px2"] > 100
    model = pd.read_csv(
        project.folder / next(f for f in the_result(project).model_files if f.endswith("csv"))
    )
    assert list(model.columns) == list(pd.read_csv(project.results.table_path(the_result(project))).columns)


def test_the_record_beside_it_and_the_export_know(project):
    result = correct(project)
    record = sidecar_record(result, project.folder)
    assert (record.n_cells, record.n_edited) == (3, 2)
    assert record.summary["n_cells"] == 3
    (item,) = export_items(project, "cells", None).finished
    assert item.stem.as_posix() == "plate/a"
    assert item.file("labels") == project.results.labels_path(result)
    assert item.file("sidecar").is_file()


def test_the_record_names_the_pixel_size_that_the_table_was_measured_with(project):
    project.images.set_pixel_size(PixelSizeScope.image(1), 0.5)
    result = correct(project)
    cells = pd.read_csv(project.results.table_path(result)).set_index("label")
    assert cells.loc[3, "area_um2"] == cells.loc[3, "area_px2"] * 0.25
    record = sidecar_record(result, project.folder)
    assert (record.pixel_size_um, record.pixel_size_source) == (0.5, "given")


def test_a_newer_run_takes_nothing_away(project):
    corrected = correct(project)
    newer = ("results/cells/plate/a_labels.tif", "results/cells/plate/a_cells.csv")
    again = project.results.record(NewResult(1, "cells", n_cells=7, files=newer))
    assert again.id == corrected.id
    assert again.files == corrected.files
    assert (again.n_cells, again.n_edited, again.has_newer) == (3, 2, True)
    assert again.model_files == newer
    project.results.record(NewResult(1, "cells", status="failed", reason="out of memory"))
    assert any(result.is_corrected for result in project.results.of_image(1))
    assert not project.results.take_newer(corrected.id).has_newer
    other = project.results.record(NewResult(1, "other", n_cells=7, files=newer))
    assert not other.is_corrected


def test_cells_of_a_newer_result_keep_what_was_said_of_them_and_no_other(project):
    result = the_result(project)
    history = open_history(project.edits.folder_of(result), project.results.model_labels_path(result), "Anna")
    history.apply("brush", paint(history.canvas, 1, [(10, 16)], 4))
    path = next(project.folder / file for file in result.files if file.endswith("csv"))
    cells = pd.read_csv(path)
    # The model numbers cells anew: what was cell 3 is now cell 4, and cell 3 is another.
    cells["label"] = [1, 4, 3]
    cells.loc[2, ["bbox_x_min", "bbox_x_max"]] += 30
    cells.to_csv(path, index=False)
    record = project.images.get(1), project.images.path(1), project.folder
    write_corrected(Correction(result, *record, history.labels, history.edited_cells))
    history.close()
    corrected = pd.read_csv(project.folder / "corrected/cells/plate/a_cells.csv").set_index("label")
    assert corrected["confidence"].fillna(0).to_dict() == {1: 0, 2: 0.92, 3: 0}


@pytest.mark.parametrize(("is_taken_over", "said"), [(False, "the first"), (True, "the newer")])
def test_the_record_names_the_model_whose_cells_were_corrected(project, is_taken_over, said):
    result = the_result(project)
    sidecar = project.folder / "results/cells/plate" / f"a{SUFFIXES['sidecar']}"
    write_sidecar(sidecar, dataclasses.replace(read_record(sidecar), model_id="the first"))
    correct(project)
    write_sidecar(sidecar, dataclasses.replace(read_record(sidecar), model_id="the newer"))
    after = project.results.record(NewResult(1, "cells", n_cells=3, files=result.files))
    assert after.has_newer
    history = open_history(project.edits.folder_of(after), project.results.model_labels_path(after), "Ben")
    history.apply("brush", paint(history.canvas, 3, [(30, 16)], 4))
    of = dataclasses.replace(after, has_newer=not is_taken_over)
    record = project.images.get(1), project.images.path(1), project.folder
    write_corrected(Correction(of, *record, history.labels, history.edited_cells))
    history.close()
    assert sidecar_record(after, project.folder).model_id == said


def test_corrections_go_on_after_a_newer_run_from_what_people_saw(project):
    result = correct(project)
    seen = read_labels(project.results.labels_path(result))
    tifffile.imwrite(project.results.model_labels_path(result), np.ones(SHAPE, np.uint16))
    folder = project.edits.folder_of(result)
    assert project.edits.has_history(result)
    history = open_history(folder, project.results.model_labels_path(result), "Ben")
    np.testing.assert_array_equal(history.labels, seen)


def test_an_image_of_another_size_is_told_and_nothing_is_written(project):
    result = the_result(project)
    labels = np.ones((9, 9), np.uint32)
    correction = Correction(
        result, project.images.get(1), project.images.path(1), project.folder, labels, frozenset()
    )
    with pytest.raises(UserFacingError, match="is 60 x 40 pixels now"):
        write_corrected(correction)
    assert not (project.folder / "corrected").exists()


def test_what_is_marked_as_corrected_becomes_a_training_set(project, tmp_path):
    from dinocell_training.datasets import labelled_pairs

    result = correct(project)
    project.corrected.mark(1)
    assert project.corrected.of(1) == ()
    written = write_training_set(corrected_pictures(project), tmp_path / "set")
    (pair,) = labelled_pairs(tmp_path / "set").pairs
    assert [pair.image_path] == written
    pixels, labels = pair.read()
    np.testing.assert_array_equal(pixels, tifffile.imread(project.images.path(1)))
    np.testing.assert_array_equal(labels, read_labels(project.results.labels_path(result)))
    assert not pair.read_ignore_region(SHAPE).any()

    project.corrected.mark(1, ONLY_PLANE, ((0.0, 0.0), (20.0, 0.0), (20.0, 40.0), (0.0, 40.0)))
    write_training_set(corrected_pictures(project), tmp_path / "set")
    (pair,) = labelled_pairs(tmp_path / "set").pairs
    ignored = pair.read_ignore_region(SHAPE)
    assert not ignored[:, :20].any()
    assert ignored[:, 20:].all()

    project.corrected.unmark(1)
    assert project.corrected.of(1) is None
    assert write_training_set(corrected_pictures(project), tmp_path / "set") == []


def test_a_plane_of_a_stack_becomes_a_picture_of_its_own(project, tmp_path):
    from dinocell_training.datasets import labelled_pairs

    stack = np.random.default_rng(1).integers(0, 900, (3, 2, *SHAPE)).astype(np.uint16)
    folder = project.images.path(1).parent
    tifffile.imwrite(folder / "s.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    (image,) = project.images.add([found_image(folder / "s.tif", folder)])
    tifffile.imwrite(tmp_path / "s_z001_masks.tif", model_labels())
    matches = match_labels([(image.id, folder / "s.tif")], [tmp_path / "s_z001_masks.tif"])
    (planned,) = plan_imports(project, matches, "cells")
    result = project.results.record(import_labels(planned).result)
    assert (result.plane.z, result.plane.suffix) == (1, "_z001")
    project.corrected.mark(image.id, result.plane)
    write_training_set(corrected_pictures(project), tmp_path / "set")
    (pair,) = labelled_pairs(tmp_path / "set").pairs
    np.testing.assert_array_equal(tifffile.imread(pair.image_path), stack[1])
    np.testing.assert_array_equal(read_labels(pair.label_source.path), model_labels())


@pytest.mark.parametrize(("axes", "choice"), [("ZCYX", "max"), ("TCYX", "z=each,t=max"), ("ZCYX", "2")])
def test_cells_of_a_projection_are_measured_in_it_and_taught_with_it(project, tmp_path, axes, choice):
    stack = np.random.default_rng(2).integers(0, 900, (3, 2, *SHAPE)).astype(np.uint16)
    seen = stack[2] if choice == "2" else stack.max(axis=0)
    path = project.images.path(1).with_name("p.tif")
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": axes})
    tifffile.imwrite(tmp_path / "p_masks.tif", model_labels())
    job = MeasureJob(
        images=path,
        labels=tmp_path / "p_masks.tif",
        output=project.results_folder / "cells",
        plane=choice,
        formats=("labels", "csv"),
    )
    failures = [event for event in measure_images(job) if isinstance(event, ImageFailed)]
    assert failures == []
    (image,) = project.images.add([found_image(path, path.parent)])
    files = tuple(f"results/cells/p{SUFFIXES[kind]}" for kind in ("labels", "csv"))
    project.results.record(NewResult(image_id=image.id, name="cells", n_cells=3, files=files))
    result = correct(project, image_id=image.id)
    cells = pd.read_csv(project.results.table_path(result)).set_index("label")
    means = cells.filter(regex=r"^intensity_mean_(?!background)").loc[3]
    np.testing.assert_allclose(means.astype(float), seen[:, 25:35, 5:15].mean(axis=(1, 2)))
    project.corrected.mark(image.id)
    (written,) = write_training_set(corrected_pictures(project), tmp_path / "set")
    np.testing.assert_array_equal(tifffile.imread(written), seen)
