"""Every kind of file that is read: how a whole one is made, and what the application does with it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import fuzz_files
from tests.fuzz.fuzz_mutations import ODD_INTEGERS, harm_file


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Parameters
    ----------
    name : str
    make : callable
        Fills a folder with whole files.
    read : callable
        Does with a file, or with the folder for `whole`, what the application does.
    share : int
        How many of 10,000 inputs are of this kind.
    whole : bool
        Whether what is read is the folder, of which one file is harmed.
    torch : bool
        Whether reading it imports torch, which takes seconds.
    """

    name: str
    make: Callable[[Path], None]
    read: Callable[[Path], object]
    share: int
    whole: bool = False
    torch: bool = False


def harm(chance: random.Random, place: Path, others: list[bytes]) -> None:
    """Harm one file of an input, a database now and then through its own language."""
    files = list(fuzz_files.files_below(place))
    if not files:
        return
    # What is imported into a project, not the project, is what is harmed there.
    elsewhere = [path for path in files if path.parent.name == "made elsewhere"]
    files = elsewhere or files
    databases = [path for path in files if path.suffix == ".sqlite"]
    chosen = databases[0] if databases and chance.random() < 0.7 else chance.choice(files)
    if chosen.suffix == ".sqlite" and chance.random() < 0.6:
        _harm_rows(chance, chosen)
    elif chosen.name == "weights.safetensors" and chance.random() < 0.7:
        harm_file(chance, chosen, others)
        _name_checksum_anew(chosen)
    else:
        harm_file(chance, chosen, others)


def _read_image(path: Path) -> None:
    from dinocell_app.imaging.planes import ChannelChoice, select_planes
    from dinocell_app.imaging.reading import open_image, stored_axes
    from dinocell_app.project.thumbnails import make_thumbnail

    with open_image(path) as reader:
        metadata = reader.metadata
        reader.read_plane()
        reader.read_plane(metadata.n_times - 1, metadata.n_slices - 1, metadata.n_channels - 1)
        for number, plane in enumerate(select_planes(reader, channel=ChannelChoice("mean"))):
            if number < 3:
                _ = plane.pixels
            else:
                break
    make_thumbnail(path)
    stored_axes(path)


def _read_labels(path: Path) -> None:
    from dinocell_app.export.label_files import read_labels

    read_labels(path)


def _read_rois(path: Path) -> None:
    from dinocell_app.export.imagej_rois import read_imagej_rois

    read_imagej_rois(path, fuzz_files.SHAPE)


def _read_coco(path: Path) -> None:
    from dinocell_app.export.coco import read_coco_labels

    list(read_coco_labels(path))


def _read_regions(path: Path) -> None:
    from dinocell_app.region_files import read_regions, regions_of
    from dinocell_app.regions import allowed_pixels, pixels_inside

    found = regions_of(read_regions(path), Path("/images/a.tif"))
    allowed_pixels(found, fuzz_files.SHAPE)
    for region in found:
        pixels_inside(region, fuzz_files.SHAPE)


def _read_job(path: Path) -> None:
    from dinocell_app.job_files import job_to_json, read_job

    job_to_json(read_job(path))


def _read_run(folder: Path) -> None:
    from dinocell_app.errors import UserFacingError
    from dinocell_app.run_folder import RunFolder
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
    for read in (lambda: run.read_job(), lambda: _read_training(run.path)):
        try:
            read()
        except UserFacingError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _read_training(run: Path) -> None:
    from training.held_out import HeldOut
    from training.validation_history import ValidationHistory
    from training.verdict import Verdict

    HeldOut.read(run)
    _ = ValidationHistory(run / "checkpoints").best_epoch
    Verdict.read(run)


def _read_settings(path: Path) -> None:
    from dinocell_app.settings import read_settings, write_settings

    read = read_settings(path)
    write_settings(read.with_recent(Path("/c")), path.with_name("written.json"))


def _read_library(path: Path) -> None:
    from dinocell_app.reference_library import read_library

    read_library(path).read()


def _read_record(path: Path) -> None:
    from dinocell_app.export.plane_record import read_record
    from dinocell_app.export.provenance import read_sidecar
    from dinocell_app.ui.results.cell_store import CellSource
    from dinocell_app.ui.results.store_reading import StoreRequest, read_store

    if path.suffix == ".json":
        read_record(path)
        read_sidecar(path)
    else:
        read_store(StoreRequest((CellSource(1, 1, "a.tif", table=path),)))


def _read_project(folder: Path) -> None:
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


def _match_and_import(folder: Path) -> None:
    from dinocell_app.errors import UserFacingError
    from dinocell_app.project.label_import import match_labels
    from training.datasets import labelled_pairs
    from training.reference_training.typed_pictures import find_typed_pictures

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
        tried(lambda pair=pair: pair.read_ignore_region(fuzz_files.SHAPE))
    tried(lambda: find_typed_pictures(folder, folder / "types.csv"))
    tried(lambda: find_typed_pictures(folder))
    if problems:
        raise problems[0]


def _open_corrections(folder: Path) -> None:
    from dinocell_app.editing.edit_history import EditHistory

    history = EditHistory(folder / "edits", fuzz_files.cells, who="me")
    try:
        for version in history.versions():
            history.labels_at(version)
        _ = history.edited_cells, history.deleted_cells, history.next_label
        while history.can_undo:
            history.undo()
        while history.can_redo:
            history.redo()
    finally:
        history.close()


def _import_labels(folder: Path) -> None:
    from dinocell_app.errors import UserFacingError
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


def _read_folds(folder: Path) -> None:
    from training.reference_training.pannuke import find_pannuke

    for picture in find_pannuke(folder, (1,)):
        picture.read()


