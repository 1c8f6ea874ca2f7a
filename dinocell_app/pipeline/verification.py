"""Whether results are still what was written, and whether two runs of the same came out the same."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.editing.journal import JOURNAL_NAME, read_journal
from dinocell_app.export.digests import SHA256, digest_of
from dinocell_app.export.names import CELLS_CSV, IMAGES_CSV, SUFFIXES
from dinocell_app.export.plane_record import PlaneRecord, read_record
from dinocell_app.export.provenance import file_sha256
from dinocell_app.imaging.scan import natural_key
from dinocell_app.model.catalogue import list_models
from dinocell_app.model.weights_file import WEIGHTS_NAME, sha256_of

State = Literal["same", "changed", "missing", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What became of a file since it was recorded.

    Attributes
    ----------
    state : {"same", "changed", "missing", "unknown"}
        "unknown" where nothing was recorded that it could be compared with.
    what : str
        Part of a sentence.
    """

    path: str
    state: State
    what: str


def verify_results(folder: Path) -> Iterator[Finding]:
    """Compare records, results, images, models and tables of an output folder with what was recorded.

    Yields
    ------
    Finding
        One for each file that a record names.

    Raises
    ------
    InvalidParameterError
        If the folder holds no record.
    """
    sidecars = _sidecars(folder)
    images: dict[str, Finding] = {}
    models: dict[tuple[str, str], Finding] = {}
    records: list[PlaneRecord] = []
    for sidecar in sidecars:
        record = read_record(sidecar)
        if record is None:
            yield Finding(str(sidecar), "changed", "the record cannot be read")
            continue
        records.append(record)
        for name, file in record.outputs.items():
            yield _result(sidecar.with_name(file), record.digests.get(name))
        key = (record.input_path, record.input_sha256)
        images.setdefault("\0".join(key), _image(*key))
        if record.model_sha256:
            model = (record.model_id, record.model_sha256)
            models.setdefault(model, _model(*model))
    yield from images.values()
    yield from models.values()
    yield from _tables(folder, records)


def compare_results(one: Path, other: Path) -> Iterator[Finding]:
    """Compare the results of two runs, say on two computers, by their records.

    Yields
    ------
    Finding
        One for each plane, with what differs and, where results differ, what may be why.
    """
    first, second = _by_place(one), _by_place(other)
    for place in sorted(first.keys() | second.keys(), key=natural_key):
        a, b = first.get(place), second.get(place)
        if a is None or b is None:
            yield Finding(place, "missing", f"is not in {other if b is None else one}")
            continue
        settings = _differing(a.identity(), b.identity())
        files = [
            name
            for name in a.digests.keys() | b.digests.keys()
            if a.digests.get(name, {}).get(SHA256) != b.digests.get(name, {}).get(SHA256)
        ]
        if not (a.digests and b.digests):
            yield Finding(place, "unknown", "no checksums were recorded (made by an earlier version)")
        elif settings or files:
            yield Finding(place, "changed", _why(a, b, settings, sorted(files)))
        else:
            yield Finding(place, "same", "equal, byte by byte")


