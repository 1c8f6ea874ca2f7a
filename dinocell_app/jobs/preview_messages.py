"""What the window and the engine process tell each other, one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from dinocell_app.jobs.segment_settings import SegmentSettings

Region = tuple[int, int, int, int]
"""First row and column, height and width, in pixels of the image."""


@dataclass(frozen=True)
class PreviewRequest:
    """Ask for the cells of an image as it is seen, or of a part of it.

    Parameters
    ----------
    path : Path
        The image.
    t, z : int
        Time and slice that are seen, counted from 0; an axis that the settings project is projected.
    channel : str
        As `imaging.planes.ChannelChoice` reads it.
    region : tuple of int or None
        First row and column, height and width; None for the whole plane.
    pixel_size_um : float or None
        Edge of a pixel, in place of what the file says; None to believe the file.
    axes : str
        As for `imaging.reading.open_image`.
    """

    path: Path
    t: int
    z: int
    channel: str
    region: Region | None
    settings: SegmentSettings
    pixel_size_um: float | None = None
    axes: str = ""


@dataclass(frozen=True)
class PreviewResult:
    """Cells of a preview.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint16 or uint32
        Of the region, or of the whole plane.
    diameter_px : float or None
        Typical cell diameter that was used; None when it could not be measured.
    diameter_source : str
        "given", "measured" or "unknown".
    device : str
        What the network ran on, "cpu", "cuda:0" or "mps".
    seconds : float
        From taking up the request to the labels.
    region : tuple of int or None
        As asked for, cut to the image.
    """

    labels: NDArray[np.unsignedinteger]
    n_cells: int
    diameter_px: float | None
    diameter_source: str
    device: str
    seconds: float
    region: Region | None


@dataclass(frozen=True)
class Message:
    """A line from one process to the other."""


@dataclass(frozen=True)
class PreviewAsked(Message):
    """The window wants a preview; a preview that is being made is given up.

    Parameters
    ----------
    request : int
        Number of the request; each gets exactly one of Previewed, PreviewFailed and PreviewCancelled.
    """

    message: Literal["PreviewAsked"] = field(default="PreviewAsked", kw_only=True, repr=False)
    request: int
    preview: PreviewRequest


@dataclass(frozen=True)
class FeaturesAsked(PreviewAsked):
    """The window wants to see what the model sees; answered by FeaturesDrawn in place of Previewed."""

    message: Literal["FeaturesAsked"] = field(default="FeaturesAsked", kw_only=True, repr=False)  # type: ignore[assignment]


@dataclass(frozen=True)
class CellsAsked(PreviewAsked):
    """The window wants cells described; answered by CellsDescribed in place of Previewed.

    Parameters
    ----------
    labels : str
        File in NumPy's format with the cells of the region; the engine removes it.
    only : tuple of int
        Labels that are wanted; empty for all, which are scored from then on.
    """

    message: Literal["CellsAsked"] = field(default="CellsAsked", kw_only=True, repr=False)  # type: ignore[assignment]
    labels: str
    only: tuple[int, ...] = ()


@dataclass(frozen=True)
class ScoresAsked(Message):
    """The window wants the cells that were described compared with references.

    Parameters
    ----------
    cells : int
        Request that the cells were described for.
    references : str
        KeptReferences as JSON.
    """

    message: Literal["ScoresAsked"] = field(default="ScoresAsked", kw_only=True, repr=False)
    request: int
    cells: int
    references: str


@dataclass(frozen=True)
class DecodingAsked(Message):
    """The window wants the last preview with other thresholds."""

    message: Literal["DecodingAsked"] = field(default="DecodingAsked", kw_only=True, repr=False)
    request: int
    choice: SegmentSettings


@dataclass(frozen=True)
class CancelAsked(Message):
    """The window does not want anything that it asked for before."""

    message: Literal["CancelAsked"] = field(default="CancelAsked", kw_only=True, repr=False)


@dataclass(frozen=True)
class EngineReady(Message):
    """The engine has started and reads requests."""

    message: Literal["EngineReady"] = field(default="EngineReady", kw_only=True, repr=False)


@dataclass(frozen=True)
class PreviewProgressed(Message):
    """Tiles went through the network.

    Parameters
    ----------
    done, total : int
        Tiles.
    """

    message: Literal["PreviewProgressed"] = field(default="PreviewProgressed", kw_only=True, repr=False)
    request: int
    done: int
    total: int


@dataclass(frozen=True)
class Previewed(Message):
    """A preview is done.

    Parameters
    ----------
    labels : str
        File in NumPy's format; the window removes it when it has read it.
    """

    message: Literal["Previewed"] = field(default="Previewed", kw_only=True, repr=False)
    request: int
    labels: str
    n_cells: int
    diameter_px: float | None
    diameter_source: str
    device: str
    seconds: float
    region: Region | None


@dataclass(frozen=True)
class FeaturesDrawn(Message):
    """Features are drawn.

    Parameters
    ----------
    picture : str
        File in NumPy's format, red, green and blue of each pixel; the window removes it.
    region : tuple of int or None
        As asked for, cut to the image.
    """

    message: Literal["FeaturesDrawn"] = field(default="FeaturesDrawn", kw_only=True, repr=False)
    request: int
    picture: str
    region: Region | None


@dataclass(frozen=True)
class CellsDescribed(Message):
    """Cells are described.

    Parameters
    ----------
    ids : tuple of int
        Their labels.
    descriptions : str
        File in NumPy's format, one row a cell; the window removes it.
    """

    message: Literal["CellsDescribed"] = field(default="CellsDescribed", kw_only=True, repr=False)
    request: int
    ids: tuple[int, ...]
    descriptions: str
    model_id: str
    model_sha256: str


@dataclass(frozen=True)
class CellsScored(Message):
    """Cells are compared with references.

    Parameters
    ----------
    scores : str
        File in NumPy's format, one row a cell and one column a type; the window removes it.
    provisional : bool
        Whether better scores are being found and will follow.
    """

    message: Literal["CellsScored"] = field(default="CellsScored", kw_only=True, repr=False)
    request: int
    scores: str
    provisional: bool = False


@dataclass(frozen=True)
class PreviewFailed(Message):
    """A preview cannot be made.

    Parameters
    ----------
    sentence : str
        What happened and what to do.
    """

    message: Literal["PreviewFailed"] = field(default="PreviewFailed", kw_only=True, repr=False)
    request: int
    sentence: str


@dataclass(frozen=True)
class PreviewCancelled(Message):
    """A request was given up, because the window said so or asked for something newer."""

    message: Literal["PreviewCancelled"] = field(default="PreviewCancelled", kw_only=True, repr=False)
    request: int


AnyMessage = (
    PreviewAsked
    | FeaturesAsked
    | CellsAsked
    | ScoresAsked
    | DecodingAsked
    | CancelAsked
    | EngineReady
    | PreviewProgressed
    | Previewed
    | FeaturesDrawn
    | CellsDescribed
    | CellsScored
    | PreviewFailed
    | PreviewCancelled
)


@cache
def _adapter() -> TypeAdapter[AnyMessage]:
    return TypeAdapter(Annotated[AnyMessage, Field(discriminator="message")])


def message_to_line(message: Message) -> str:
    """Write a message as one line of JSON.

    Returns
    -------
    str
        Without the line end; the key "message" names the class. All characters are ASCII, so that the
        encoding of a pipe does not matter.
    """
    fields = _adapter().dump_python(message, mode="json", warnings="error")  # type: ignore[arg-type]
    return json.dumps(fields, allow_nan=False)


def message_from_line(line: str | bytes) -> Message:
    """Read a message; the inverse of `message_to_line`.

    Raises
    ------
    ValueError
        If the line is no message.
    """
    try:
        return _adapter().validate_json(line)
    except ValidationError as error:
        raise ValueError(f"no message: {line[:80]!r}") from error
