"""Which tables make up a result set of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dinocell_app.project.image_tree import condition_of
from dinocell_app.tables.cell_store import CellSource

if TYPE_CHECKING:
    from dinocell_app.project.project import Project
    from dinocell_app.project.records import ResultRecord

NEWEST = ""
"""The set made of the newest result of each image."""

FINISHED = "finished"


def sources_of_set(project: Project, name: str) -> tuple[CellSource, ...]:
    """Collect the results of a set, in the order of the images.

    Parameters
    ----------
    name : str
        Of the set; `NEWEST` for the newest result of each image.

    Returns
    -------
    tuple of CellSource
        Of each image and plane the newest result that finished, or else the newest; planes in their order.
    """
    roots = {root.id: root.name for root in project.roots.all()}
    newest: dict[tuple[int, str], ResultRecord] = {}
    for record in _records(project, name):
        key = (record.image_id, record.plane.suffix)
        if key not in newest or _rank(record) > _rank(newest[key]):
            newest[key] = record
    of_image: dict[int, list[ResultRecord]] = {}
    for record in sorted(newest.values(), key=lambda each: each.plane.order):
        of_image.setdefault(record.image_id, []).append(record)
    return tuple(
        CellSource(
            image.id,
            record.id,
            image.name,
            condition_of(image, roots),
            image.tags,
            record.plane,
            project.results.table_path(record) if record.status == FINISHED else None,
            (image.height, image.width),
            image.pixel_size_um,
            "" if record.status == FINISHED else record.reason or "unknown",
        )
        for image in project.images.all()
        for record in of_image.get(image.id, ())
    )


def _rank(record: ResultRecord) -> tuple[bool, int]:
    return record.status == FINISHED, record.id


def _records(project: Project, name: str) -> list[ResultRecord]:
    """Give all records of a set: with every plane of the images whose newest result is of a series."""
    if name != NEWEST:
        return project.results.in_set(name)
    records = []
    for latest in project.results.latest().values():
        newest = latest
        if latest.status != FINISHED:
            earlier = project.results.of_image(latest.image_id)
            newest = next((record for record in earlier if record.status == FINISHED), latest)
        if not newest.plane.suffix:
            records.append(newest)
            continue
        records += [
            record for record in project.results.of_image(newest.image_id) if record.name == newest.name
        ]
    return records
