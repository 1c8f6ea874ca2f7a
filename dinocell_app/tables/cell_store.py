"""The cells of a result set, column by column in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.tables.column_text import ColumnText, column_text, number_text


@dataclass(frozen=True)
class CellSource:
    """One table of cells and the image it belongs to.

    Parameters
    ----------
    image_id : int
        Of the image in the project.
    result_id : int
        Of the result in the project.
    image : str
        File name of the image.
    folder : str
        Folder of the image within the project; empty at the root.
    tags : tuple of str
        Tags of the image.
    table : Path or None
        The file with the cells; None when the result has none.
    shape : (int, int)
        Rows and columns of the image.
    pixel_size_um : float or None
        Edge length of a pixel; None when unknown.
    reason : str
        Why the image failed; empty for the others.
    """

    image_id: int
    result_id: int
    image: str
    folder: str = ""
    tags: tuple[str, ...] = ()
    plane: PlaneAddress = ONLY_PLANE
    table: Path | None = None
    shape: tuple[int, int] = (0, 0)
    pixel_size_um: float | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """Name of the image and its plane."""
        return f"{self.image} {self.plane.words}".strip()


@dataclass(frozen=True)
class CellColumn:
    """The values of one column.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers, yes or no, or the place of each value in `words`.
    words : tuple of str or None
        The different values of a column of text; None for numbers.
    """

    values: NDArray[Any]
    words: tuple[str, ...] | None = None

    @property
    def is_number(self) -> bool:
        """Whether the column can be plotted: neither text nor yes or no."""
        return self.words is None and self.values.dtype != np.bool_

    def value(self, row: int) -> str | int | float | bool:
        """Give one value as Python has it."""
        found = self.values[row]
        if self.words is not None:
            return self.words[int(found)]
        plain: int | float | bool = found.item()
        return plain

    def text(self, row: int) -> str:
        """Write one value for reading."""
        value = self.value(row)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else number_text(value)

    def sortable(self) -> NDArray[Any]:
        """Values that sort as the column reads.

        Returns
        -------
        ndarray of shape (n,)
        """
        if self.words is None:
            return self.values
        ranks = np.empty(len(self.words), np.int32)
        ranks[sorted(range(len(self.words)), key=lambda place: self.words[place].casefold())] = np.arange(  # type: ignore[index]  # words is not None here, which the lambda does not see
            len(self.words), dtype=np.int32
        )
        ordered: NDArray[Any] = ranks[self.values]
        return ordered


class CellStore:
    """All cells of a result set; rows of one image stand together.

    Parameters
    ----------
    sources : sequence of CellSource
        The images, also those without cells.
    starts : ndarray of shape (n_sources + 1,), int
        First row of each source; the last entry is the number of rows.
    columns : mapping of str to CellColumn
        What was measured, in order; all of the same length. `label` holds the ids of the cells.
    """

    def __init__(
        self, sources: Sequence[CellSource], starts: NDArray[np.int64], columns: Mapping[str, CellColumn]
    ) -> None:
        self.sources = tuple(sources)
        self.starts = starts
        self.n_rows = int(starts[-1])
        self.source_of_row = np.repeat(np.arange(len(sources), dtype=np.int32), np.diff(starts))
        self.columns: dict[str, CellColumn] = {**self._from_images(), **columns}
        for name, column in self.columns.items():
            if len(column.values) != self.n_rows:
                raise ValueError(f"column {name} has {len(column.values)} values for {self.n_rows} cells")

    @classmethod
    def empty(cls) -> CellStore:
        """Give a store without images."""
        return cls((), np.zeros(1, np.int64), {"label": CellColumn(np.zeros(0, np.int64))})

    def __len__(self) -> int:
        return self.n_rows

    def source(self, row: int) -> CellSource:
        """Image a row belongs to."""
        return self.sources[int(self.source_of_row[row])]

    def label(self, row: int) -> int:
        """Id of the cell in its label image."""
        return int(self.columns["label"].values[row])

    def row_of(self, source: int, label: int) -> int | None:
        """Find a cell.

        Parameters
        ----------
        source : int
            Place in `sources`.
        label : int
            Id of the cell.

        Returns
        -------
        int or None
            None when the image has no such cell.
        """
        first, last = int(self.starts[source]), int(self.starts[source + 1])
        found = np.flatnonzero(self.columns["label"].values[first:last] == label)
        return first + int(found[0]) if len(found) else None

    def source_of(self, image_id: int, result_id: int | None = None) -> int | None:
        """Find an image.

        Parameters
        ----------
        image_id : int
            Of the image in the project.
        result_id : int, optional
            Of the result, where the image has several planes.

        Returns
        -------
        int or None
            The first source of the image; None when the image is not in the set.
        """
        places = [place for place, source in enumerate(self.sources) if source.image_id == image_id]
        exact = [place for place in places if self.sources[place].result_id == result_id]
        return next(iter(exact or places), None)

    def number_names(self) -> list[str]:
        """Columns that can be plotted."""
        return [name for name, column in self.columns.items() if column.is_number and name != "label"]

    def about(self, name: str) -> ColumnText:
        """Explain a column."""
        return column_text(name)

    def _from_images(self) -> dict[str, CellColumn]:
        columns = {"image": self._words([source.image for source in self.sources])}
        further = {
            "folder": [source.folder for source in self.sources],
            "plane": [source.plane.suffix.strip("_") for source in self.sources],
            "tags": [", ".join(source.tags) for source in self.sources],
        }
        for name, words in further.items():
            if any(words):
                columns[name] = self._words(words)
        return columns

    def _words(self, of_sources: Sequence[str]) -> CellColumn:
        words = tuple(dict.fromkeys(of_sources))
        places = {word: place for place, word in enumerate(words)}
        codes = np.array([places[word] for word in of_sources], np.int32)
        return CellColumn(codes[self.source_of_row], words)
