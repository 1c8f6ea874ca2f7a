"""Jobs: what to do, as frozen, versioned objects that the shell, a run folder and a cluster read alike."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from dinocell_app.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.export.names import SUFFIXES
from dinocell_app.files import write_text
from dinocell_app.lengths import Area, Length
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.training_settings import AugmentationSettings, TrainingSettings

SCHEMA_VERSION: Literal[1] = 1
DEFAULT_MODEL = "dinocell-s8"

DeviceName = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")]
"""A torch device, or "auto" for the fastest there is."""

_DECODING = DecodingParameters()


class _Job(BaseModel):
    """What every job has.

    Parameters
    ----------
    schema_version : int
        Of the file format.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION


class SegmentJob(_Job):
    """Segment and measure images.

    Parameters
    ----------
    inputs : tuple of Path
        Image files, OME-Zarr folders and folders of images.
    output : Path
        Folder for results; input folders are mirrored in it.
    model : str
        Name of a model, or a model folder.
    device : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    channel : str
        As `imaging.planes.ChannelChoice` reads it.
    plane : str
        As `imaging.planes.PlaneChoice` reads it.
    diameter : Length or None
        Typical cell diameter; None to measure it in each image.
    pixel_size_um : float or None
        Edge of a pixel, in place of what files say.
    cell_probability : float
        Threshold, 0 to 1.
    flow_threshold : float
        0 switches the check off.
    min_size : Area
        Smaller cells are dropped.
    max_fraction : float
        Cells that cover more of the image are dropped.
    formats : tuple of str
        Of `export.formats.FORMATS`.
    recursive : bool
        Whether folders inside input folders are searched.
    overwrite : bool
        Whether results made with another model or other parameters are replaced.
    texture : bool
        Whether Haralick texture is measured too.
    precision : {"auto", "fp32", "bf16", "fp16"}
        Arithmetic of the network.
    batch_size : int or None
        Tiles at once; None to choose by memory.
    """

    kind: Literal["segment"] = "segment"
    inputs: tuple[Path, ...] = Field(min_length=1)
    output: Path
    model: str = Field(default=DEFAULT_MODEL, min_length=1)
    device: DeviceName = "auto"
    channel: str = "grey"
    plane: str = "each"
    diameter: Length | None = None
    pixel_size_um: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    cell_probability: float = Field(default=_DECODING.cell_probability_threshold, ge=0, le=1)
    flow_threshold: float = Field(default=_DECODING.flow_threshold, ge=0, allow_inf_nan=False)
    min_size: Area = Area(value=_DECODING.min_size)
    max_fraction: float = Field(default=_DECODING.max_fraction, gt=0, le=1)
    formats: tuple[str, ...] = Field(default=("labels", "overlay", "csv"), min_length=1)
    recursive: bool = False
    overwrite: bool = False
    texture: bool = False
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    batch_size: int | None = Field(default=None, ge=1)

    _known_formats = field_validator("formats")(lambda formats: _known_formats(formats))


class MeasureJob(_Job):
    """Measure the cells of label images made elsewhere.

    Parameters
    ----------
    images, labels : Path
        Two files, or two folders whose files belong together by name.
    output : Path
        Folder for the tables.
    pixel_size_um : float or None
        Edge of a pixel, in place of what files say.
    plane : str
        As `imaging.planes.PlaneChoice` reads it; labels are for one plane.
    formats : tuple of str
        Of `export.formats.FORMATS`.
    recursive : bool
        Whether folders inside the two are searched.
    overwrite : bool
        Whether tables made from other images, labels or settings are replaced.
    texture : bool
        Whether Haralick texture is measured too.
    """

    kind: Literal["measure"] = "measure"
    images: Path
    labels: Path
    output: Path
    pixel_size_um: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    plane: str = "each"
    formats: tuple[str, ...] = Field(default=("csv",), min_length=1)
    recursive: bool = False
    overwrite: bool = False
    texture: bool = False

    _known_formats = field_validator("formats")(lambda formats: _known_formats(formats))


class EvaluateJob(_Job):
    """Score predicted labels against reference labels.

    Parameters
    ----------
    predicted, reference : Path
        Two label files, or two folders whose files belong together by name.
    output : Path
        Folder for `scores.csv` and `summary.csv`.
    iou_thresholds : tuple of float
        Of AP, precision, recall and F1.
    recursive : bool
        Whether folders inside the two are searched.
    overwrite : bool
        Whether existing score files are replaced.
    """

    kind: Literal["evaluate"] = "evaluate"
    predicted: Path
    reference: Path
    output: Path
    iou_thresholds: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(0.5, 0.75, 0.9), min_length=1
    )
    recursive: bool = False
    overwrite: bool = False


