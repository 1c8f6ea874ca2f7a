"""What the application does with files of each kind; harmed ones may lead to a sentence and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fuzz.fuzz_files import SHAPE, cells


def read_image(path: Path) -> None:
    from dinocell_app.imaging.metadata import what_is_missing
    from dinocell_app.imaging.planes import ChannelChoice, select_planes
    from dinocell_app.imaging.reading import open_file, stored_axes
    from dinocell_app.project.thumbnails import make_thumbnail

    with open_file(path) as file:
        for scene in file.scenes[:3]:
            reader = file.image(scene.index)
            what_is_missing(reader.metadata)
            for number, plane in enumerate(select_planes(reader, channel=ChannelChoice("mean"))):
                if number < 3:
                    _ = plane.pixels
                    plane.read_rows(0, 2)
                else:
                    break
    make_thumbnail(path)
    stored_axes(path)


def scan_and_read(folder: Path) -> None:
    from dinocell_app.imaging.scan import scan_folder

    for path in scan_folder(folder, recursive=True).images:
        read_image(path)


def read_labels(path: Path) -> None:
    from dinocell_app.export.label_files import read_labels

    read_labels(path)


def read_rois(path: Path) -> None:
    from dinocell_app.export.imagej_rois import read_imagej_rois

    read_imagej_rois(path, SHAPE)


def read_coco(path: Path) -> None:
    from dinocell_app.export.coco import read_coco_labels

    list(read_coco_labels(path))


def read_regions(path: Path) -> None:
    from dinocell_app.regions.region import allowed_pixels, pixels_inside
    from dinocell_app.regions.region_files import read_regions, regions_of

    found = regions_of(read_regions(path), Path("/images/a.tif"))
    allowed_pixels(found, SHAPE)
    for region in found:
        pixels_inside(region, SHAPE)


def read_job(path: Path) -> None:
    from dinocell_app.jobs.job_files import job_to_json, read_job

    job_to_json(read_job(path))


def read_run(folder: Path) -> None:
    from dinocell_app.base.errors import UserFacingError
    from dinocell_app.jobs.run_folder import RunFolder
    from dinocell_app.run_queue.order import next_entry, read_queue
    from dinocell_app.run_queue.progress import ProgressCount

    run = RunFolder(folder / "run")
    count = ProgressCount()
    for event in run.events():
        count.add(event)
        count.progress("running")
    run.finished()
    read_queue(run.path)
    next_entry(run.path)
    problems: list[UserFacingError] = []
    for read in (lambda: run.read_job(), lambda: read_training(run.path)):
        try:
            read()
        except UserFacingError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def read_training(run: Path) -> None:
    from dinocell_training.held_out import HeldOut
    from dinocell_training.validation_history import ValidationHistory
    from dinocell_training.verdict import Verdict

    HeldOut.read(run)
    _ = ValidationHistory(run / "checkpoints").best_epoch
    Verdict.read(run)


def read_settings(path: Path) -> None:
    from dinocell_app.base.settings import read_settings, write_settings

    read = read_settings(path)
    write_settings(read.with_recent(Path("/c")), path.with_name("written.json"))


def read_library(path: Path) -> None:
    from dinocell_app.references.library import read_library

    read_library(path).read()


def read_record(path: Path) -> None:
    from dinocell_app.export.plane_record import read_record
    from dinocell_app.export.provenance import Provenance, read_sidecar
    from dinocell_app.tables.cell_store import CellSource
    from dinocell_app.tables.store_reading import StoreRequest, read_store

    if path.suffix == ".json":
        read_record(path)
        read_sidecar(path, Provenance)
    else:
        read_store(StoreRequest((CellSource(1, 1, "a.tif", table=path),)))


def read_project(folder: Path) -> None:
    from dinocell_app.project.project import Project
    from dinocell_app.project.run_events import apply_new_events

    with Project.open(folder / "p.dinocell") as project:
        project.roots.missing()
        for image in project.images.all():
            project.images.path(image.id)
            project.displays.get(image.id)
            project.displays.plane(image.id)
            project.results.of_image(image.id)
            project.regions.of_image(image.id)
        project.images.paths()
        project.images.folder_axes()
        for name in project.results.set_names():
            for result in project.results.in_set(name):
                project.results.labels_path(result)
                project.judgements.of_result(result.id)
            project.audits.of_set(name)
        project.results.latest()
        for run in project.runs.all():
            while apply_new_events(project, run.id):
                pass
            project.runs.image_paths(run.id)
        for name in project.presets.names():
            project.presets.get(name)
        project.presets.current()
        project.references.all()
        project.judgements.all()
        project.regions.all()
        project.images.set_note(0, "x")


def match_and_import(folder: Path) -> None:
    from dinocell_training.datasets import labelled_pairs
    from dinocell_training.reference_training.typed_pictures import find_typed_pictures

    from dinocell_app.base.errors import UserFacingError
    from dinocell_app.project.label_import import match_labels

    match_labels([(1, folder / "a.tif"), (2, folder / "b.tif")], [folder])
    problems: list[UserFacingError] = []

    def tried(read: Callable[[], object]) -> None:
        try:
            read()
        except UserFacingError as error:
            problems.append(error)

    for pair in labelled_pairs(folder).pairs:
        _ = pair.diagnosis
        tried(pair.read)
        tried(lambda pair=pair: pair.read_ignore_region(SHAPE))
    tried(lambda: find_typed_pictures(folder, folder / "types.csv"))
    tried(lambda: find_typed_pictures(folder))
    if problems:
        raise problems[0]


def open_corrections(folder: Path) -> None:
    from dinocell_app.editing.edit_history import EditHistory

    history = EditHistory(folder / "edits", cells, who="me")
    try:
        for version in history.versions():
            history.labels_at(version)
        _ = history.edited_cells, history.next_label
        while history.can_undo:
            history.undo()
        while history.can_redo:
            history.redo()
    finally:
        history.close()


def import_labels(folder: Path) -> None:
    from dinocell_app.base.errors import UserFacingError
    from dinocell_app.project.label_import import match_labels
    from dinocell_app.project.label_results import import_labels, plan_imports
    from dinocell_app.project.project import Project

    with Project.open(folder / "p.dinocell") as project:
        images = [(image.id, project.images.path(image.id)) for image in project.images.all()]
        plans = plan_imports(project, match_labels(images, [folder / "made elsewhere"]))
    problems: list[UserFacingError] = []
    for plan in plans:
        try:
            import_labels(plan)
        except UserFacingError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def read_folds(folder: Path) -> None:
    from dinocell_training.reference_training.pannuke import find_pannuke

    for picture in find_pannuke(folder, (1,)):
        picture.read()


def models(folder: Path) -> None:
    from tests.fuzz.fuzz_models import make_models

    make_models(folder)


def read_model(folder: Path) -> None:
    from tests.fuzz.fuzz_models import read_models

    read_models(folder)


def archives(folder: Path) -> None:
    from tests.fuzz.fuzz_models import make_archives

    make_archives(folder)


def import_archive(path: Path) -> None:
    from tests.fuzz.fuzz_models import import_archive

    import_archive(path)


def checkpoints(folder: Path) -> None:
    from tests.fuzz.fuzz_models import make_checkpoints

    make_checkpoints(folder)


def read_checkpoints(folder: Path) -> None:
    from tests.fuzz.fuzz_models import read_checkpoints

    read_checkpoints(folder)