def edits_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Read who changed cells when, and what, from the journals of a project.

    Yields
    ------
    dict
        With the keys of `EDIT_COLUMNS`; in the order of the journals, and in each as it was done.
    """
    for path in sorted(folder.rglob(JOURNAL_NAME), key=lambda path: natural_key(path.as_posix())):
        journal = read_journal(path)
        for entry in journal.entries:
            yield {
                "result": path.parent.relative_to(folder).as_posix(),
                "number": entry.number,
                "time": entry.time,
                "who": entry.who,
                "what": entry.kind,
                "tool": entry.tool,
                "cells": " ".join(map(str, entry.cells)),
            }
        if journal.damage:
            raise UserFacingError(
                f"the journal is damaged after entry {len(journal.entries)} ({journal.damage})",
                path=path,
                remedy="Restore it from a backup; what stands before counts",
            )


EDIT_COLUMNS = ("result", "number", "time", "who", "what", "tool", "cells")


def _sidecars(folder: Path) -> list[Path]:
    found = sorted(folder.rglob(f"*{SUFFIXES['sidecar']}"), key=lambda path: natural_key(path.as_posix()))
    if not found:
        raise InvalidParameterError(
            "holds no results of this application", path=folder, remedy="Name the output folder of a run"
        )
    return found


def _by_place(folder: Path) -> dict[str, PlaneRecord]:
    read = ((path.relative_to(folder).as_posix(), read_record(path)) for path in _sidecars(folder))
    return {place: record for place, record in read if record is not None}


def _result(path: Path, digest: Mapping[str, Any] | None) -> Finding:
    if not path.exists():
        return Finding(str(path), "missing", "the result is not there any more")
    if digest is None:
        return Finding(str(path), "unknown", "no checksum was recorded (made by an earlier version)")
    try:
        same = digest_of(path) == dict(digest)
    except OSError as error:
        return Finding(str(path), "missing", f"the result cannot be read ({error.strerror})")
    return Finding(str(path), "same" if same else "changed", "the result, by size and checksum")


def _image(name: str, sha256: str) -> Finding:
    path = Path(name)
    try:
        if not path.exists():
            return Finding(name, "missing", "the image is not where it was")
        same = file_sha256(path) == sha256
    except OSError as error:
        return Finding(name, "missing", f"the image cannot be read ({error.strerror})")
    return Finding(name, "same" if same else "changed", "the image, by its checksum")


def _model(name: str, sha256: str) -> Finding:
    for entry in list_models()[0]:
        if entry.manifest.sha256 == sha256:
            whole = sha256_of(entry.folder / WEIGHTS_NAME) == sha256
            return Finding(str(entry.folder), "same" if whole else "changed", f"the weights of {name}")
    return Finding(name, "unknown", "the model is not among those of this computer")


def _tables(folder: Path, records: list[PlaneRecord]) -> Iterator[Finding]:
    """Compare the tables of all images with the records: they are made from them."""
    counts = {record.name: record.n_cells or 0 for record in records}
    try:
        if (folder / IMAGES_CSV).exists():
            told = {
                row["image"]: int(row["n_cells"] or 0)
                for row in _rows(folder / IMAGES_CSV)
                if row["status"] != "failed"
            }
            state: State = "same" if told == counts else "changed"
            yield Finding(str(folder / IMAGES_CSV), state, "images and their numbers of cells")
        if (folder / CELLS_CSV).exists():
            cells = Counter(row["image"] for row in _rows(folder / CELLS_CSV))
            expected = {record.name: record.n_cells for record in records if "csv" in record.outputs}
            same = {name: count for name, count in expected.items() if count} == dict(cells)
            yield Finding(str(folder / CELLS_CSV), "same" if same else "changed", "one row for each cell")
    except (OSError, ValueError, KeyError) as error:
        yield Finding(str(folder), "changed", f"a table of all images cannot be read ({error})")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def _why(a: PlaneRecord, b: PlaneRecord, settings: list[str], files: list[str]) -> str:
    parts = [f"{', '.join(files)} differ"] if files else []
    if a.n_cells != b.n_cells:
        parts.append(f"{a.n_cells} and {b.n_cells} cells")
    parts += [f"another {name}: {_said(a, name)} and {_said(b, name)}" for name in settings]
    if not settings:
        for name in ("device", "precision", "application_version"):
            one, other = getattr(a, name), getattr(b, name)
            parts += [f"{name.replace('_', ' ')} {one} and {other}"] if one != other else []
        versions = _differing(a.library_versions, b.library_versions)
        parts += [f"{v} {a.library_versions.get(v)} and {b.library_versions.get(v)}" for v in versions]
    return "; ".join(parts)


def _said(record: PlaneRecord, name: str) -> str:
    return str(record.identity().get(name))[:40]