def _models(folder: Path) -> None:
    from tests.fuzz.fuzz_models import make_models

    make_models(folder)


def _read_model(folder: Path) -> None:
    from tests.fuzz.fuzz_models import read_models

    read_models(folder)


def _archives(folder: Path) -> None:
    from tests.fuzz.fuzz_models import make_archives

    make_archives(folder)


def _import_archive(path: Path) -> None:
    from tests.fuzz.fuzz_models import import_archive

    import_archive(path)


def _checkpoints(folder: Path) -> None:
    from tests.fuzz.fuzz_models import make_checkpoints

    make_checkpoints(folder)


def _read_checkpoints(folder: Path) -> None:
    from tests.fuzz.fuzz_models import read_checkpoints

    read_checkpoints(folder)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("TIFF", fuzz_files.tiffs, _read_image, 2000),
        Kind("PNG, JPEG, BMP", fuzz_files.rasters, _read_image, 1200),
        Kind("OME-Zarr", fuzz_files.zarrs, _read_image, 700),
        Kind("vendor", fuzz_files.vendor, _read_image, 100),
        Kind("label images", fuzz_files.label_pictures, _read_labels, 900),
        Kind("Cellpose", fuzz_files.cellpose, _read_labels, 900),
        Kind("ImageJ ROIs", fuzz_files.rois, _read_rois, 700),
        Kind("COCO", fuzz_files.coco, _read_coco, 500),
        Kind("GeoJSON regions", fuzz_files.regions, _read_regions, 300),
        Kind("jobs", fuzz_files.jobs, _read_job, 400),
        Kind("run folders", fuzz_files.run_folder, _read_run, 500, whole=True),
        Kind("settings", fuzz_files.settings, _read_settings, 200),
        Kind("reference libraries", fuzz_files.libraries, _read_library, 200),
        Kind("records and tables", fuzz_files.records, _read_record, 300),
        Kind("projects", fuzz_files.projects, _read_project, 500, whole=True),
        Kind("training pairs", fuzz_files.pairs, _match_and_import, 200, whole=True),
        Kind("corrections", fuzz_files.corrections, _open_corrections, 200, whole=True),
        Kind("label import", fuzz_files.labels_to_import, _import_labels, 100, whole=True),
        Kind("PanNuke folds", fuzz_files.folds, _read_folds, 100, whole=True),
        Kind("model folders", _models, _read_model, 120, whole=True, torch=True),
        Kind("model archives", _archives, _import_archive, 120, torch=True),
        Kind("checkpoints", _checkpoints, _read_checkpoints, 60, whole=True, torch=True),
    )
}


def _crash(path: Path) -> None:
    import ctypes

    ctypes.string_at(0)


def _fail(path: Path) -> None:
    raise KeyError(path.name)


def _run_something(path: Path) -> None:
    import subprocess

    subprocess.run(["true"], check=False)


def _write_elsewhere(path: Path) -> None:
    (path.parents[2] / "outside.txt").write_text("x")


def _take_memory(path: Path) -> None:
    _ = bytearray(3 << 29)


def _say_little(path: Path) -> None:
    from dinocell_app.errors import UserFacingError

    raise UserFacingError("Something is wrong")


def _after_reading(fault: Callable[[Path], None]) -> Callable[[Path], None]:
    """Make a reader that reads whole files and fails with harmed ones."""

    def read(path: Path) -> None:
        if path.read_bytes() != b"whole":
            fault(path)

    return read


FAULTY = {
    fault.__name__: Kind(fault.__name__, lambda folder: _write(folder / "a.txt"), _after_reading(fault), 0)
    for fault in (_crash, _fail, _run_something, _write_elsewhere, _take_memory, _say_little)
}
"""Readers that do what none may do, for tests of the watch."""


def _write(path: Path) -> None:
    path.write_bytes(b"whole")


def _harm_rows(chance: random.Random, path: Path) -> None:
    """Change a project file as another program may: values of another type, tables that are gone."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA foreign_keys = OFF")
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        for _ in range(chance.choice((1, 1, 2))):
            table = chance.choice(tables)
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            column = chance.choice(columns)
            how = chance.random()
            if how < 0.8:
                connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (_odd_cell(chance),))
            elif how < 0.85:
                connection.execute(f"DELETE FROM {table}")
            elif how < 0.9:
                connection.execute(f"ALTER TABLE {table} RENAME TO gone")
                tables = [each for each in tables if each != table]
            elif how < 0.93:
                connection.execute(f"PRAGMA user_version = {chance.choice((0, 1, 2, 3, 4, 99))}")
            elif how < 0.96:
                connection.execute(
                    f"CREATE TRIGGER t{chance.random():.0f} AFTER UPDATE ON {table} "
                    f"BEGIN DELETE FROM {table}; END"
                )
            else:
                connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    except (sqlite3.Error, OverflowError, ValueError):
        pass
    finally:
        connection.commit()
        connection.close()


def _odd_cell(chance: random.Random) -> object:
    odd = (
        *(
            None,
            -1,
            0.5,
            "",
            "x",
            "[",
            "[1]",
            '["a", 1]',
            "{}",
            b"",
            b"\xff\xfe",
            "\0",
            "../..",
            float("inf"),
        ),
        *(-(2**63), '{"channel": []}', '{"a": 1}', "[[1, 2]]", "nan", "[null]"),
    )
    return chance.choice((*odd, chance.choice(ODD_INTEGERS) & (2**63 - 1)))


def _name_checksum_anew(weights: Path) -> None:
    """Make a manifest name the checksum of weights that were harmed, as a forger would."""
    import hashlib
    import json

    manifest = weights.with_name("manifest.json")
    try:
        content = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return
    if isinstance(content, dict):
        content["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
        manifest.write_text(json.dumps(content))
