"""What is asked of every method alike: pictures, types, and fixed references kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dinocell_training.reference_training.typed_pictures import TypedCells

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json

MOST_REFERENCES = 5
FEWEST_CELLS = 2
"""Of a type in a picture, so that there is one to find beside the reference."""

Chosen = Mapping[str, Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]]
"""By name of the picture and type: labels of the cells that are shown, and of cells that are not meant."""


def choose_references(pictures: Mapping[str, TypedCells], seed: int) -> Chosen:
    """Choose references for every picture and type of it.

    Parameters
    ----------
    pictures : mapping of str to TypedCells
        By name; the choice for a picture depends on it and the seed alone.

    Returns
    -------
    Chosen
        Whole cells where there are any; the first of each is the one that is shown alone.
    """
    return {name: _chosen_in(cells, name, seed) for name, cells in pictures.items()}


def _chosen_in(cells: TypedCells, name: str, seed: int) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    types = np.array(cells.types, dtype=np.str_)
    cut = {int(label) for edge in _edges(cells) for label in np.unique(edge)}
    whole = np.array([label not in cut for label in range(1, len(types) + 1)], bool)
    chosen = {}
    for wanted in sorted(set(cells.types) - {""}):
        own, others = types == wanted, (types != wanted) & (types != "")
        if own.sum() < FEWEST_CELLS:
            continue
        chosen[wanted] = (_some(own, whole, rng), _some(others, whole, rng))
    return chosen


def _some(
    candidates: np.ndarray[tuple[int], np.dtype[np.bool_]],
    whole: np.ndarray[tuple[int], np.dtype[np.bool_]],
    rng: np.random.Generator,
) -> tuple[int, ...]:
    labels = np.flatnonzero(candidates & whole) + 1
    if not len(labels):
        labels = np.flatnonzero(candidates) + 1
    return tuple(int(label) for label in rng.permutation(labels)[:MOST_REFERENCES])


def _edges(cells: TypedCells) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int32]], ...]:
    labels = cells.labels
    return labels[0], labels[-1], labels[:, 0], labels[:, -1]


@dataclass(frozen=True)
class ReferencesFile:
    """Chosen references on disk, so that other methods can be asked the same."""

    path: Path

    def write(self, chosen: Chosen) -> None:
        """Write them."""
        write_json(
            self.path,
            {
                "schema_version": 1,
                "pictures": {
                    name: {
                        kind: {"like": list(like), "unlike": list(unlike)}
                        for kind, (like, unlike) in kinds.items()
                    }
                    for name, kinds in chosen.items()
                },
            },
        )

    def read(self, pictures: Mapping[str, TypedCells]) -> Chosen:
        """Read them.

        Parameters
        ----------
        pictures : mapping of str to TypedCells
            That are asked about.

        Returns
        -------
        Chosen
            For these pictures.

        Raises
        ------
        UserFacingError
            If the file cannot be read, or a picture is not in it or has no such cell.
        """
        try:
            listed = parse_json(self.path.read_text(encoding="utf-8"))["pictures"]
            chosen: dict[str, dict[str, tuple[tuple[int, ...], tuple[int, ...]]]] = {
                name: {
                    kind: (tuple(map(int, each["like"])), tuple(map(int, each["unlike"])))
                    for kind, each in listed[name].items()
                }
                for name in pictures
                if name in listed
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableFileError(
                "This is no list of references", path=self.path, remedy="Let it be made again"
            ) from error
        for name, cells in pictures.items():
            labels = [label for like, unlike in chosen.get(name, {}).values() for label in (*like, *unlike)]
            if name not in chosen or max(labels, default=0) > len(cells.types):
                raise InvalidParameterError(
                    f"The references do not fit the picture {name}",
                    path=self.path,
                    remedy="Ask for the pictures it was made for, or name another file",
                )
        return chosen
