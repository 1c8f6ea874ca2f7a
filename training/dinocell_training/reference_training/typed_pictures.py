"""Pictures whose cells have types: where the types are told, and how pictures are read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.json_text import parse_json
from dinocell_training.datasets import LabelledPair, labelled_pairs
from dinocell_training.pairing import IMAGE_FOLDERS

TYPES_ENDING = ".types.json"
"""Beside a label image `x.tif`, `x.types.json` tells the type of each label, as in {"1": "round"}."""

_SPLIT_FOLDERS = frozenset({"train", "test", "val", "validation"})
"""Folders that are named by what they are used for, and not by a type."""


@dataclass(frozen=True, eq=False)
class TypedCells:
    """A picture and its cells.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
    labels : ndarray of shape (M, N), int32
        0 is background, cells are 1 to K.
    types : tuple of str
        Item k belongs to cell k + 1; empty where the type is not known.
    """

    pixels: NDArray[Any]
    labels: NDArray[np.int32]
    types: tuple[str, ...]


class TypedPicture(Protocol):
    """A picture that is read when it is needed."""

    @property
    def name(self) -> str:
        """The same in every run, and of no other picture."""

    @property
    def types(self) -> frozenset[str]:
        """Types of its cells, as far as they are told without reading it."""

    def read(self) -> TypedCells:
        """Read it."""


@dataclass(frozen=True)
class LabelledPicture:
    """An image file with labels and types.

    Parameters
    ----------
    type_name : str
        Of every cell that `by_label` does not list.
    by_label : mapping of int to str
        Types of single cells.
    """

    pair: LabelledPair
    name: str
    type_name: str = ""
    by_label: Mapping[int, str] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        """Types of its cells."""
        return frozenset({self.type_name, *self.by_label.values()} - {""})

    def read(self) -> TypedCells:
        """Read the files."""
        pixels, labels = self.pair.read()
        ids, compact = np.unique(labels, return_inverse=True)
        compact = compact.reshape(labels.shape) + (0 if 0 in ids else 1)
        types = tuple(self.by_label.get(int(label), self.type_name) for label in ids[ids > 0])
        return TypedCells(pixels, compact.astype(np.int32), types)


def find_typed_pictures(folder: Path, table: Path | None = None) -> list[LabelledPicture]:
    """Find labelled images below a folder, with the types of their cells.

    What says most counts: a file ``x.types.json`` beside the labels ``x.tif``, then the table, then the
    folder that an image lies in, not counting folders named images, masks, train or test.

    Parameters
    ----------
    table : Path, optional
        CSV file with the columns image and type, and label for the types of single cells. Images are named by
        file name, which may have wildcards.

    Returns
    -------
    list of LabelledPicture
        In the order of their paths; those whose cells have no type are left out.

    Raises
    ------
    UserFacingError
        If a file cannot be read.
    """
    rows = _read_table(table) if table is not None else ()
    found = (_typed(pair, folder, rows) for pair in labelled_pairs(folder).pairs)
    return [picture for picture in found if picture.types]


@dataclass(frozen=True)
class _Row:
    image: str
    type_name: str
    label: int | None


def _typed(pair: LabelledPair, folder: Path, rows: Sequence[_Row]) -> LabelledPicture:
    name = f"{folder.name}/{pair.image_path.relative_to(folder).as_posix()}"
    listed = pair.label_source.path.with_name(pair.label_source.path.stem + TYPES_ENDING)
    if listed.is_file():
        return LabelledPicture(pair, name, "", _read_listed(listed))
    if rows:
        own = [row for row in rows if fnmatch(pair.image_path.name, row.image)]
        whole = next((row.type_name for row in own if row.label is None), "")
        return LabelledPicture(
            pair, name, whole, {row.label: row.type_name for row in own if row.label is not None}
        )
    return LabelledPicture(pair, name, _named_folder(pair.image_path, folder))


def _named_folder(path: Path, top: Path) -> str:
    passed = IMAGE_FOLDERS | _SPLIT_FOLDERS
    below = [part for part in path.relative_to(top).parts[:-1] if part.casefold() not in passed]
    if below:
        return below[-1]
    return next((each.name for each in (top, *top.parents) if each.name.casefold() not in passed), "")


def _read_listed(path: Path) -> dict[int, str]:
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        return {int(label): str(name) for label, name in content.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise UnreadableFileError(
            "This is no list of types", path=path, remedy='It should look like {"1": "round", "2": "rod"}'
        ) from error


def _read_table(path: Path) -> tuple[_Row, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return tuple(_rows(csv.DictReader(lines)))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(
            "The table of types cannot be read", path=path, remedy="Save it as CSV in UTF-8"
        ) from error
    except (KeyError, ValueError, csv.Error) as error:
        raise InvalidParameterError(
            f"The table of types lacks or has a wrong {str(error)[:160]}",
            path=path,
            remedy="Give it the columns image and type, and label for the types of single cells",
        ) from error


def _rows(lines: csv.DictReader[str]) -> Iterator[_Row]:
    for line in lines:
        if line["image"] is None or line["type"] is None:
            raise ValueError(f"value in line {lines.line_num}")
        label = (line.get("label") or "").strip()
        yield _Row(line["image"].strip(), line["type"].strip(), int(label) if label else None)
