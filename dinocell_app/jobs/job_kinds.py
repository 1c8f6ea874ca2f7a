"""Jobs: what to do, as frozen, versioned objects that the shell, a run folder and a cluster read alike.

A field is declared once, with its words and limits (`jobs.setting`): options of the shell, forms of the
window, records beside results and copied command lines are made from these declarations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.common_fields import (
    DEFAULT_MODEL,
    OUTPUT,
    Axes,
    BackboneWeights,
    BaseModelName,
    Channel,
    Device,
    Formats,
    Licence,
    ModelFolder,
    Overwrite,
    PixelSize,
    Planes,
    Recursive,
    Regions,
    StoredAxes,
    Tables,
    Texture,
)
from dinocell_app.jobs.reference_training_settings import ReferenceTrainingSettings
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import Record, Setting, Settings
from dinocell_app.jobs.training_settings import AdaptationSettings, AugmentationSettings, TrainingSettings
from dinocell_app.references.spec import ReferenceSpec
from dinocell_app.references.types import KeptReferences

SCHEMA_VERSION: Literal[1] = 1


DrawingName = Literal[
    "scenes", "colonies", "streams", "bundles", "yeast", "smears", "sections", "membranes", "channels"
]
"""A kind of drawn image, as `dinocell_training.synthetic.drawings` draws it."""


class _Job(Settings):
    """What every job has."""

    schema_version: Literal[1] = SCHEMA_VERSION


def _readable(specs: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ReferenceSpec.parse(spec)) for spec in specs)
    except InvalidParameterError as error:
        raise ValueError(f"{error.what}; {error.remedy[0].lower()}{error.remedy[1:]}") from error


def _reference(text: str) -> str:
    return str(ReferenceSpec.parse(text).absolute())


class SegmentJob(SegmentSettings, _Job):
    """Segment and measure images."""

    kind: Literal["segment"] = "segment"
    inputs: Annotated[
        tuple[Path, ...],
        Setting(
            "Images",
            "Image files, OME-Zarr folders and folders of images.",
            place="positional",
            metavar="INPUT",
            record=Record.NO_EFFECT,
        ),
    ] = Field(min_length=1)
    output: Annotated[
        Path,
        Setting(
            "Output folder",
            "Folder for results; input folders are mirrored in it.",
            flags=OUTPUT,
            metavar="OUT",
            record=Record.NO_EFFECT,
        ),
    ]
    roots: Annotated[
        tuple[Path, ...],
        Setting(
            "Root folders",
            "Folders that single files belong to: results go to a folder named after each, where its folders "
            "are mirrored.",
            typed="after the inputs",
            flags=("--root",),
            metavar="FOLDER",
            record=Record.NO_EFFECT,
        ),
    ] = ()
    recursive: Recursive = False
    overwrite: Overwrite = False
    pixel_size_um: PixelSize = None
    image_pixel_sizes_um: Annotated[
        dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]],
        Setting(
            "Pixel sizes",
            "Pixel size in µm by absolute path of the image, in place of the one for all.",
            place="file",
            record=Record.RESOLVED,
        ),
    ] = Field(default_factory=dict)
    axes: Axes = ""
    image_axes: Annotated[
        dict[str, StoredAxes],
        Setting(
            "Axes of images",
            "Stored axes by absolute path of the image, in place of those for all.",
            place="file",
            record=Record.RESOLVED,
        ),
    ] = Field(default_factory=dict)
    references: Annotated[
        tuple[str, ...],
        AfterValidator(_readable),
        Setting(
            "References",
            "Score cells by their likeness to these.",
            typed="image.tif:17 (label 17 of image_labels.tif beside it), image.tif@labels.tif:17, "
            "image.tif@x,y or library.json#name; type=... names types; after the inputs",
            flags=("--reference",),
            metavar="CELL",
            parse=_reference,
            commas=False,
            record=Record.RESOLVED,
        ),
    ] = ()
    not_references: Annotated[
        tuple[str, ...],
        AfterValidator(_readable),
        Setting(
            "Counterexamples",
            "Cells that are not what is looked for.",
            typed="as for --reference",
            flags=("--not",),
            metavar="CELL",
            parse=_reference,
            commas=False,
            record=Record.RESOLVED,
        ),
    ] = ()
    kept_references: Annotated[
        KeptReferences | None,
        Setting(
            "Cell types",
            "Types of cells whose examples travel in the job, with their features.",
            place="file",
            record=Record.RESOLVED,
        ),
    ] = None
    min_score: Annotated[
        float | None,
        Setting(
            "Minimum score",
            "Cells that look less like the references are left out.",
            automatic="keep all",
            metavar="S",
            record=Record.RESOLVED,
        ),
    ] = Field(default=None, ge=0, le=1)
    type_score: Annotated[
        float,
        Setting(
            "Minimum score of a type",
            "Cells that look less like the references have no type, where all are kept.",
            metavar="S",
            record=Record.RESOLVED,
        ),
    ] = Field(default=0.5, ge=0, le=1)
    regions: Regions = None
    dask: Annotated[
        str,
        Setting(
            "Dask cluster",
            "Segment on dask workers.",
            typed="the address of their scheduler, its scheduler file (.json), or local:4 for four processes "
            "on this computer",
            metavar="ADDRESS",
            record=Record.NO_EFFECT,
        ),
    ] = ""

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
    """Measure the cells of label images made elsewhere; images and labels belong together by name."""

    kind: Literal["measure"] = "measure"
    images: Annotated[
        Path,
        Setting(
            "Images",
            "An image, or a folder of images.",
            place="positional",
            metavar="IMAGES",
            record=Record.RESOLVED,
        ),
    ]
    labels: Annotated[
        Path,
        Setting(
            "Labels",
            "Labels of the image, or a folder of them.",
            place="positional",
            metavar="LABELS",
            record=Record.RESOLVED,
        ),
    ]
    output: Tables
    pixel_size_um: PixelSize = None
    axes: Axes = ""
    plane: Planes = "each"
    formats: Formats = ("csv",)
    regions: Regions = None
    recursive: Recursive = False
    overwrite: Overwrite = False
    texture: Texture = False


class EvaluateJob(_Job):
    """Score predicted labels against reference labels; files of two folders belong together by name."""

    kind: Literal["evaluate"] = "evaluate"
    predicted: Annotated[
        Path,
        Setting("Predicted", "Predicted labels: a file or a folder.", place="positional", metavar="PRED"),
    ]
    reference: Annotated[
        Path, Setting("True", "True labels: a file or a folder.", place="positional", metavar="TRUE")
    ]
    output: Tables
    iou_thresholds: Annotated[
        tuple[Annotated[float, Field(gt=0, le=1)], ...],
        Setting(
            "IoU thresholds",
            "IoU from which cells match, for AP, precision, recall and F1.",
            flags=("--iou",),
        ),
    ] = Field(default=(0.5, 0.75, 0.9), min_length=1)
    recursive: Recursive = False
    overwrite: Overwrite = False


_NAME = Setting("Name", "Name of the model.", automatic="the name of its folder")
_NETWORK = Setting("Network", "Network to build without a base model.")


class FineTuneJob(_Job):
    """Train a network with labelled images."""

    kind: Literal["finetune"] = "finetune"
    data: Annotated[
        tuple[Path, ...],
        Setting("Data", "Folders of images with labels.", place="positional", metavar="DATA"),
    ] = Field(min_length=1)
    patterns: Annotated[
        tuple[str, ...],
        Setting(
            "Names",
            "Names of the images to take from each folder of data.",
            typed="as in 'fluo_*'",
            automatic="all",
            metavar="NAMES",
            commas=False,
        ),
    ] = ()
    weights: Annotated[
        tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...],
        Setting(
            "Shares",
            "Relative share of the crops for each folder of data.",
            automatic="every image equally often",
        ),
    ] = ()
    output: ModelFolder
    base_model: BaseModelName = DEFAULT_MODEL
    config: Annotated[Literal["dinocell-s8", "dinocell-b8"], _NETWORK] = "dinocell-s8"
    backbone_weights: BackboneWeights = None
    objective: Annotated[
        Literal["flows", "distance_map"],
        Setting("Objective", "What a network without a base model is trained to predict."),
    ] = "flows"
    held_out: Annotated[
        tuple[Path, ...],
        Setting("Held-out folders", "Folders of labelled images for scoring.", metavar="FOLDER"),
    ] = ()
    held_out_images: Annotated[
        tuple[Path, ...],
        Setting(
            "Held-out images", "Images of data to hold out for scoring, in place of a share.", metavar="IMAGE"
        ),
    ] = ()
    validation_share: Annotated[
        float | None,
        Setting(
            "Held-out share",
            "Share of the images that is held out for scoring where none are named; at least one of two "
            "images, 0 for none.",
            automatic="a fifth and at least three, or each in its turn where there are fewer than eight",
        ),
    ] = Field(default=None, ge=0, lt=1)
    name: Annotated[str, _NAME] = ""
    channel: Channel = "grey"
    device: Device = "auto"
    crop_size: Annotated[
        int, Setting("Crop size", "What the network sees at once; memory grows with it.", unit="px")
    ] = Field(default=256, ge=32)
    synthetic_share: Annotated[
        float, Setting("Synthetic share", "Share of crops that are drawn rather than cut from images.")
    ] = Field(default=0.0, ge=0, le=1)
    drawings: Annotated[
        dict[DrawingName, Annotated[float, Field(gt=0, allow_inf_nan=False)]],
        Setting(
            "Synthetic images",
            "Relative shares of the kinds of drawn images.",
            typed="as in colonies=2 yeast=1; after the data",
            automatic="scenes alone",
            metavar="NAME=X",
        ),
    ] = Field(default_factory=dict)
    fully_labelled: Annotated[
        bool,
        Setting(
            "Every cell is outlined",
            "If not, unlabelled pixels hardly count as background, in all images.",
            off="Not every cell is outlined: unlabelled pixels hardly count as background, in all images.",
            flags=("--partly-labelled",),
        ),
    ] = True
    partly_labelled_images: Annotated[
        tuple[Path, ...],
        Setting(
            "Partly labelled images", "Images of data in which not every cell is outlined.", metavar="IMAGE"
        ),
    ] = ()
    augmentation: Annotated[
        AugmentationSettings, Setting("Data augmentation", "How far crops are changed at random.")
    ] = AugmentationSettings()
    training: Annotated[TrainingSettings, Setting("Optimizer settings")] = TrainingSettings()
    patience: Annotated[
        int,
        Setting(
            "Patience",
            "Training stops when held-out images have not improved for so many epochs; 0 for never.",
            unit="epochs",
        ),
    ] = Field(default=0, ge=0)
    cell_diameter_px: Annotated[
        float | None,
        Setting(
            "Cell diameter",
            "Cell diameter that the model is for.",
            unit="px",
            automatic="that of the base model, or the median of the data",
            flags=("--cell-diameter",),
        ),
    ] = Field(default=None, gt=0, allow_inf_nan=False)
    licence: Licence = ""
    overwrite: Overwrite = False

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
    """Let the transformer of a network learn from images without labels."""

    kind: Literal["adapt"] = "adapt"
    inputs: Annotated[
        tuple[Path, ...],
        Setting("Images", "Images and folders of images.", place="positional", metavar="FOLDER"),
    ] = Field(min_length=1)
    excluded: Annotated[
        tuple[Path, ...],
        Setting(
            "Excluded images", "Images not to learn from, such as those kept for scoring.", metavar="IMAGE"
        ),
    ] = ()
    recursive: Recursive = False
    output: ModelFolder
    base_model: BaseModelName = DEFAULT_MODEL
    config: Annotated[Literal["dinocell-s8", "dinocell-b8"], _NETWORK] = "dinocell-s8"
    backbone_weights: BackboneWeights = None
    preset: Annotated[
        Literal["laptop", "dinocell-paper", "own"],
        Setting(
            "Preset",
            "laptop tries out what fits into the minutes, dinocell-paper takes the paper's values, own takes "
            "the numbers given.",
        ),
    ] = "laptop"
    minutes: Annotated[float, Setting("Duration", "Minutes of training, for laptop.", unit="min")] = Field(
        default=60.0, gt=0, allow_inf_nan=False
    )
    name: Annotated[str, _NAME] = ""
    device: Device = "auto"
    adaptation: Annotated[
        AdaptationSettings,
        Setting("Numbers of the preset own", "Other presets take only seed, precision and workers."),
    ] = AdaptationSettings()
    licence: Licence = ""
    overwrite: Overwrite = False

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
    """Train a model to find cells like reference cells."""

    kind: Literal["references"] = "references"
    data: Annotated[
        tuple[Path, ...],
        Setting(
            "Data",
            "Folders of labelled images, each below a folder named after the type of its cells.",
            place="positional",
            metavar="FOLDER",
        ),
    ] = ()
    output: ModelFolder
    types: Annotated[
        Path | None,
        Setting(
            "Table of types",
            "Table (CSV) with the columns image and type, and label for single cells.",
            metavar="FILE",
        ),
    ] = None
    pannuke: Annotated[
        Path | None,
        Setting(
            "PanNuke", "Folder with PanNuke's three folds: 1 and 2 train, 3 evaluates.", metavar="FOLDER"
        ),
    ] = None
    novel: Annotated[
        tuple[str, ...],
        Setting(
            "New types",
            "Types to leave out of training, to see how the model does on new types.",
            typed="* stands for any letters; after the folders",
            metavar="TYPE",
            commas=False,
        ),
    ] = ()
    test_share: Annotated[
        float, Setting("Held-out share", "Share of the images of the other types that is held out.")
    ] = Field(default=0.1, ge=0, lt=1)
    base_model: Annotated[
        str,
        Setting(
            "Base model",
            "Model whose features are used.",
            flags=("--base", "--base-model"),
            metavar="MODEL",
        ),
    ] = Field(default=DEFAULT_MODEL, min_length=1)
    preset: Annotated[
        Literal["laptop", "percs-paper"],
        Setting(
            "Preset",
            "laptop encodes its crops once; percs-paper takes the paper's schedule and makes all crops anew.",
        ),
    ] = "laptop"
    device: Device = "auto"
    training: Annotated[ReferenceTrainingSettings, Setting("Training of the head")] = (
        ReferenceTrainingSettings()
    )
    licence: Licence = ""
    overwrite: Overwrite = False


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
