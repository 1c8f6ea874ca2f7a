"""How a reference cell is written: a cell of a picture, a place in it, or an entry of a library."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.errors import InvalidParameterError

_TYPE = re.compile(r"(?P<type>\w[\w .+-]*)=(?P<rest>.+)")
_POINT = re.compile(r"(?P<path>.+)@(?P<x>\d+(\.\d+)?),(?P<y>\d+(\.\d+)?)")
_LIBRARY = re.compile(r"(?P<path>.+\.json)#(?P<entry>[^#]+)", re.IGNORECASE)
_LABEL = re.compile(r"(?P<path>.+):(?P<label>\d+)")
_LABELS_FILE = re.compile(r"(?P<path>.+\.\w+)@(?P<labels>.+)")


@dataclass(frozen=True)
class ReferenceSpec:
    """One reference as a person names it.

    Parameters
    ----------
    path : Path
        The picture, or the library.
    label : int or None
        Id of the cell in the label image.
    labels : Path or None
        The label image; None for the one beside the picture, named after it with ``_labels.tif``.
    point : tuple of float or None
        Column x and row y of a pixel of the cell, counted from 0, as in the tables.
    entry : str
        Name in the library.
    type_name : str
        Name of the type of cell; empty when none is given.
    """

    path: Path
    label: int | None = None
    labels: Path | None = None
    point: tuple[float, float] | None = None
    entry: str = ""
    type_name: str = ""

    @classmethod
    def parse(cls, text: str) -> ReferenceSpec:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            ``image.tif:17``, ``image.tif@labels.tif:17``, ``image.tif@x,y`` or ``library.json#name``, each
            with ``type=`` before it where the type of the cell has a name.

        Returns
        -------
        ReferenceSpec

        Raises
        ------
        InvalidParameterError
            If the text is none of these.
        """
        named = _TYPE.fullmatch(text)
        type_name, rest = (named["type"].strip(), named["rest"]) if named else ("", text)
        if found := _POINT.fullmatch(rest):
            point = (float(found["x"]), float(found["y"]))
            return cls(Path(found["path"]), point=point, type_name=type_name)
        if found := _LIBRARY.fullmatch(rest):
            return cls(Path(found["path"]), entry=found["entry"], type_name=type_name)
        found = _LABEL.fullmatch(rest)
        if found is None or int(found["label"]) == 0:
            raise InvalidParameterError(
                f"'{text}' names no reference cell",
                remedy="Say image.tif:17 for the cell with label 17, image.tif@labels.tif:17 where its "
                "labels are elsewhere, image.tif@x,y for the cell at a pixel, or library.json#name",
            )
        label, picture = int(found["label"]), found["path"]
        apart = _LABELS_FILE.fullmatch(picture)
        if apart is None:
            return cls(Path(picture), label=label, type_name=type_name)
        return cls(Path(apart["path"]), label=label, labels=Path(apart["labels"]), type_name=type_name)

    def absolute(self) -> ReferenceSpec:
        """Make the paths independent of the current folder.

        Returns
        -------
        ReferenceSpec
        """
        labels = None if self.labels is None else self.labels.expanduser().absolute()
        path = self.path.expanduser().absolute()
        return ReferenceSpec(path, self.label, labels, self.point, self.entry, self.type_name)

    def __str__(self) -> str:
        before = f"{self.type_name}=" if self.type_name else ""
        return before + self._place(str(self.path), None if self.labels is None else str(self.labels))

    @property
    def short(self) -> str:
        """As `str`, with the names of files without their folders."""
        before = f"{self.type_name}=" if self.type_name else ""
        return before + self._place(self.path.name, None if self.labels is None else self.labels.name)

    def _place(self, path: str, labels: str | None) -> str:
        if self.point is not None:
            return f"{path}@{self.point[0]:g},{self.point[1]:g}"
        if self.entry:
            return f"{path}#{self.entry}"
        return f"{path}{'' if labels is None else '@' + labels}:{self.label}"
