"""Every kind of file that is read: how a whole one is made, and what the application does with it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import fuzz_files, fuzz_readers, fuzz_records, fuzz_vendors
from tests.fuzz.fuzz_mutations import ODD_INTEGERS, harm_file


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Parameters
    ----------
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


KINDS = {
    kind.name: kind
    for kind in (
        Kind("TIFF", fuzz_files.tiffs, fuzz_readers.read_image, 2000),
        Kind("PNG, JPEG, BMP", fuzz_files.rasters, fuzz_readers.read_image, 1200),
        Kind("OME-Zarr", fuzz_files.zarrs, fuzz_readers.read_image, 700),
        Kind("CZI", fuzz_vendors.czis, fuzz_readers.read_image, 400),
        Kind("LIF", fuzz_vendors.lifs, fuzz_readers.read_image, 400),
        Kind("ND2", fuzz_vendors.nd2s, fuzz_readers.read_image, 400),
        Kind("sets of files", fuzz_vendors.sets, fuzz_readers.scan_and_read, 200, whole=True),
        Kind("label images", fuzz_files.label_pictures, fuzz_readers.read_labels, 900),
        Kind("Cellpose", fuzz_files.cellpose, fuzz_readers.read_labels, 900),
        Kind("ImageJ ROIs", fuzz_files.rois, fuzz_readers.read_rois, 700),
        Kind("COCO", fuzz_files.coco, fuzz_readers.read_coco, 500),
        Kind("GeoJSON regions", fuzz_files.regions, fuzz_readers.read_regions, 300),
        Kind("jobs", fuzz_records.jobs, fuzz_readers.read_job, 400),
        Kind("run folders", fuzz_records.run_folder, fuzz_readers.read_run, 500, whole=True),
        Kind("settings", fuzz_records.settings, fuzz_readers.read_settings, 200),
        Kind("reference libraries", fuzz_records.libraries, fuzz_readers.read_library, 200),
        Kind("records and tables", fuzz_records.records, fuzz_readers.read_record, 300),
        Kind("projects", fuzz_records.projects, fuzz_readers.read_project, 500, whole=True),
        Kind("training pairs", fuzz_files.pairs, fuzz_readers.match_and_import, 200, whole=True),
        Kind("corrections", fuzz_records.corrections, fuzz_readers.open_corrections, 200, whole=True),
        Kind("label import", fuzz_files.labels_to_import, fuzz_readers.import_labels, 100, whole=True),
        Kind("PanNuke folds", fuzz_files.folds, fuzz_readers.read_folds, 100, whole=True),
        Kind("model folders", fuzz_readers.models, fuzz_readers.read_model, 120, whole=True, torch=True),
        Kind("model archives", fuzz_readers.archives, fuzz_readers.import_archive, 120, torch=True),
        Kind(
            "checkpoints", fuzz_readers.checkpoints, fuzz_readers.read_checkpoints, 60, whole=True, torch=True
        ),
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
    from dinocell_app.base.errors import UserFacingError

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
