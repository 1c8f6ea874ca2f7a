"""What a model folder says about itself: `manifest.json` beside the weights."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dinocell_app import __version__
from dinocell_app.base.errors import ModelError
from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.model.segmenter_config import SegmenterConfig

SCHEMA_VERSION = 1
MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 4 << 20
"""Far more than any list of data sets and scores; keeps a wrong file from filling the memory."""

ID_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$"
"""Names that are folders on every system: no separators, no hidden files, no dot at the end."""

_LIBRARIES = ("torch", "timm", "numpy", "safetensors")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingSet(_Frozen):
    """Images a model was trained on.

    Parameters
    ----------
    name, licence, citation, use : str
        `use` says how, for example "fine-tuning, 45 images".
    """

    name: str
    licence: str
    citation: str = ""
    use: str = ""


class Score(_Frozen):
    """One figure measured on held-out images."""

    data_set: str
    split: str = "test"
    metric: str
    value: float


class Manifest(_Frozen):
    """Everything about a model but its weights.

    Parameters
    ----------
    id, name, version, description : str
        `id` is the folder's name in the catalogue: letters, digits, dots, dashes and underscores.
    architecture : dict
        Fields of `SegmenterConfig`.
    objective : {"flows", "distance_map"}
    intensity_normalisation : str
        Key of `imaging.intensity.NORMALISATIONS`.
    input_colour : {"grey", "rgb"}
        What the three input channels are shown: the grey value three times, or red, green and blue where an
        image has colours (grey images are still shown three times).
    tile_overlap_px : int
        Pixels that neighbouring tiles share.
    blend : {"smooth", "uniform"}
    recommended_pixel_size_um : float or None
        Pixel size of the images it was trained on, if they had one.
    cell_diameter_px : float
        Diameter in pixels of a tile that the model likes best.
    cell_diameter_range_px : tuple of float
        Smallest and largest diameter it was trained for.
    lineage : tuple of str
        Ids or descriptions of what it was made from, the oldest first.
    sha256 : str
        Of the weights; empty until they are saved.
    reference_head_sha256 : str
        Of the weights of the head for reference cells; empty for a model without one.
    needs_teaching : bool
        Whether the transformer learned without labels and the decoder has not followed yet.
    created : str
        UTC, ISO 8601.

    Raises
    ------
    ValidationError
        If a field has a value that cannot be used.
    """

    schema_version: int = SCHEMA_VERSION
    id: str = Field(pattern=ID_PATTERN)
    name: str
    version: str = "1"
    description: str = ""
    architecture: dict[str, Any]
    objective: Literal["flows", "distance_map"] = "flows"
    intensity_normalisation: str = "percentile"
    input_colour: Literal["grey", "rgb"] = "grey"
    tile_overlap_px: int = Field(default=64, ge=0)
    blend: Literal["smooth", "uniform"] = "smooth"
    recommended_pixel_size_um: float | None = Field(default=None, gt=0)
    cell_diameter_px: float = Field(default=30.0, gt=0)
    cell_diameter_range_px: tuple[float, float] = (15.0, 60.0)
    training_data: tuple[TrainingSet, ...] = ()
    scores: tuple[Score, ...] = ()
    lineage: tuple[str, ...] = ()
    licence: str = ""
    attributions: tuple[str, ...] = ()
    library_versions: dict[str, str] = Field(default_factory=dict)
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    reference_head_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    needs_teaching: bool = False
    created: str = ""

    @field_validator("intensity_normalisation")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in NORMALISATIONS:
            raise ValueError(f"{name!r} is none of {', '.join(NORMALISATIONS)}")
        return name

    @field_validator("cell_diameter_range_px")
    @classmethod
    def _is_ascending(cls, diameters: tuple[float, float]) -> tuple[float, float]:
        if not 0 < diameters[0] <= diameters[1]:
            raise ValueError(f"{diameters[0]:g} to {diameters[1]:g} is no range of diameters")
        return diameters

    @model_validator(mode="after")
    def _fits_together(self) -> Manifest:
        try:
            config = self.config
        except ModelError as error:
            raise ValueError(error.what) from error
        if self.input_colour not in NORMALISATIONS[self.intensity_normalisation].colours:
            raise ValueError(f"{self.intensity_normalisation} cannot prepare {self.input_colour} images")
        if self.tile_overlap_px >= config.tile_size:
            raise ValueError(f"tiles of {config.tile_size} px cannot share {self.tile_overlap_px} px")
        return self

    @property
    def config(self) -> SegmenterConfig:
        """The network's configuration."""
        return SegmenterConfig.from_dict(self.architecture)

    def require_taught(self, folder: Path) -> None:
        """Make sure that the model can segment.

        Parameters
        ----------
        folder : Path
            Of the model, for the message.

        Raises
        ------
        ModelError
            If it was adapted to images without labels and not taught since.
        """
        if self.needs_teaching:
            raise ModelError(
                f"{self.id} learned from images without labels and cannot segment yet",
                path=folder,
                remedy="Teach it with labelled images first (Train a model, or `dinocell-app train finetune "
                "--base-model`), or choose another model",
            )

    @classmethod
    def for_network(cls, config: SegmenterConfig, **fields: Any) -> Manifest:  # noqa: ANN401 - the fields above
        """Describe a network that was just built or trained here.

        Parameters
        ----------
        **fields
            Fields of the manifest; `id` and `name` are needed. The overlap of tiles is a quarter of
            their edge unless given, but less than a tile.

        Returns
        -------
        Manifest
            With the versions of the libraries at hand and the time.
        """
        fields.setdefault("tile_overlap_px", config.tile_size // 4)
        return cls(
            architecture=json.loads(json.dumps(config.to_dict())),
            library_versions=library_versions(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            **fields,
        )


def library_versions() -> dict[str, str]:
    """List the versions of what computes results.

    Returns
    -------
    dict of str to str
        The application and the libraries installed.
    """
    versions = {"dinocell-app": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def read_manifest(folder: Path | str) -> Manifest:
    """Read the manifest of a model folder.

    Raises
    ------
    ModelError
        If it is missing, damaged, or of a newer version of the application.
    """
    path = Path(folder) / MANIFEST_NAME
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(MAX_MANIFEST_BYTES + 1))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(
            "This is not a model folder: manifest.json is missing",
            path=folder,
            remedy="Choose the folder that holds manifest.json and weights.safetensors",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            "The model's manifest cannot be read", path=path, remedy="Import the model again"
        ) from error
    _require_known_schema(content, path)
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ModelError(
            f"The model's manifest is damaged: {f'{field}: ' if field else ''}{message}",
            path=path,
            remedy="Import the model again",
        ) from error


def _require_known_schema(content: object, path: Path) -> None:
    number = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ModelError(
            "This is no manifest of a model: it lacks a schema_version",
            path=path,
            remedy="Choose the folder that holds manifest.json and weights.safetensors",
        )
    if number > SCHEMA_VERSION:
        raise ModelError(
            "The model was made by a newer version of the application",
            path=path,
            remedy="Update the application",
        )
