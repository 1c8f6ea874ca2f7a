"""How a result came about: recorded beside each image's results and read back unchanged."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

import dinocell_app
from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.json_text import parse_json
from dinocell_app.export.writing import write_bytes

SCHEMA_VERSION = 1
APPLICATION = "DINOCell app"
RECORDED_LIBRARIES = (
    "torch",
    "timm",
    "numpy",
    "scipy",
    "scikit-image",
    "numba",
    "opencv-python-headless",
    "tifffile",
)
_CHUNK = 1 << 20


def library_versions() -> dict[str, str]:
    """Versions of the libraries that results depend on.

    Returns
    -------
    dict of str to str
        Of those in `RECORDED_LIBRARIES` that are installed; none is imported for it.
    """
    versions = {}
    for name in RECORDED_LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def utc_now() -> str:
    """Say what time it is.

    Returns
    -------
    str
        ISO 8601 in UTC, to the second.
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Provenance:
    """Everything needed to say, and to repeat, how an image's results were made.

    Parameters
    ----------
    model_id : str
        Name of the model.
    model_sha256 : str
        Checksum of its weights.
    parameters : mapping
        Thresholds and settings by name; values that JSON holds.
    input_path : str
        The image file.
    input_sha256 : str
        Its checksum.
    device : str
        What the network ran on, such as "cpu" or "cuda:0 NVIDIA A100".
    precision : str
        Arithmetic of the network, such as "float32" or "bfloat16".
    seed : int, optional
        Seed of what was random; None when nothing was.
    pixel_size_um : float, optional
        Edge length of a pixel; None when unknown.
    pixel_size_source : str
        "file", "given" or "unknown".
    diameter_px : float, optional
        The cell diameter the image was scaled by.
    diameter_source : str
        "given", "measured", "model" or "unknown".
    image_selection : mapping
        Plane, channel and the like that were taken from the file.
    n_cells : int, optional
        Number of cells found.
    n_edited : int, optional
        Cells that people corrected or drew; None where nobody did.
    outputs : mapping of str to str
        File name of each format written.
    library_versions : mapping of str to str
        Versions by package.
    application_version : str
        Version of this application.
    created : str
        ISO 8601 time in UTC.
    """

    model_id: str
    model_sha256: str
    parameters: Mapping[str, Any]
    input_path: str
    input_sha256: str
    device: str
    precision: str
    seed: int | None = None
    pixel_size_um: float | None = None
    pixel_size_source: str = "unknown"
    diameter_px: float | None = None
    diameter_source: str = "unknown"
    image_selection: Mapping[str, Any] = field(default_factory=dict)
    n_cells: int | None = None
    n_edited: int | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    library_versions: Mapping[str, str] = field(default_factory=library_versions)
    application_version: str = dinocell_app.__version__
    created: str = field(default_factory=utc_now)

    __pydantic_config__: ClassVar = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


Kind = TypeVar("Kind", bound=Provenance)


def write_sidecar(path: Path, provenance: Provenance) -> None:
    """Write provenance as JSON.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    provenance : Provenance
        What to record.

    Raises
    ------
    ValueError
        If a value is not what JSON holds.
    UserFacingError
        If the file cannot be written.
    """
    content = {"schema_version": SCHEMA_VERSION, "application": APPLICATION} | dataclasses.asdict(provenance)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes(path, text.encode("utf-8"))


def read_sidecar(path: Path, kind: type[Kind]) -> Kind:
    """Read a record back; the inverse of `write_sidecar`.

    Parameters
    ----------
    path : Path
        A JSON file made by this or an older version of the application.
    kind : type
        `Provenance`, or what adds to it; keys that it does not know are left out.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, of another kind or of a newer version.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        version = parse_json(text)["schema_version"]
        if isinstance(version, int) and version <= SCHEMA_VERSION:
            record: Kind = _reader(kind).validate_json(text)  # type: ignore[arg-type]
            return record
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise UnreadableFileError(
            f"the record of the segmentation cannot be read ({problem})",
            path=path,
            remedy="Segment the image again to renew it",
        ) from error
    raise UnreadableFileError(
        f"the record has version {str(version)[:20]}, which this application does not know",
        path=path,
        remedy="Update the application",
    )


@cache
def _reader(kind: type[Provenance]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def file_sha256(path: Path) -> str:
    """Checksum of a file, read in pieces.

    Parameters
    ----------
    path : Path
        A file, or a folder such as an OME-Zarr image, whose files are taken in the order of their names.

    Returns
    -------
    str
        Hexadecimal digits.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    folder = path.is_dir()
    files = sorted((f for f in path.rglob("*") if f.is_file()), key=Path.as_posix) if folder else [path]
    for file in files:
        if folder:
            digest.update(file.relative_to(path).as_posix().encode("utf-8") + b"\0")
        with file.open("rb") as content:
            while piece := content.read(_CHUNK):
                digest.update(piece)
    return digest.hexdigest()
