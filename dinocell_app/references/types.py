"""Types of cells by their examples: as arrays to compare with, and as JSON that travels in jobs and files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

N_LOOKS = 3
"""Numbers at the end of a description: size, brightness and elongation; a network sees the others."""

CROP_PX = 96
"""Largest edge of a crop: enough to know a cell again."""


@dataclass(frozen=True, eq=False)
class ReferenceExample:
    """A cell that a person pointed at, with what it is known by.

    Parameters
    ----------
    description : ndarray of shape (D,), float32
        As `segmentation.reference.description.describe_cells` gives it.
    source : str
        Where it is from, such as "a.tif:17".
    crop : ndarray of shape (m, n), uint8
        The cell in its picture, at most `CROP_PX` each way.
    name : str
        What a person calls it; may be empty.
    """

    description: NDArray[np.float32]
    source: str
    crop: NDArray[np.uint8]
    name: str = ""


@dataclass(frozen=True, eq=False)
class ReferenceType:
    """A type of cell by its examples.

    Parameters
    ----------
    name : str
        Unique among the types it comes with, whatever the case.
    positives, negatives : tuple of ReferenceExample
        Cells of the type, at least one, and cells that are not of it.
    colour : str
        As "#rrggbb"; empty where none was chosen.
    """

    name: str
    positives: tuple[ReferenceExample, ...]
    negatives: tuple[ReferenceExample, ...] = ()
    colour: str = ""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptCell(_Frozen):
    """A reference cell as JSON.

    Parameters
    ----------
    description : str
        Little-endian 32-bit numbers in base64.
    crop : str
        Grey values in base64, one byte a pixel, row by row.
    crop_width : int
        Pixels a row.
    """

    source: str
    name: str = ""
    description: str
    crop: str = ""
    crop_width: int = Field(default=0, ge=0, le=CROP_PX)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        numbers, values = _decoded(self.description), _decoded(self.crop)
        if not numbers or len(numbers) % 4 or not np.isfinite(np.frombuffer(numbers, "<f4")).all():
            raise ValueError("the features of a cell are damaged")
        if len(values) % max(1, self.crop_width) or len(values) > CROP_PX * self.crop_width:
            raise ValueError("the picture of a cell is damaged")
        return self

    @classmethod
    def of(cls, cell: ReferenceExample) -> Self:
        """Write a cell."""
        crop = np.ascontiguousarray(cell.crop[:CROP_PX, :CROP_PX], np.uint8)
        return cls(
            source=cell.source,
            name=cell.name,
            description=_encoded(np.ascontiguousarray(cell.description, "<f4").tobytes()),
            crop=_encoded(crop.tobytes()),
            crop_width=crop.shape[1] if crop.size else 0,
        )

    def cell(self) -> ReferenceExample:
        """Read the cell; the inverse of `of`."""
        numbers = np.frombuffer(_decoded(self.description), "<f4").astype(np.float32)
        crop = np.frombuffer(_decoded(self.crop), np.uint8).reshape(-1, max(1, self.crop_width))
        return ReferenceExample(numbers, self.source, crop, self.name)


class KeptType(_Frozen):
    """A type of cell as JSON."""

    name: str = Field(min_length=1)
    colour: str = Field(default="", pattern=r"^(#[0-9a-fA-F]{6})?$")
    positives: tuple[KeptCell, ...] = Field(min_length=1)
    negatives: tuple[KeptCell, ...] = ()


class KeptReferences(_Frozen):
    """Types of cells with the model whose features describe their examples.

    Parameters
    ----------
    model_id, model_sha256 : str
        Descriptions by another model cannot be compared with these.
    """

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    model_sha256: str
    types: tuple[KeptType, ...]

    @field_validator("types")
    @classmethod
    def _alike(cls, types: tuple[KeptType, ...]) -> tuple[KeptType, ...]:
        names = [each.name.casefold() for each in types]
        if len(set(names)) < len(names):
            raise ValueError("two types of cells have the same name")
        if len({len(cell.description) for each in types for cell in each.positives + each.negatives}) > 1:
            raise ValueError("the features of the cells are of different models")
        return types

    @classmethod
    def of(cls, model_id: str, model_sha256: str, types: Sequence[ReferenceType]) -> Self:
        """Write types of cells."""
        return cls(
            model_id=model_id,
            model_sha256=model_sha256,
            types=tuple(
                KeptType(
                    name=each.name,
                    colour=each.colour,
                    positives=tuple(KeptCell.of(cell) for cell in each.positives),
                    negatives=tuple(KeptCell.of(cell) for cell in each.negatives),
                )
                for each in types
            ),
        )

    def read(self) -> tuple[ReferenceType, ...]:
        """Read the types; the inverse of `of`."""
        return tuple(
            ReferenceType(
                each.name,
                tuple(kept.cell() for kept in each.positives),
                tuple(kept.cell() for kept in each.negatives),
                each.colour,
            )
            for each in self.types
        )


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a part is no base64") from error
