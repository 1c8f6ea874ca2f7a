"""A model in one file: a zip of its folder, to be mailed, carried and imported elsewhere."""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from dinocell_app.base.disk_errors import refused_by_disk
from dinocell_app.base.errors import ModelError, UserFacingError
from dinocell_app.base.files import replacing, write_json
from dinocell_app.model.catalogue import CARD_NAME, list_models, models_folder
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest
from dinocell_app.model.model_folder import load_model
from dinocell_app.model.own_models import id_of_name
from dinocell_app.model.published_weights import import_published_file
from dinocell_app.model.weights_file import REFERENCE_HEAD_NAME, WEIGHTS_NAME

HELD_OUT_NAME = "held_out.json"
"""The pictures a model is scored on; without the list a model made from it could be taught them."""

VERDICT_NAME = "verdict.json"
_MEMBERS = (MANIFEST_NAME, WEIGHTS_NAME, REFERENCE_HEAD_NAME, CARD_NAME, HELD_OUT_NAME, VERDICT_NAME)
_PICTURE = re.compile(r"verdict/[^/\\]{1,200}\.(png|tif)")
"""Pictures behind the verdict."""

_RUN_MODEL = "model"
"""Folder of the model in the folder of a training that the window began, wherever that was done."""

MAX_PICTURE_BYTES = 256 << 20
MAX_MEMBER_BYTES = 8 << 30
"""Larger than any model; an archive that claims more is no model."""

MAX_COMPRESSION = 200
"""Weights hardly compress, and text by less than this; what claims more is meant to fill the disk."""


def export_model(folder: Path, path: Path) -> None:
    """Write a model folder to one file.

    Parameters
    ----------
    path : Path
        The zip file to create or replace.

    Raises
    ------
    ModelError
        If the folder is no sound model.
    """
    load_model(folder)
    with (
        replacing(path) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive,
    ):
        for name in _present_members(folder):
            archive.write(folder / name, name)


def import_model(source: Path, *, name: str | None = None, overwrite: bool = False) -> Path:
    """Add a model to the user's models.

    Parameters
    ----------
    source : Path
        A file from `export_model`, a model folder, the folder of a finished training, or the published
        DINOCell weights (`.pt`).
    name : str, optional
        What it is called and kept under; the model's own name by default.
    overwrite : bool
        Whether a model of the same id, other than this very one, is replaced.

    Returns
    -------
    Path
        The model folder; the one that is there when it holds the same model already.

    Raises
    ------
    ModelError
        If the source is no sound model or the id is taken.
    InvalidParameterError
        If the name cannot be one.
    """
    source = Path(source)
    identity = None if name is None else id_of_name(name)
    target_root = models_folder()
    target_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target_root) as temporary:
        folder = Path(temporary) / "model"
        _unpack(source, folder)
        manifest = _checked(folder, source)
        if identity is not None and identity != manifest.id:
            manifest = manifest.model_copy(update={"id": identity, "name": name})
            write_json(folder / MANIFEST_NAME, manifest.model_dump(mode="json"))
        present = _present(manifest)
        if present is not None:
            return present
        target = target_root / manifest.id
        _require_free_name(manifest.id, target, overwrite)
        if target.exists():
            target.rename(Path(temporary) / "replaced")
        folder.rename(target)
    return target


def _present(manifest: Manifest) -> Path | None:
    """Find the very same model among those that can be used by name."""
    for entry in list_models()[0]:
        if (entry.manifest.id, entry.manifest.sha256) == (manifest.id, manifest.sha256):
            return entry.folder
    return None


def _require_free_name(name: str, target: Path, overwrite: bool) -> None:
    taken = {entry.manifest.id: entry.folder for entry in list_models()[0]}
    if not overwrite and (target.exists() or name in taken):
        raise ModelError(
            f"Another model named {name!r} is there already",
            path=taken.get(name, target),
            remedy="Import it under another name, or ask for it to be overwritten",
        )


