"""The regions of interest of each image of a job, and what a record says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dinocell_app.regions.region import Region, checksum
from dinocell_app.regions.region_files import read_regions, regions_of


class ImageRegions:
    """Regions by image.

    Parameters
    ----------
    file : Path or None
        GeoJSON; None for no regions.

    Raises
    ------
    UnreadableFileError
        If it cannot be read.
    """

    def __init__(self, file: Path | None) -> None:
        self._regions: Mapping[str, Sequence[Region]] = read_regions(file) if file is not None else {}

    def of(self, image: Path) -> tuple[Region, ...]:
        """Choose those of an image."""
        return regions_of(self._regions, image)

    def selection(self, image: Path) -> dict[str, str]:
        """Say in a record which regions an image had: results with others are other results.

        Returns
        -------
        dict of str to str
            Their checksum; empty without regions.
        """
        regions = self.of(image)
        return {"regions": checksum(regions)} if regions else {}
