"""Which pictures are trained on, which score types that were seen, and which score types that were not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from dinocell_training.reference_training.pannuke import EVALUATION_FOLD, PannukePicture
from dinocell_training.reference_training.typed_pictures import TypedPicture

PictureT = TypeVar("PictureT", bound=TypedPicture)


@dataclass(frozen=True)
class TypeSplit(Generic[PictureT]):
    """Pictures by what they are for.

    Parameters
    ----------
    train, test : tuple of TypedPicture
        Of the same types; no picture is in both.
    novel : tuple of TypedPicture
        With types that no picture of the others has.
    """

    train: tuple[PictureT, ...]
    test: tuple[PictureT, ...]
    novel: tuple[PictureT, ...]

    def listed(self) -> dict[str, dict[str, list[str]]]:
        """List names and types for a file.

        Returns
        -------
        dict
            Plain JSON values.
        """
        return {
            name: {
                "types": sorted({kind for picture in pictures for kind in picture.types}),
                "pictures": [picture.name for picture in pictures],
            }
            for name, pictures in (("train", self.train), ("test", self.test), ("novel", self.novel))
        }


def split_by_type(
    pictures: Sequence[PictureT], novel: Sequence[str], test_share: float, seed: int
) -> TypeSplit[PictureT]:
    """Split pictures by type.

    Parameters
    ----------
    pictures : sequence of TypedPicture
        With different names.
    novel : sequence of str
        Types to leave out of training, as patterns. A picture with a cell of one of them is novel whole.
    test_share : float
        Of the other pictures; each is drawn by its name, so that more pictures do not move those there are.
        PanNuke's third fold is for testing and its others are for training, whatever the share.
    """
    parts: dict[str, list[PictureT]] = {"train": [], "test": [], "novel": []}
    for picture in pictures:
        if any(fnmatchcase(kind, pattern) for kind in picture.types for pattern in novel):
            parts["novel"].append(picture)
        else:
            parts["test" if _is_for_testing(picture, test_share, seed) else "train"].append(picture)
    return TypeSplit(tuple(parts["train"]), tuple(parts["test"]), tuple(parts["novel"]))


def _is_for_testing(picture: TypedPicture, test_share: float, seed: int) -> bool:
    if isinstance(picture, PannukePicture):
        return picture.fold == EVALUATION_FOLD
    digest = hashlib.sha256(f"{seed}/{picture.name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < test_share * 2**64
