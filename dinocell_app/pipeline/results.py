"""Results of one plane of an image on disk: what proves them finished, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from dinocell_app.base.disk_errors import writing_explained
from dinocell_app.base.errors import ResultsInTheWayError
from dinocell_app.export.digests import digest_of, has_size_of
from dinocell_app.export.formats import write_formats
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.names import SUFFIXES, output_path, require_short_names
from dinocell_app.export.plane_record import PlaneRecord, read_record
from dinocell_app.export.provenance import write_sidecar
from dinocell_app.imaging.scan import natural_key
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.setting import spelled


@dataclass(frozen=True)
class Place:
    """Where the results of one plane go.

    Parameters
    ----------
    folder : Path
        The output folder.
    stem : PurePosixPath
        Folder and stem of the image below it.
    plane_suffix : str
        Such as "_t0003_z001"; empty for an image of one plane.
    """

    folder: Path
    stem: PurePosixPath
    plane_suffix: str = ""

    def path(self, kind: str) -> Path:
        """Name a result file.

        Parameters
        ----------
        kind : str
            A key of `export.names.SUFFIXES`.
        """
        return output_path(self.folder, self.stem, self.plane_suffix, kind)


def finished_record(
    place: Place, wanted: PlaneRecord, formats: Sequence[str], *, overwrite: bool
) -> PlaneRecord | None:
    """Find out whether a plane needs to be done.

    Parameters
    ----------
    wanted : PlaneRecord
        What is known before the work: checksums, parameters and selection.
    formats : sequence of str
        That have to be there.
    overwrite : bool
        Whether results of something else may be replaced.

    Returns
    -------
    PlaneRecord or None
        The record of results that can stay; None when they have to be made.

    Raises
    ------
    ResultsInTheWayError
        If other results are in the way and may not be replaced.
    UserFacingError
        If the names of the results would be too long.
    """
    require_short_names(Path(wanted.input_path), place.stem, place.plane_suffix)
    record = read_record(place.path("sidecar"))
    if record is not None and record.identity() == wanted.identity():
        return record if is_complete(place.path("sidecar"), record, formats) else None
    if overwrite:
        return None
    files = {place.path(name) for name in formats}
    if record is not None:
        files |= {place.path("sidecar").with_name(name) for name in record.outputs.values()}
    in_the_way = sorted(file for file in files if file.exists())
    if not in_the_way:
        return None
    what = (
        f"{in_the_way[0].name} exists and was not made by this application"
        if record is None
        else f"results of something else exist ({_difference(record.identity(), wanted.identity())})"
    )
    raise ResultsInTheWayError(
        what,
        path=in_the_way[0],
        remedy="Keep them by giving the new results another folder or name, or allow replacing them "
        "(“Retry failed” in the window, --overwrite in a terminal)",
    )


def is_complete(sidecar: Path, record: PlaneRecord, formats: Sequence[str]) -> bool:
    """Tell whether all files of a record are there, in the sizes they were written in.

    Parameters
    ----------
    sidecar : Path
        Its file.
    """
    return all(
        name in record.outputs
        and has_size_of(sidecar.parent / record.outputs[name], record.digests.get(name))
        for name in formats
    )


def write_results(
    place: Place, image: LabelledImage, record: PlaneRecord, formats: Sequence[str]
) -> PlaneRecord:
    """Write the files of a plane, and last the record that proves them.

    Parameters
    ----------
    record : PlaneRecord
        Without outputs.

    Returns
    -------
    PlaneRecord
        As written last. Files in other formats that an earlier run with the same identity left are kept
        in it.

    Raises
    ------
    UserFacingError
        If a file cannot be written.
    """
    return write_proven(
        place, record, lambda: write_formats(image, place.folder, place.stem, place.plane_suffix, formats)
    )


def write_proven(place: Place, record: PlaneRecord, write: Callable[[], Mapping[str, Path]]) -> PlaneRecord:
    """Have the files of a plane written between the record that claims them and the one that proves them.

    Parameters
    ----------
    record : PlaneRecord
        Without outputs.
    write : callable
        Writes the files and gives them by the names of their formats.

    Returns
    -------
    PlaneRecord
        As `write_results`.

    Raises
    ------
    UserFacingError
        If a file cannot be written.
    """
    sidecar = place.path("sidecar")
    before = read_record(sidecar)
    kept = {}
    if before is not None and before.identity() == record.identity():
        kept = {name: file for name, file in before.outputs.items() if is_complete(sidecar, before, [name])}
    write_sidecar(sidecar, replace(record, outputs={}))
    written = write()
    digests = {name: before.digests[name] for name in kept if before and name in before.digests}
    with writing_explained(sidecar):
        digests |= {name: digest_of(path) for name, path in written.items()}
    outputs = kept | {name: path.name for name, path in written.items()}
    names = [name for name in SUFFIXES if name in outputs]
    finished = replace(
        record,
        outputs={name: outputs[name] for name in names},
        digests={name: digests[name] for name in names if name in digests},
    )
    write_sidecar(sidecar, finished)
    return finished


def all_records(folder: Path) -> Iterator[tuple[Path, PlaneRecord]]:
    """Find the finished planes below an output folder, of this run and of earlier ones.

    Yields
    ------
    sidecar : Path
    record : PlaneRecord
        In the order of the names, numbers by value.
    """
    found = []
    for sidecar in folder.rglob(f"*{SUFFIXES['sidecar']}"):
        record = read_record(sidecar)
        if record is not None and record.outputs and is_complete(sidecar, record, list(record.outputs)):
            found.append((sidecar, record))
    yield from sorted(found, key=lambda item: natural_key(item[1].name))


def _difference(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    known = {"image": "another image file", "model": "another model"}
    parts = [
        known.get(name, f"{spelled(SegmentJob, name)} {before.get(name)} instead of {wanted.get(name)}")
        for name in {**wanted, **before}
        if before.get(name) != wanted.get(name)
    ]
    return ", ".join(parts)
