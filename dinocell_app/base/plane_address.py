"""Which plane of an image file something is about: one address for events, records and the project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

_SUFFIX = re.compile(r"(?:_s(\d+))?(?:_t(\d+))?(?:_z(\d+))?")
_LARGEST = 10**9


@dataclass(frozen=True)
class PlaneAddress:
    """A plane of an image in a file.

    Parameters
    ----------
    t, z : int or None
        Time and slice, counted from 0; None where the axis was put together.
    scene : int
        Which image of a file that holds several, counted from 0.
    suffix : str
        Tells the results of this plane from those of the others of its image by their names; empty where
        there are no others. Made by `plane_suffix`, never taken apart.
    """

    t: int | None = None
    z: int | None = None
    scene: int = 0
    suffix: str = ""

    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    def __post_init__(self) -> None:
        """Refuse what no image has, as damaged records may say it.

        Raises
        ------
        ValueError
            If a number is out of range, or the suffix is none.
        """
        numbers = (self.t, self.z, self.scene)
        if not all(number is None or 0 <= number <= _LARGEST for number in numbers):
            raise ValueError(f"no place of a plane: {numbers}")
        if _SUFFIX.fullmatch(self.suffix) is None:
            raise ValueError(f"no suffix of a plane: {self.suffix[:40]}")

    @classmethod
    def of_suffix(cls, suffix: str) -> Self:
        """Read a suffix where nothing else says which plane it is: older versions, files from elsewhere.

        Parameters
        ----------
        suffix : str
            Such as "_t0003_z001".

        Raises
        ------
        ValueError
            If it is no suffix of a plane.
        """
        found = _SUFFIX.fullmatch(suffix)
        if found is None:
            raise ValueError(f"no suffix of a plane: {suffix[:40]}")
        scene, t, z = (None if digits is None else min(int(digits), _LARGEST) for digits in found.groups())
        return cls(t, z, scene or 0, suffix)

    @property
    def words(self) -> str:
        """How lists call it, such as "t0003 z001"; empty for an image of one plane."""
        return self.suffix.strip("_").replace("_", " ")

    @property
    def order(self) -> tuple[int, int, int]:
        """What planes of an image are sorted by."""
        return self.scene, self.t or 0, self.z or 0

    def shows(self, t: int, z: int) -> bool:
        """Tell whether a plane is this one, or one of those that were put together to this one."""
        return self.t in (None, t) and self.z in (None, z)

    def beside(self, t: int, z: int) -> tuple[int, int]:
        """Give the time and the slice to look at, those that are looked at now where any will do."""
        return t if self.t is None else self.t, z if self.z is None else self.z


def plane_suffix(t: int | None = None, z: int | None = None, scene: int | None = None) -> str:
    """Name a plane among the others of its image, or of its file.

    Parameters
    ----------
    t, z, scene : int or None
        None where there is only one, or all were put together.

    Returns
    -------
    str
        Such as "_t0003_z001".
    """
    parts = (("_s{:03d}", scene), ("_t{:04d}", t), ("_z{:03d}", z))
    return "".join(form.format(number) for form, number in parts if number is not None)


ONLY_PLANE = PlaneAddress()
"""Where nothing more is known than the image: it has one plane, or which one was not kept."""