def _unpack(source: Path, folder: Path) -> None:
    if source.is_dir():
        folder.mkdir()
        if not (source / MANIFEST_NAME).is_file() and (source / _RUN_MODEL / MANIFEST_NAME).is_file():
            source = source / _RUN_MODEL
        for name in _present_members(source):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, folder / name)
    elif not source.is_file():
        raise ModelError("There is no such file or folder", path=source, remedy="Check the path")
    elif source.suffix.lower() in (".pt", ".pth"):
        import_published_file(source, folder)
    elif zipfile.is_zipfile(source):
        _unzip(source, folder)
    else:
        raise ModelError(
            "This is not a model",
            path=source,
            remedy="Choose a file exported by this application, a model folder, or the published .pt weights",
        )


def _unzip(source: Path, folder: Path) -> None:
    """Take only what a model has, under the names it has: no path in the archive can lead elsewhere."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(source) as archive:
            members = _members(archive, source)
            _require_sensible_total(members.values(), source)
            for name, member in members.items():
                _require_sensible_size(member, source, shutil.disk_usage(folder).free)
                (folder / name).parent.mkdir(exist_ok=True)
                with archive.open(member) as packed, (folder / name).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except UserFacingError:
        raise
    # Damaged, encrypted, or packed in a way that Python does not know: each fails in its own way.
    except Exception as error:
        refused = refused_by_disk(error, folder.parents[1]) if isinstance(error, OSError) else None
        if refused is not None:
            raise refused from error
        raise ModelError(
            "The archive is damaged or locked", path=source, remedy="Copy, download or export it again"
        ) from error


def _members(archive: zipfile.ZipFile, source: Path) -> dict[str, zipfile.ZipInfo]:
    """Find the files of the model, at the root or in the one folder that holds the manifest."""
    manifests = [PurePosixPath(name) for name in archive.namelist() if name.endswith(MANIFEST_NAME)]
    roots = [path.parent for path in manifests if path.name == MANIFEST_NAME and _is_near(path)]
    if len(roots) != 1:
        raise ModelError(
            "The archive holds no model, or more than one",
            path=source,
            remedy="Choose a file exported by this application",
        )
    found = {}
    for info in archive.infolist():
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
            continue
        name = info.filename.removeprefix("" if roots[0].name == "" else f"{roots[0]}/")
        if name in _MEMBERS or (_PICTURE.fullmatch(name) and info.file_size <= MAX_PICTURE_BYTES):
            found[name] = info
    return found


def _present_members(folder: Path) -> list[str]:
    pictures = sorted(path.relative_to(folder).as_posix() for path in (folder / "verdict").glob("*"))
    names = [*_MEMBERS, *(name for name in pictures if _PICTURE.fullmatch(name))]
    return [name for name in names if (folder / name).is_file()]


def _is_near(path: PurePosixPath) -> bool:
    return len(path.parts) == 1 or (len(path.parts) == 2 and path.parts[0] not in ("/", ".."))


def _require_sensible_size(member: zipfile.ZipInfo, source: Path, free: int) -> None:
    size = member.file_size
    if size > MAX_MEMBER_BYTES or size > MAX_COMPRESSION * max(member.compress_size, 1 << 16):
        raise ModelError(
            f"The archive's {member.filename} claims {size >> 20} MiB, which no model has",
            path=source,
            remedy="Choose a file exported by this application",
        )
    if size > free:
        raise ModelError(
            f"The archive's {member.filename} needs {size >> 20} MiB, and {free >> 20} MiB are free",
            path=source,
            remedy="Free some space",
        )


def _require_sensible_total(members: Iterable[zipfile.ZipInfo], source: Path) -> None:
    """Find members that lie over each other: each by itself is of a sensible size then."""
    total = sum(member.file_size for member in members)
    if total > MAX_COMPRESSION * max(source.stat().st_size, 1 << 16):
        raise ModelError(
            f"The archive claims {total >> 20} MiB, which no model has",
            path=source,
            remedy="Choose a file exported by this application",
        )


def _checked(folder: Path, source: Path) -> Manifest:
    try:
        return load_model(folder).manifest
    except ModelError as error:
        raise ModelError(error.what, path=source, remedy=error.remedy) from error
