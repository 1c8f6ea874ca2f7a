"""What stands for the references of a job: cells of pictures, places in them, types that were kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.names import SUFFIXES, image_stem
from dinocell_app.export.provenance import file_sha256
from dinocell_app.model.manifest import Manifest
from dinocell_app.references.library import read_library, require_model
from dinocell_app.references.spec import ReferenceSpec
from dinocell_app.references.types import KeptReferences, ReferenceType

UNNAMED = "reference"
"""What a type of cell without a name is called beside types with one."""


class ReferenceCellError(ModelError):
    """A reference cannot be used, and with it no image of the job can be compared."""


@dataclass(frozen=True)
class GivenReference:
    """A reference with what it stands for now.

    Parameters
    ----------
    told : str
        What the record beside a result calls it.
    positive : bool
        Whether other cells shall look like it.
    digest : str
        The same for the same content, wherever it is.
    type_name : str
        What it is an example of; empty for a cell that is of no type at all.
    spec : ReferenceSpec or None
        As a person named it; None for what a job brings along.
    mask : ndarray of bool or None
        The cell in its picture.
    saved : ReferenceType or None
        Cells that were described before.
    """

    told: str
    positive: bool
    digest: str
    type_name: str
    spec: ReferenceSpec | None = None
    mask: NDArray[np.bool_] | None = None
    saved: ReferenceType | None = None

    @property
    def place(self) -> str:
        """The cell without its type."""
        return self.told if self.spec is None else self.spec.untyped.short

    @property
    def path(self) -> Path:
        """The picture, or the library."""
        return self.spec.path if self.spec is not None else Path()


def find_reference(spec: ReferenceSpec, positive: bool, manifest: Manifest) -> GivenReference:
    """Find what a person named, before the work begins.

    Parameters
    ----------
    positive : bool
        Whether other cells shall look like it.
    manifest : Manifest
        Of the model whose features describe cells.

    Raises
    ------
    UserFacingError
        If a file is missing or damaged, a label is in no file, or a library is of another model.
    """
    if not spec.path.exists():
        raise InvalidParameterError(
            "There is no such file to take a reference cell from", path=spec.path, remedy="Check the path"
        )
    if spec.entry:
        return _find_saved(spec, positive, manifest)
    digest = hashlib.sha256(file_sha256(spec.path).encode())
    type_name = spec.type_name or (UNNAMED if positive else "")
    if spec.label is None and spec.labels is None:
        digest.update(f"in {spec.box}".encode() if spec.box else f"at {spec.point}".encode())
        return GivenReference(spec.short, positive, digest.hexdigest(), type_name, spec)
    beside = spec.path.with_name(image_stem(spec.path) + SUFFIXES["labels"])
    source = spec.labels or beside
    if not source.exists():
        raise InvalidParameterError(
            f"There is no label image for '{spec.short}'",
            path=source,
            remedy="Name it as in image.tif@labels.tif:17, or point at the cell as in image.tif@x,y",
        )
    labels = read_labels(source)
    mask = labels == spec.label if spec.label is not None else labels > 0
    if not mask.any():
        what = "no cell in the mask" if spec.label is None else f"no cell {spec.label} among the labels"
        raise InvalidParameterError(f"There is {what}", path=source, remedy="Choose one that is there")
    digest.update(str(mask.shape).encode() + np.packbits(mask).tobytes())
    return GivenReference(spec.short, positive, digest.hexdigest(), type_name, spec, mask=mask)


def kept_references(references: KeptReferences, manifest: Manifest) -> list[GivenReference]:
    """Read the references that a job brings along.

    Parameters
    ----------
    manifest : Manifest
        Of the model of the job.

    Returns
    -------
    list of GivenReference
        One for each type.

    Raises
    ------
    ModelError
        If they were described with another model.
    """
    require_model(references, manifest.id, manifest.sha256, None)
    return [
        GivenReference(each.name, True, _digest(each), each.name, saved=each) for each in references.read()
    ]


def _find_saved(spec: ReferenceSpec, positive: bool, manifest: Manifest) -> GivenReference:
    library = read_library(spec.path)
    require_model(library, manifest.id, manifest.sha256, spec.path)
    types = library.read()
    saved = next((each for each in types if each.name.casefold() == spec.entry.casefold()), None)
    if saved is None:
        raise InvalidParameterError(
            f"The library has no cells named {spec.entry}",
            path=spec.path,
            remedy=f"Choose from {', '.join(each.name for each in types)}",
        )
    named = spec.type_name or (saved.name if positive else "")
    return GivenReference(spec.short, positive, _digest(saved), named, spec, saved=saved)


def _digest(kept: ReferenceType) -> str:
    """Tell descriptions apart, whatever their order."""
    digest = hashlib.sha256()
    for cells in (kept.positives, kept.negatives):
        digest.update(b"cells")
        for vector in sorted(cell.description.tobytes() for cell in cells):
            digest.update(vector)
    return digest.hexdigest()


def cell_at(labels: NDArray[np.unsignedinteger], reference: GivenReference) -> NDArray[np.bool_]:
    """Find the cell at the pixel that a person named.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint
    reference : GivenReference
        With a point.

    Returns
    -------
    ndarray of shape (M, N), bool

    Raises
    ------
    ReferenceCellError
        If there is none.
    """
    x, y = (reference.spec.point if reference.spec is not None else None) or (0.0, 0.0)
    row, column = round(y), round(x)
    inside = row < labels.shape[0] and column < labels.shape[1]
    label = int(labels[row, column]) if inside else 0
    if not label:
        raise ReferenceCellError(
            f"No cell was found at column {x:g} and row {y:g}",
            path=reference.path,
            remedy="Point at a pixel within a cell, or name a label image as in image.tif@labels.tif:17",
        )
    return np.asarray(labels == label)
