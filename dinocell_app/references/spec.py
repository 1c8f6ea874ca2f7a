"""How a reference cell is written: a cell of a picture, a place, box or mask in it, or a library's entry."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError

_TYPE = re.compile(r"(?P<type>\w[\w .+-]*)=(?P<rest>.+)")
_POINT = re.compile(r"(?P<path>.+)@(?P<x>\d+(\.\d+)?),(?P<y>\d+(\.\d+)?)")
_BOX = re.compile(r"(?P<path>.+)@(?P<box>\d+,\d+,\d+,\d+)")
_LIBRARY = re.compile(r"(?P<path>.+\.json)#(?P<entry>[^#]+)", re.IGNORECASE)
_LABEL = re.compile(r"(?P<path>.+):(?P<label>\d+)")
_LABELS_FILE = re.compile(r"(?P<path>.+\.\w+)@(?P<labels>.+)")
_MASK = re.compile(r"(?P<path>.+\.\w+)@(?P<labels>.+\.[A-Za-z]\w*)")


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
        The label image; None for the one beside the picture, named after it with ``_labels.tif``. Without a
        label it is a mask: all that is not 0 is the cell.
    point : tuple of float or None
        Column x and row y of a pixel of the cell, counted from 0, as in the tables.
    box : tuple of int or None
        Column, row, width and height of a box around a cell where nothing is segmented.
    entry : str
        Name in the library.
    type_name : str
        Name of the type of cell; empty when none is given.
    """

    path: Path
    label: int | None = None
    labels: Path | None = None
    point: tuple[float, float] | None = None
    box: tuple[int, int, int, int] | None = None
    entry: str = ""
    type_name: str = ""

    @classmethod
    def parse(cls, text: str) -> ReferenceSpec:
        """Read what `str` writes.

        Parameters
        ----------
        text : str
            ``image.tif:17``, ``image.tif@labels.tif:17``, ``image.tif@x,y``, ``image.tif@x,y,width,height``,
            ``image.tif@mask.png`` or ``library.json#name``, each with ``type=`` before it where the type of
            the cell has a name.

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
        if found := _BOX.fullmatch(rest):
            column, row, width, height = (int(number) for number in found["box"].split(","))
            if width and height:
                return cls(Path(found["path"]), box=(column, row, width, height), type_name=type_name)
        if found := _LIBRARY.fullmatch(rest):
            return cls(Path(found["path"]), entry=found["entry"], type_name=type_name)
        if found := _MASK.fullmatch(rest):
            return cls(Path(found["path"]), labels=Path(found["labels"]), type_name=type_name)
        found = _LABEL.fullmatch(rest)
        if found is None or int(found["label"]) == 0:
            raise InvalidParameterError(
                f"'{text}' names no reference cell",
                remedy="Say image.tif:17 for the cell with label 17, image.tif@labels.tif:17 where its "
                "labels are elsewhere, image.tif@x,y for the cell at a pixel, image.tif@x,y,width,height for "
                "a box around one, image.tif@mask.png for a mask, or library.json#name",
            )
        label, picture = int(found["label"]), found["path"]
        apart = _LABELS_FILE.fullmatch(picture)
        if apart is None:
            return cls(Path(picture), label=label, type_name=type_name)
        return cls(Path(apart["path"]), label=label, labels=Path(apart["labels"]), type_name=type_name)

    def absolute(self) -> ReferenceSpec:
        """Make the paths independent of the current folder."""
        labels = None if self.labels is None else self.labels.expanduser().absolute()
        return replace(self, path=self.path.expanduser().absolute(), labels=labels)

    @property
    def untyped(self) -> ReferenceSpec:
        """The cell without the name of its type."""
        return replace(self, type_name="")

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
        if self.box is not None:
            return f"{path}@{','.join(map(str, self.box))}"
        if self.entry:
            return f"{path}#{self.entry}"
        if self.label is None:
            return f"{path}@{labels}"
        return f"{path}{'' if labels is None else '@' + labels}:{self.label}"
