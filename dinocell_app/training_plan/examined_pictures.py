"""What the data-set doctor found in folders of labelled images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Picture:
    """A labelled picture as the data-set doctor found it.

    Parameters
    ----------
    content : str
        Equal for pictures that show the same.
    overlay : Path or None
        Its cells drawn in.
    """

    image: Path
    labels: Path
    n_cells: int
    diameter_px: float | None
    usable: bool
    is_binary: bool
    content: str
    overlay: Path | None = None


@dataclass(frozen=True)
class Finding:
    """What the doctor has to say.

    Parameters
    ----------
    kind, severity, sentence, remedy : str
        `severity` is "stops", "warns" or "tells".
    """

    kind: str
    severity: str
    sentence: str
    remedy: str
    images: tuple[Path, ...] = ()


def picture_of(fields: Mapping[str, Any]) -> Picture:
    """Read a picture from what the doctor says.

    Parameters
    ----------
    fields : mapping of str to object
        Of a `PictureFound` of `dinocell-app train check --json`.
    """
    overlay = fields.get("overlay")
    return Picture(
        image=Path(fields["image"]),
        labels=Path(fields["labels"]),
        n_cells=int(fields["n_cells"]),
        diameter_px=fields["diameter_px"],
        usable=bool(fields["usable"]),
        is_binary=bool(fields["is_binary"]),
        content=str(fields["content"]),
        overlay=Path(overlay) if overlay else None,
    )
