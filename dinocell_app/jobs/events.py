"""What long work reports, as frozen facts, and their JSON-lines form.

Names are past participles: an event that happened. Window, shell and tests consume the same stream.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dinocell_app.base.field_types import misfits
from dinocell_app.base.json_text import parse_json


@dataclass(frozen=True)
class Event:
    """Something that happened in a job."""


@dataclass(frozen=True)
class JobStarted(Event):
    """A job began.

    Parameters
    ----------
    kind : str
        "segment", "finetune" ...
    total : int
        Images or steps ahead, those already finished included.
    finished : int
        Of these, done in an earlier run.
    device : str
        The device truly used, "cpu", "cuda:0" or "mps".
    """

    kind: str
    total: int
    finished: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class InputLeftOut(Event):
    """A file was found but not taken."""

    path: str
    reason: str


@dataclass(frozen=True)
class TilesPredicted(Event):
    """Part of an image went through the network.

    Parameters
    ----------
    image : str
        Name of the image in the job.
    done, total : int
        Tiles.
    """

    image: str
    done: int
    total: int


@dataclass(frozen=True)
class ImageSegmented(Event):
    """An image is finished and its files are written.

    Parameters
    ----------
    outputs : tuple of str
        Files relative to the output folder.
    path : str
        The image file, absolute when the job names it so.
    """

    image: str
    n_cells: int
    seconds: float
    outputs: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True)
class ImageSkipped(Event):
    """An image was finished in an earlier run with the same model and parameters.

    Parameters
    ----------
    outputs : tuple of str
        Files of the earlier run, relative to the output folder.
    path : str
        The image file.
    """

    image: str
    n_cells: int
    outputs: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True)
class ImageFailed(Event):
    """An image could not be segmented; the others go on.

    Parameters
    ----------
    reason : str
        A sentence for the user.
    results_in_the_way : bool
        Whether nothing but earlier results of something else kept the image from being done.
    """

    image: str
    reason: str
    path: str = ""
    results_in_the_way: bool = False


@dataclass(frozen=True)
class ResultsLost(ImageFailed):
    """The results of an image that was finished in this run are not there any more: it counts as failed."""


@dataclass(frozen=True)
class ReferencesDoubted(Event):
    """An image looks unlike those that the reference cells are from, so that its scores mean little.

    Parameters
    ----------
    image : str
        Name of the plane in the job.
    likeness : float
        As `reference_domain.domain_likeness` gives it.
    path : str
        The image file.
    """

    image: str
    likeness: float
    path: str = ""


@dataclass(frozen=True)
class Notice(Event):
    """Something the user should know, such as a smaller batch after the memory ran out."""

    message: str


@dataclass(frozen=True)
class StepFinished(Event):
    """A training step was taken.

    Parameters
    ----------
    step : int
        Steps since the start of the training, earlier runs included.
    losses : mapping of str to float
        Terms of the loss by name and their sum "total".
    """

    step: int
    total: int
    losses: Mapping[str, float]
    learning_rate: float


@dataclass(frozen=True)
class EpochFinished(Event):
    """An epoch of training ended and a checkpoint was written.

    Parameters
    ----------
    epoch : int
        Counted from 1.
    losses : mapping of str to float
        Means over the epoch.
    validation : mapping of str to float
        Losses on held-out crops; empty without held-out images.
    """

    epoch: int
    total: int
    losses: Mapping[str, float]
    validation: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class SamplePredicted(Event):
    """A crop of one picture, a held-out one if there is any, was segmented by the network as it is.

    Parameters
    ----------
    epoch : int
        Counted from 1; 0 for the model that the training starts from.
    image : str
        Name of the picture that the crop is from.
    n_cells, n_labelled : int
        Cells found, and cells a person outlined.
    picture, labels, labelled_picture : str
        Files relative to the run folder: what was found, drawn and as label image, and what was labelled.
    n_correct : int
        Cells found that overlap an outlined one by half or more of their union.
    """

    epoch: int
    image: str
    n_cells: int
    n_labelled: int
    picture: str
    labels: str
    labelled_picture: str
    n_correct: int = 0


@dataclass(frozen=True)
class JobFinished(Event):
    """A job ended.

    Parameters
    ----------
    n_finished, n_failed : int
        Images or epochs.
    stopped : bool
        Whether it ended early because the user asked.
    outputs : tuple of str
        Files or folders made by the job as a whole.
    """

    n_finished: int
    n_failed: int
    seconds: float
    stopped: bool = False
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobFailed(Event):
    """A job could not be done at all.

    Parameters
    ----------
    reason : str
        A sentence for the user.
    """

    reason: str


EVENTS: Mapping[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        JobStarted,
        InputLeftOut,
        TilesPredicted,
        ImageSegmented,
        ImageSkipped,
        ImageFailed,
        ResultsLost,
        ReferencesDoubted,
        Notice,
        StepFinished,
        EpochFinished,
        SamplePredicted,
        JobFinished,
        JobFailed,
    )
}


def to_json_line(event: Event) -> str:
    """Write an event as one line of JSON.

    Returns
    -------
    str
        Without the line end; the key "event" names the class. Losses that are not finite become null,
        because JSON has no NaN.
    """
    fields = {"event": type(event).__name__, **_finite(asdict(event))}
    line = json.dumps(fields, ensure_ascii=False, allow_nan=False)
    # Some characters of names end a line for readers of lines.
    return line if line.isprintable() else json.dumps(fields, allow_nan=False)


def from_json_line(line: str) -> Event:
    """Read an event from a line of JSON.

    Raises
    ------
    ValueError
        If the line is not an event of this version.
    """
    fields: dict[str, Any] = parse_json(line)
    if not isinstance(fields, dict):
        # What cannot be read is skipped by the type of this error, whatever is wrong with the line.
        raise ValueError(f"no event in line: {line[:80]}")  # noqa: TRY004 - see above
    kind = EVENTS.get(str(fields.pop("event", "")))
    if kind is None:
        raise ValueError(f"unknown event in line: {line[:80]}")
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()}
    if misfits(kind, values):
        raise ValueError(f"an event with values of another type: {line[:80]}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"an event with other fields: {line[:80]}") from error


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
