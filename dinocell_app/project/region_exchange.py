"""Regions of a whole project to and from a GeoJSON file."""

from __future__ import annotations

from pathlib import Path

from dinocell_app.project.project import Project
from dinocell_app.regions.region import Region
from dinocell_app.regions.region_files import EVERY_IMAGE, read_regions, regions_of, write_regions

GEOJSON = "GeoJSON (*.geojson *.json)"
"""Filter of file dialogs."""


def regions_in_file(project: Project, path: Path, current: int | None) -> dict[int, tuple[Region, ...]]:
    """Read regions for the images of a project.

    Parameters
    ----------
    current : int or None
        Image that gets the regions which name no image.

    Returns
    -------
    dict of int to tuple of Region
        By image.

    Raises
    ------
    UserFacingError or OSError
        If the file cannot be read.
    """
    found = read_regions(path)
    nameless = found.pop(EVERY_IMAGE, ())
    by_image = {
        number: tuple(regions)
        for number, image in project.images.paths().items()
        if (regions := regions_of(found, image))
    }
    if nameless and current is not None:
        by_image[current] = (*by_image.get(current, ()), *nameless)
    return by_image


def write_project_regions(project: Project, path: Path) -> None:
    """Write the regions of all images.

    Raises
    ------
    UserFacingError or OSError
        If the file cannot be written.
    """
    paths = project.images.paths()
    write_regions(path, {str(paths[n]): regions for n, regions in project.regions.all().items()})
