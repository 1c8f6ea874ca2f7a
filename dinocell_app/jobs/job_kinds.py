"""Jobs: what to do, as frozen, versioned objects that the shell, a run folder and a cluster read alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import Area, Length
from dinocell_app.export.names import SUFFIXES
from dinocell_app.jobs.reference_training_settings import ReferenceTrainingSettings
from dinocell_app.jobs.training_settings import AdaptationSettings, AugmentationSettings, TrainingSettings
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.references.spec import ReferenceSpec
from dinocell_app.references.types import KeptReferences

SCHEMA_VERSION: Literal[1] = 1
DEFAULT_MODEL = "dinocell-s8"

DeviceName = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")]
"""A torch device, or "auto" for the fastest there is."""

AxesWord = Annotated[str, Field(pattern=r"^([TZCYXS]{2,8})?$")]
"""Letters of stored axes, as in "YXC"; empty where the file is believed."""

DrawingName = Literal[
    "scenes", "colonies", "streams", "bundles", "yeast", "smears", "sections", "membranes", "channels"
]
"""A kind of drawn image, as `dinocell_training.synthetic.drawings` draws it."""

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
    roots : tuple of Path
        Folders that files below them belong to, though the files are named one by one. Results go to a
        folder named after the root, where its folders are mirrored, whichever images the job has.
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
    image_pixel_sizes_um : mapping of str to float
        Edge of a pixel by absolute path of the image, in place of `pixel_size_um`.
    axes : str
        What the axes stored in TIFF files are, as `imaging.axes` reads it; "" to believe the files.
    image_axes : mapping of str to str
        The same by absolute path of the image, in place of `axes`.
    cell_probability : float
        Threshold, 0 to 1.
    flow_threshold : float
        0 switches the check off.
    min_size : Area or None
        Smaller cells are dropped; None for a tenth of the typical cell of each image.
    min_confidence : float or None
        Cells whose mean cell probability is lower are dropped, 0 keeps all; None for half-way between
        `cell_probability` and 1.
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
    references, not_references : tuple of str
        Cells that others are compared with, as `reference_spec.ReferenceSpec` reads them: cells of the types
        looked for, and cells that are not of the type they name, or of any.
    kept_references : KeptReferences or None
        Types of cells whose examples travel in the job, with their features.
    min_score : float or None
        Cells that look less like the references are left out; None keeps all.
    type_score : float
        Cells that look less like the references have no type, where all are kept.
    regions : Path or None
        GeoJSON file of regions of interest, as `region_files` reads it: in which cells are counted, left out
        or kept.
    dask : str
        Cluster that does the images, as `distributed.connecting` reads it; "" for this process.
    """

    kind: Literal["segment"] = "segment"
    inputs: tuple[Path, ...] = Field(min_length=1)
    output: Path
    roots: tuple[Path, ...] = ()
    model: str = Field(default=DEFAULT_MODEL, min_length=1)
    device: DeviceName = "auto"
    channel: str = "grey"
    plane: str = "each"
    diameter: Length | None = None
    pixel_size_um: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    image_pixel_sizes_um: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    axes: AxesWord = ""
    image_axes: dict[str, AxesWord] = {}
    cell_probability: float = Field(default=_DECODING.cell_probability_threshold, ge=0, le=1)
    flow_threshold: float = Field(default=_DECODING.flow_threshold, ge=0, allow_inf_nan=False)
    min_size: Area | None = None
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    max_fraction: float = Field(default=_DECODING.max_fraction, gt=0, le=1)
    formats: tuple[str, ...] = Field(default=("labels", "overlay", "csv"), min_length=1)
    recursive: bool = False
    overwrite: bool = False
    texture: bool = False
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    batch_size: int | None = Field(default=None, ge=1)
    references: tuple[str, ...] = ()
    not_references: tuple[str, ...] = ()
    kept_references: KeptReferences | None = None
    min_score: float | None = Field(default=None, ge=0, le=1)
    type_score: float = Field(default=0.5, ge=0, le=1)
    regions: Path | None = None
    dask: str = ""

    _known_formats = field_validator("formats")(lambda formats: _known_formats(formats))
    _readable = field_validator("references", "not_references")(lambda specs: _readable(specs))

    @property
    def compares_cells(self) -> bool:
        """Whether there are cells that others are compared with."""
        return bool(self.references or (self.kept_references and self.kept_references.types))

    @model_validator(mode="after")
    def _something_to_compare_with(self) -> Self:
        if not self.compares_cells and (self.not_references or self.min_score is not None):
            raise ValueError("cells are compared with references, and none is given")
        return self


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
    axes : str
        What the axes stored in TIFF images are, as `imaging.axes` reads it; "" to believe the files.
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
    regions : Path or None
        GeoJSON file of regions of interest, as in `SegmentJob`.
    """

    kind: Literal["measure"] = "measure"
    images: Path
    labels: Path
    output: Path
    pixel_size_um: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    axes: AxesWord = ""
    plane: str = "each"
    formats: tuple[str, ...] = Field(default=("csv",), min_length=1)
    recursive: bool = False
    overwrite: bool = False
    texture: bool = False
    regions: Path | None = None

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
    held_out_images : tuple of Path
        Images of `data` that are held out, in place of a share.
    validation_share : float
        Share of the images of `data` that is held out when neither `held_out` nor `held_out_images` is
        given, never less than one of two; 0 for none.
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
    drawings : dict of str to float
        Relative shares of the kinds of drawn images; empty for scenes alone.
    fully_labelled : bool
        Whether unlabelled pixels are background; if not, they hardly count.
    partly_labelled_images : tuple of Path
        Images of `data` in which not every cell is outlined, though those of other images are.
    patience : int
        Epochs without better validation after which training ends; 0 for never.
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
    held_out_images: tuple[Path, ...] = ()
    validation_share: float = Field(default=0.1, ge=0, lt=1)
    name: str = ""
    channel: str = "grey"
    device: DeviceName = "auto"
    crop_size: int = Field(default=256, ge=32)
    synthetic_share: float = Field(default=0.0, ge=0, le=1)
    drawings: dict[DrawingName, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )
    fully_labelled: bool = True
    partly_labelled_images: tuple[Path, ...] = ()
    augmentation: AugmentationSettings = AugmentationSettings()
    training: TrainingSettings = TrainingSettings()
    patience: int = Field(default=0, ge=0)
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


PRESET_KEEPS = frozenset({"seed", "precision", "workers"})
"""Settings of an adaptation that a preset leaves to the person."""


class AdaptJob(_Job):
    """Let the transformer of a network learn from pictures without labels.

    Parameters
    ----------
    inputs : tuple of Path
        Image files and folders of images.
    recursive : bool
        Whether folders below are searched.
    output : Path
        Model folder to make, for fine-tuning to start from.
    base_model : str or None
        Model whose transformer is adapted, by name or folder; None for `config` and `backbone_weights`.
    config : {"dinocell-s8", "dinocell-b8"}
        Network to build when there is no base model.
    backbone_weights : Path or None
        DINOv2 weights (safetensors) for the transformer; None for random weights.
    preset : {"laptop", "dinocell-paper", "own"}
        "laptop" tries sizes on the device and plans what fits into `minutes`; "dinocell-paper" takes the
        paper's values; "own" takes `adaptation` as it is.
    minutes : float
        Of training, for "laptop".
    name : str
        Of the model; empty for the name of its folder.
    device : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    adaptation : AdaptationSettings
        The other presets take only seed, precision and loader processes from it.
    excluded : tuple of Path
        Images not to learn from, such as those kept for judging.
    licence : str
        Of the pictures, for the model's manifest.
    overwrite : bool
        Whether an existing model folder is replaced.
    """

    kind: Literal["adapt"] = "adapt"
    inputs: tuple[Path, ...] = Field(min_length=1)
    excluded: tuple[Path, ...] = ()
    recursive: bool = False
    output: Path
    base_model: str | None = DEFAULT_MODEL
    config: Literal["dinocell-s8", "dinocell-b8"] = "dinocell-s8"
    backbone_weights: Path | None = None
    preset: Literal["laptop", "dinocell-paper", "own"] = "laptop"
    minutes: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    name: str = ""
    device: DeviceName = "auto"
    adaptation: AdaptationSettings = AdaptationSettings()
    licence: str = ""
    overwrite: bool = False

    @model_validator(mode="after")
    def _numbers_are_used(self) -> Self:
        usual = AdaptationSettings()
        given = [
            name
            for name in AdaptationSettings.model_fields
            if name not in PRESET_KEEPS and getattr(self.adaptation, name) != getattr(usual, name)
        ]
        if self.preset != "own" and given:
            raise ValueError(
                f"{', '.join(given)} would not be used: the preset {self.preset} chooses these itself; "
                "take the preset own to choose them"
            )
        return self


class ReferenceTrainingJob(_Job):
    """Teach a model to find cells like reference cells.

    Parameters
    ----------
    data : tuple of Path
        Folders of labelled images, one folder for each type of cells, or with `types`.
    types : Path or None
        CSV table with the columns image and type, and label for the types of single cells.
    pannuke : Path or None
        Folder with the three folds of PanNuke as `.npy` files.
    novel : tuple of str
        Types to leave out of training, as patterns; they show how the model does on new types.
    test_share : float
        Share of the pictures of the other types that is held out.
    output : Path
        Model folder to make; the base model's own folder to put the head there.
    base_model : str
        Model whose features the head uses, by name or folder.
    preset : {"laptop", "percs-paper"}
        "laptop" takes `training` as it is, "percs-paper" takes the paper's schedule.
    device : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    licence : str
        Of the pictures, for the model's manifest.
    overwrite : bool
        Whether an existing model or head is replaced.
    """

    kind: Literal["references"] = "references"
    data: tuple[Path, ...] = ()
    types: Path | None = None
    pannuke: Path | None = None
    novel: tuple[str, ...] = ()
    test_share: float = Field(default=0.1, ge=0, lt=1)
    output: Path
    base_model: str = Field(default=DEFAULT_MODEL, min_length=1)
    preset: Literal["laptop", "percs-paper"] = "laptop"
    device: DeviceName = "auto"
    training: ReferenceTrainingSettings = ReferenceTrainingSettings()
    licence: str = ""
    overwrite: bool = False


class AdaptThenTeachJob(_Job):
    """Adapt a network to pictures without labels, then teach what comes of it with labelled ones.

    Parameters
    ----------
    fine_tuning : FineTuneJob
        Whose base model is what the adaptation makes.

    Raises
    ------
    ValidationError
        If it starts from another model.
    """

    kind: Literal["adapt_then_teach"] = "adapt_then_teach"
    adaptation: AdaptJob
    fine_tuning: FineTuneJob

    @model_validator(mode="after")
    def _follow_each_other(self) -> Self:
        if Path(self.fine_tuning.base_model or "") != self.adaptation.output:
            raise ValueError("the base model of fine_tuning is not the output of adaptation")
        return self

    @property
    def output(self) -> Path:
        """The model folder that is made at the end."""
        return self.fine_tuning.output


TrainingJob = FineTuneJob | AdaptJob | AdaptThenTeachJob | ReferenceTrainingJob
Job = SegmentJob | MeasureJob | EvaluateJob | TrainingJob


def _readable(specs: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ReferenceSpec.parse(spec)) for spec in specs)
    except InvalidParameterError as error:
        raise ValueError(f"{error.what}; {error.remedy[0].lower()}{error.remedy[1:]}") from error


def _known_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    known = [name for name in SUFFIXES if name != "sidecar"]
    formats = tuple(known) if "all" in formats else formats
    unknown = [name for name in formats if name not in known]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no output format; choose from {', '.join(known)}")
    return tuple(name for name in known if name in formats)