class FineTuneJob(_Job):
    """Teach a network with labelled images.

    Parameters
    ----------
    data : tuple of Path
        Folders of images with labels.
    patterns : tuple of str
        Names of the images that are taken from each folder of `data`, as in ``fluo_*``; empty for all.
    weights : tuple of float
        Relative share of the crops for each folder of `data`; empty to draw every image equally often.
    output : Path
        Model folder to make.
    base_model : str or None
        Model to start from, by name or folder; None to start from `config` and `backbone_weights`.
    config : {"dinocell-s8", "dinocell-b8"}
        Network to build when there is no base model.
    backbone_weights : Path or None
        DINOv2 weights (safetensors) for the transformer; None for random weights.
    objective : str
        What a network without a base model is taught: "flows" or "distance_map".
    held_out : tuple of Path
        Folders of labelled images for scoring; empty to hold out a share of `data`.
    validation_share : float
        Share of the images of `data` that is held out when `held_out` is empty; 0 for none.
    name : str
        Of the model; empty for the name of its folder.
    channel : str
        As `imaging.planes.ChannelChoice` reads it.
    device : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    crop_size : int
        Edge of the crops in pixels.
    synthetic_share : float
        Share of crops that are drawn rather than taken from images.
    fully_labelled : bool
        Whether unlabelled pixels are background; if not, they hardly count.
    augmentation : AugmentationSettings
    training : TrainingSettings
    cell_diameter_px : float or None
        Diameter the model is for; None for the base model's or the median of the data.
    licence : str
        Of the training data, for the model card.
    overwrite : bool
        Whether an existing model folder is replaced.
    """

    kind: Literal["finetune"] = "finetune"
    data: tuple[Path, ...] = Field(min_length=1)
    patterns: tuple[str, ...] = ()
    weights: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = ()
    output: Path
    base_model: str | None = DEFAULT_MODEL
    config: Literal["dinocell-s8", "dinocell-b8"] = "dinocell-s8"
    backbone_weights: Path | None = None
    objective: Literal["flows", "distance_map"] = "flows"
    held_out: tuple[Path, ...] = ()
    validation_share: float = Field(default=0.1, ge=0, lt=1)
    name: str = ""
    channel: str = "grey"
    device: DeviceName = "auto"
    crop_size: int = Field(default=256, ge=32)
    synthetic_share: float = Field(default=0.0, ge=0, le=1)
    fully_labelled: bool = True
    augmentation: AugmentationSettings = AugmentationSettings()
    training: TrainingSettings = TrainingSettings()
    cell_diameter_px: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    licence: str = ""
    overwrite: bool = False

    @model_validator(mode="after")
    def _one_for_each_folder(self) -> Self:
        for name in ("patterns", "weights"):
            given = getattr(self, name)
            if given and len(given) != len(self.data):
                raise ValueError(f"{len(given)} {name} for {len(self.data)} folders of data")
        return self


Job = SegmentJob | MeasureJob | EvaluateJob | FineTuneJob

_ANY_JOB: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="kind")])


def job_to_json(job: Job) -> str:
    """Write a job as JSON.

    Parameters
    ----------
    job : Job

    Returns
    -------
    str
        Indented; every field is written, so that later defaults do not change what the job means.
    """
    return json.dumps(job.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def job_from_json(text: str, source: Path | None = None) -> Job:
    """Read a job; the inverse of `job_to_json`.

    Parameters
    ----------
    text : str
    source : Path, optional
        The file it comes from, named in errors.

    Returns
    -------
    Job

    Raises
    ------
    UnreadableFileError
        If the text is no JSON object or of a newer version.
    InvalidParameterError
        If a field is missing, unknown or out of range.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UnreadableFileError(
            f"is no job file ({error})", path=source, remedy="Make one with --save-job"
        ) from error
    if not isinstance(content, dict):
        raise UnreadableFileError("is no job file", path=source, remedy="Make one with --save-job")
    version = content.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UnreadableFileError(
            f"the job has version {version}, which this application does not know",
            path=source,
            remedy="Update the application",
        )
    return make_job(content, source)


def make_job(fields: dict[str, Any], source: Path | None = None) -> Job:
    """Check the fields of a job.

    Parameters
    ----------
    fields : dict
        With "kind"; fields left out have their defaults.
    source : Path, optional
        The file they come from, named in errors.

    Returns
    -------
    Job

    Raises
    ------
    InvalidParameterError
        If a field is missing, unknown or out of range.
    """
    try:
        return _ANY_JOB.validate_python(fields)
    except ValidationError as error:
        problems = "; ".join(_sentence(problem) for problem in error.errors())
        raise InvalidParameterError(
            f"The job cannot be done: {problems}", path=source, remedy="Change these settings"
        ) from error


def write_job(path: Path, job: Job) -> None:
    """Write a job file that is whole or absent.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    job : Job
    """
    write_text(path, job_to_json(job))


def read_job(path: Path) -> Job:
    """Read a job file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Job

    Raises
    ------
    UnreadableFileError, InvalidParameterError
        As in `job_from_json`, and if there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(
            f"the job cannot be read ({error})", path=path, remedy="Check the path of the job file"
        ) from error
    return job_from_json(text, path)


def _known_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    known = [name for name in SUFFIXES if name != "sidecar"]
    formats = tuple(known) if "all" in formats else formats
    unknown = [name for name in formats if name not in known]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no output format; choose from {', '.join(known)}")
    return tuple(name for name in known if name in formats)


def _sentence(problem: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails, a plain mapping
    place = [
        str(part) for part in problem["loc"] if part not in ("segment", "measure", "evaluate", "finetune")
    ]
    value = problem["input"]
    shown = "" if isinstance(value, dict | list | tuple) or value is None else f" (given: {_short(value)})"
    return f"{'.'.join(place) or 'job'}: {problem['msg'].removeprefix('Value error, ')}{shown}"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and math.isfinite(value) else str(value)[:60]
