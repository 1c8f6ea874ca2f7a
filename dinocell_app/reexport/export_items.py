"""The results of a project as an export sees them: names and files, a snapshot for a worker thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.names import IMAGES_CSV, SUFFIXES, result_stem
from dinocell_app.export.plane_record import read_record
from dinocell_app.imaging.scan import natural_key
from dinocell_app.project.corrected_results import CORRECTED_NAME
from dinocell_app.regions.region import Region
from dinocell_app.review.audit_result import AuditResult

if TYPE_CHECKING:
    from dinocell_app.project.project import Project


KEY_COLUMNS = ("image", "label")
"""Every table keeps these, because rows are nobody's without them."""


@dataclass(frozen=True)
class ExportItem:
    """The results of one plane of an image.

    Parameters
    ----------
    stem : PurePosixPath
        Folder and stem of its files below the folder of results, with the suffix of the plane.
    folder : Path
        The folder of results.
    image : Path
        The image file.
    pixel_size_um : float or None
        In effect in the project, for results that carry none.
    judgements : tuple of (int, str)
        What was said about cells while looking through them, by label.
    regions : tuple of Region
        Regions of interest that the image has in the project now.
    shape : (int, int)
        Rows and columns of the image; zeros where they are not known.
    cells : str
        Filter, as `tables.filter_expression` reads it: other cells count as not there. Empty for all.
    """

    stem: PurePosixPath
    folder: Path
    image: Path
    pixel_size_um: float | None = None
    judgements: tuple[tuple[int, str], ...] = ()
    regions: tuple[Region, ...] = ()
    shape: tuple[int, int] = (0, 0)
    cells: str = ""

    def file(self, kind: str) -> Path:
        """Name a result file.

        Parameters
        ----------
        kind : str
            A key of `export.names.SUFFIXES`.

        Returns
        -------
        Path
            It need not exist.
        """
        return self.target(self.folder, kind)

    def target(self, folder: Path, kind: str) -> Path:
        """Name a file that is exported."""
        return folder.joinpath(*self.stem.parts[:-1], self.stem.name + SUFFIXES[kind])


@dataclass(frozen=True)
class FailedItem:
    """An image without results."""

    image: Path
    name: str
    reason: str


@dataclass(frozen=True)
class ExportItems:
    """What there is to export.

    Parameters
    ----------
    finished : tuple of ExportItem
        In the order of their names, numbers by value.
    audits : tuple of AuditResult
        What people found who judged random cells of these results; the newest first.
    """

    finished: tuple[ExportItem, ...] = ()
    failed: tuple[FailedItem, ...] = ()
    audits: tuple[AuditResult, ...] = ()


def export_items(project: Project, set_name: str, image_ids: Collection[int] | None) -> ExportItems:
    """Collect the results of a set.

    Parameters
    ----------
    set_name : str
        Name of the results.
    image_ids : collection of int or None
        None for all images that have such results.
    """
    folder = project.results_folder / set_name
    finished: dict[PurePosixPath, ExportItem] = {}
    failed: dict[Path, FailedItem] = {}
    wanted = None if image_ids is None else set(image_ids)
    images = {image.id: image for image in project.images.all()}
    paths = project.images.paths()
    regions = project.regions.all()
    homes = {root.id: root.path.name for root in project.roots.all()}
    for result in project.results.in_set(set_name):
        if result.image_id not in images or (wanted is not None and result.image_id not in wanted):
            continue
        image, path = images[result.image_id], paths[result.image_id]
        if result.status == "failed":
            name = f"{homes.get(image.root_id, '')}/{image.relative_path}".lstrip("/")
            failed[path] = FailedItem(path, name, result.reason)
            continue
        judged = tuple(project.judgements.of_result(result.id).items())
        # Corrected results mirror those of the model in a folder of their own.
        home = project.folder / CORRECTED_NAME / set_name if result.is_corrected else folder
        for stem in stems_of(home, [project.folder / file for file in result.files]):
            item = ExportItem(
                stem,
                home,
                path,
                image.pixel_size_um,
                judged,
                regions.get(image.id, ()),
                (image.height, image.width),
            )
            finished.setdefault(stem, item)
    done = {item.image for item in finished.values()}
    return ExportItems(
        tuple(sorted(finished.values(), key=lambda item: natural_key(item.stem.as_posix()))),
        tuple(item for path, item in failed.items() if path not in done),
        tuple(audit.result for audit in project.audits.about_results(set_name)),
    )


def items_of_folder(folder: Path) -> ExportItems:
    """Collect the results in a folder that a run wrote, and the images that its table says failed.

    Raises
    ------
    InvalidParameterError
        If there are none.
    """
    found = []
    for sidecar in folder.rglob(f"*{SUFFIXES['sidecar']}"):
        record = read_record(sidecar)
        if record is not None and record.outputs:
            (stem,) = stems_of(folder, [sidecar])
            found.append((record.name, ExportItem(stem, folder, Path(record.input_path))))
    if not found:
        raise InvalidParameterError(
            "holds no results of this application",
            path=folder,
            remedy="Name a folder of results (segment -o) or a project",
        )
    finished = tuple(item for _, item in sorted(found, key=lambda pair: natural_key(pair[0])))
    return ExportItems(finished, tuple(_failed_in(folder / IMAGES_CSV)))


def _failed_in(table: Path) -> Iterator[FailedItem]:
    import csv

    from dinocell_app.export.result_tables import FAILED

    try:
        with table.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row.get("status") == FAILED:
                    yield FailedItem(Path(row.get("path", "")), row["image"], row.get("reason", ""))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError):
        return


def table_columns_of(items: Iterable[ExportItem], n_files: int = 50) -> tuple[str, ...]:
    """Read which columns the tables of cells have; for a worker thread.

    Parameters
    ----------
    n_files : int
        So many tables are looked at; those of one run are alike.

    Returns
    -------
    tuple of str
        Without the image and the label, which every table keeps.
    """
    import csv

    columns: dict[str, None] = {}
    items = tuple(items)
    for _, item in zip(range(n_files), items, strict=False):
        path = item.file("csv")
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as lines:
                columns.update(dict.fromkeys(next(csv.reader(lines), [])))
    if any(item.regions for item in items):
        columns.setdefault("region")
    return tuple(name for name in columns if name not in KEY_COLUMNS)


def stems_of(folder: Path, files: Iterable[Path]) -> list[PurePosixPath]:
    """Stems of the planes that files belong to; more than one for a stack."""
    stems: dict[PurePosixPath, None] = {}
    for file in files:
        if (stem := result_stem(file.name)) != file.name and file.is_relative_to(folder):
            stems[PurePosixPath(file.relative_to(folder).as_posix()).with_name(stem)] = None
    return list(stems)
