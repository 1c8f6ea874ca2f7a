"""Changes of the regions of an image, each of which can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dinocell_app.regions.region import COUNT, Region

COLOURS = ("#ffd54a", "#4fc3f7", "#ff8a65", "#81c784", "#ce93d8", "#f06292")


@dataclass(frozen=True)
class RegionEdits:
    """The regions of an image, and what they were before.

    Parameters
    ----------
    before : tuple of tuple of Region
        Earlier states, the oldest first.
    """

    regions: tuple[Region, ...] = ()
    before: tuple[tuple[Region, ...], ...] = ()

    def with_new(self, corners: Sequence[tuple[float, float]]) -> RegionEdits:
        """Add a region under a name that is free.

        Parameters
        ----------
        corners : sequence of (x, y)
        """
        names = {region.name for region in self.regions}
        number = next(n for n in range(1, len(names) + 2) if f"Region {n}" not in names)
        colour = COLOURS[len(self.regions) % len(COLOURS)]
        return self._changed((*self.regions, Region(f"Region {number}", tuple(corners), COUNT, colour)))

    def with_name(self, at: int, name: str) -> RegionEdits:
        """Rename a region.

        Parameters
        ----------
        name : str
            Made different where another has it.
        """
        others = {region.name for number, region in enumerate(self.regions) if number != at}
        free = name
        number = 2
        while free in others:
            free, number = f"{name} {number}", number + 1
        return self._with(at, replace(self.regions[at], name=free))

    def with_kind(self, at: int, kind: str) -> RegionEdits:
        """Say what a region is for.

        Parameters
        ----------
        kind : str
            Of `regions.KINDS`.
        """
        return self._with(at, replace(self.regions[at], kind=kind))

    def without(self, at: int) -> RegionEdits:
        """Take a region away."""
        return self._changed(tuple(r for number, r in enumerate(self.regions) if number != at))

    def replaced(self, regions: Sequence[Region]) -> RegionEdits:
        """Take other regions."""
        return self._changed(tuple(regions))

    def undone(self) -> RegionEdits:
        """Go one change back."""
        return RegionEdits(self.before[-1], self.before[:-1]) if self.before else self

    def _with(self, at: int, region: Region) -> RegionEdits:
        return self._changed(tuple(region if n == at else each for n, each in enumerate(self.regions)))

    def _changed(self, regions: tuple[Region, ...]) -> RegionEdits:
        return self if regions == self.regions else RegionEdits(regions, (*self.before, self.regions))
