"""What a model folder says about itself: `manifest.json` beside the weights."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dinocell_app import __version__
from dinocell_app.errors import ModelError
from dinocell_app.model.segmenter import SegmenterConfig

SCHEMA_VERSION = 1
MANIFEST_NAME = "manifest.json"
_LIBRARIES = ("torch", "timm", "numpy", "safetensors")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """One figure measured on held-out images.

    Parameters
    ----------
    data_set, split, metric : str
    value : float
    """

    data_set: str
    split: str = "test"
    metric: str
    value: float


class Manifest(_Frozen):
    """Everything about a model but its weights.

    Parameters
    ----------
    schema_version : int
    id, name, version, description : str
        `id` is the folder's name in the catalogue.
    architecture : dict
        Fields of `SegmenterConfig`.
    objective : {"flows", "distance_map"}
    intensity_normalisation : str
        Key of `imaging.intensity.NORMALISATIONS`.
    tile_overlap_px : int
        Pixels that neighbouring tiles share.
    blend : {"smooth", "uniform"}
    recommended_pixel_size_um : float or None
    cell_diameter_px : float
        Diameter in pixels of the network's image that the model likes best.
    cell_diameter_range_px : tuple of float
        Diameters it was trained for.
    training_data : tuple of TrainingSet
    scores : tuple of Score
    lineage : tuple of str
        Ids or descriptions of what it was made from, the oldest first.
    licence : str
    attributions : tuple of str
    library_versions : dict of str to str
    sha256 : str
        Of the weights; empty until they are saved.
    created : str
        UTC, ISO 8601.
    """

    schema_version: int = SCHEMA_VERSION
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    name: str
    version: str = "1"
    description: str = ""
    architecture: dict[str, Any]
    objective: Literal["flows", "distance_map"] = "flows"
    intensity_normalisation: str = "percentile"
    tile_overlap_px: int = Field(default=64, ge=0)
    blend: Literal["smooth", "uniform"] = "smooth"
    recommended_pixel_size_um: float | None = None
    cell_diameter_px: float = Field(default=30.0, gt=0)
    cell_diameter_range_px: tuple[float, float] = (15.0, 60.0)
    training_data: tuple[TrainingSet, ...] = ()
    scores: tuple[Score, ...] = ()
    lineage: tuple[str, ...] = ()
    licence: str = ""
    attributions: tuple[str, ...] = ()
    library_versions: dict[str, str] = Field(default_factory=dict)
    sha256: str = ""
    created: str = ""

    @property
    def config(self) -> SegmenterConfig:
        """The network's configuration."""
        return SegmenterConfig.from_dict(self.architecture)

    @classmethod
    def for_network(cls, config: SegmenterConfig, **fields: Any) -> Manifest:  # noqa: ANN401 - the fields above
        """Describe a network that was just built or trained here.

        Parameters
        ----------
        config : SegmenterConfig
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

    Parameters
    ----------
    folder : Path or str

    Returns
    -------
    Manifest

    Raises
    ------
    ModelError
        If it is missing, no manifest, or of a newer version of the application.
    """
    path = Path(folder) / MANIFEST_NAME
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            "This is not a model folder: manifest.json is missing",
            path=folder,
            remedy="Choose the folder that holds manifest.json and weights.safetensors",
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(
            "The model's manifest cannot be read", path=path, remedy="Import the model again"
        ) from error
    newest = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(newest, int) or newest > SCHEMA_VERSION:
        raise ModelError(
            "The model was made by a newer version of the application", path=path, remedy="Update the application"
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"The model's manifest is damaged: {field}: {first['msg']}", path=path, remedy="Import the model again"
        ) from error
