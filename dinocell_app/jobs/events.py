"""What long work reports, as frozen facts, and their JSON-lines form.

Names are past participles: an event that happened. Window, shell and tests consume the same stream.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticSerializationError

from dinocell_app.base.json_text import parse_json
from dinocell_app.base.plane_address import PlaneAddress

Whole = Annotated[int, Field(gt=-(2**63), lt=2**63)]
"""A number that SQLite keeps, too."""


def _known(losses: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Leave out losses that were not finite, which JSON has as null."""
    return {n: v for n, v in losses.items() if v is not None} if isinstance(losses, dict) else losses


Losses = Annotated[Mapping[str, float], BeforeValidator(_known)]


@dataclass(frozen=True)
class Event:
    """Something that happened in a job."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


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

    event: Literal["JobStarted"] = field(default="JobStarted", kw_only=True, repr=False)
    kind: str
    total: Whole
    finished: Whole = 0
    device: str = "cpu"


@dataclass(frozen=True)
class InputLeftOut(Event):
    """A file was found but not taken."""

    event: Literal["InputLeftOut"] = field(default="InputLeftOut", kw_only=True, repr=False)
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

    event: Literal["TilesPredicted"] = field(default="TilesPredicted", kw_only=True, repr=False)
    image: str
    done: Whole
    total: Whole


@dataclass(frozen=True)
class PlaneFound:
    """What was found in one plane of an image.

    Parameters
    ----------
    address : PlaneAddress or None
        None in events of versions that did not tell planes apart: the files of all planes are then here.
    outputs : tuple of str
        Files relative to the output folder.
    """

    __pydantic_config__: ClassVar = Event.__pydantic_config__

    address: PlaneAddress | None
    n_cells: Whole
    outputs: tuple[str, ...] = ()


def _outputs(planes: Sequence[PlaneFound]) -> tuple[str, ...]:
    return tuple(output for plane in planes for output in plane.outputs)


@dataclass(frozen=True)
class ImageSegmented(Event):
    """An image is finished and its files are written.

    Parameters
    ----------
    n_cells : int
        Of all planes together.
    path : str
        The image file, absolute when the job names it so.
    """

    event: Literal["ImageSegmented"] = field(default="ImageSegmented", kw_only=True, repr=False)
    image: str
    n_cells: Whole
    seconds: float
    planes: tuple[PlaneFound, ...] = ()
    path: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Files of all planes relative to the output folder."""
        return _outputs(self.planes)


@dataclass(frozen=True)
class ImageSkipped(Event):
    """An image was finished in an earlier run with the same model and parameters.

    Parameters
    ----------
    path : str
        The image file.
    """

    event: Literal["ImageSkipped"] = field(default="ImageSkipped", kw_only=True, repr=False)
    image: str
    n_cells: Whole
    planes: tuple[PlaneFound, ...] = ()
    path: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Files of all planes relative to the output folder."""
        return _outputs(self.planes)


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

    event: Literal["ImageFailed"] = field(default="ImageFailed", kw_only=True, repr=False)
    image: str
    reason: str
    path: str = ""
    results_in_the_way: bool = False


@dataclass(frozen=True)
class ResultsLost(ImageFailed):
    """The results of an image that was finished in this run are not there any more: it counts as failed."""

    event: Literal["ResultsLost"] = field(default="ResultsLost", kw_only=True, repr=False)  # type: ignore[assignment]


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

    event: Literal["ReferencesDoubted"] = field(default="ReferencesDoubted", kw_only=True, repr=False)
    image: str
    likeness: float
    path: str = ""


@dataclass(frozen=True)
class Notice(Event):
    """Something the user should know, such as a smaller batch after the memory ran out."""

    event: Literal["Notice"] = field(default="Notice", kw_only=True, repr=False)
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

    event: Literal["StepFinished"] = field(default="StepFinished", kw_only=True, repr=False)
    step: Whole
    total: Whole
    losses: Losses
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

    event: Literal["EpochFinished"] = field(default="EpochFinished", kw_only=True, repr=False)
    epoch: Whole
    total: Whole
    losses: Losses
    validation: Losses = field(default_factory=dict)
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

    event: Literal["SamplePredicted"] = field(default="SamplePredicted", kw_only=True, repr=False)
    epoch: Whole
    image: str
    n_cells: Whole
    n_labelled: Whole
    picture: str
    labels: str
    labelled_picture: str
    n_correct: Whole = 0


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

    event: Literal["JobFinished"] = field(default="JobFinished", kw_only=True, repr=False)
    n_finished: Whole
    n_failed: Whole
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

    event: Literal["JobFailed"] = field(default="JobFailed", kw_only=True, repr=False)
    reason: str


AnyEvent = (
    JobStarted
    | InputLeftOut
    | TilesPredicted
    | ImageSegmented
    | ImageSkipped
    | ImageFailed
    | ResultsLost
    | ReferencesDoubted
    | Notice
    | StepFinished
    | EpochFinished
    | SamplePredicted
    | JobFinished
    | JobFailed
)

EVENTS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(AnyEvent)}


def to_json_line(event: Event) -> str:
    """Write an event as one line of JSON.

    Returns
    -------
    str
        Without the line end; the key "event" names the class. Losses that are not finite become null,
        because JSON has no NaN.
    """
    try:
        line = _reader().dump_json(event, warnings="error").decode("utf-8")  # type: ignore[arg-type]
    except PydanticSerializationError:
        # Names of files may hold halves of characters.
        return json.dumps(asdict(event))
    # Some characters of names end a line for readers of lines.
    return line if line.isprintable() else json.dumps(json.loads(line))


def from_json_line(line: str) -> Event:
    """Read an event from a line of JSON.

    Raises
    ------
    ValueError
        If the line is not an event of this version or an earlier one.
    """
    try:
        return _reader().validate_json(_renewed(line))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no event of this version: {line[:80]}") from error


@cache
def _reader() -> TypeAdapter[AnyEvent]:
    return TypeAdapter(Annotated[AnyEvent, Field(discriminator="event")])


def _renewed(line: str) -> str:
    """Give an event of a version that listed the files of all planes together the form of today."""
    if '"planes"' in line or not ('"ImageSegmented"' in line or '"ImageSkipped"' in line):
        return line
    fields = parse_json(line)
    if not isinstance(fields, dict) or "outputs" not in fields:
        return line
    outputs = fields.pop("outputs")
    together = {"address": None, "n_cells": fields.get("n_cells"), "outputs": outputs}
    return json.dumps({**fields, "planes": [together] if outputs else []})
