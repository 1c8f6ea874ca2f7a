"""The reference cells of a job: found and checked before the work, described with its model when needed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.errors import InvalidParameterError, ModelError
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.labelled_image import label_ids
from dinocell_app.export.names import SUFFIXES, image_stem
from dinocell_app.export.provenance import file_sha256
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs import SegmentJob
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.pipeline.image_sources import given_pixel_size, pixel_size
from dinocell_app.pipeline.segmentation_settings import segmentation_parameters
from dinocell_app.reference_spec import ReferenceSpec
from dinocell_app.segmentation.predictor import Segmentation, segmenting
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.library import LibraryType, read_library
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_types

UNNAMED = "reference"
"""What a type of cell without a name is called beside types with one."""

COMPARISON = 2
"""Way in which cells are compared; results made in another way are others."""

TYPE_SCORE = 0.5
"""Below it a cell has no type, unless the job has a least score."""


class ReferenceCellError(ModelError):
    """A reference cannot be used, and with it no image of the job can be compared."""


@dataclass(frozen=True)
class Compared:
    """Cells of a plane, compared with the references.

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        Cells that are left; they keep their ids.
    scores : mapping of int to float
        By label.
    types : mapping of int to str or None
        By label; None with a single type.
    """

    labels: NDArray[np.unsignedinteger]
    scores: Mapping[int, float]
    types: Mapping[int, str] | None


@dataclass(frozen=True)
class _Found:
    """A reference with what it stands for now."""

    spec: ReferenceSpec
    positive: bool
    digest: str
    type_name: str
    mask: NDArray[np.bool_] | None = None
    saved: LibraryType | None = None


@dataclass(frozen=True)
class _Picture:
    """A picture that references are taken from."""

    pixels: NDArray[Any]
    segmentation: Segmentation


class ReferenceCells:
    """References of one job.

    Parameters
    ----------
    job : SegmentJob
        With references.
    manifest : Manifest
        Of its model.

    Raises
    ------
    UserFacingError
        If a file is missing or damaged, a label is in no file, or a library is of another model.
    """

    def __init__(self, job: SegmentJob, manifest: Manifest) -> None:
        self._job = job
        given = [(text, True) for text in job.references] + [(text, False) for text in job.not_references]
        self._found = [_find(ReferenceSpec.parse(text), positive, manifest) for text, positive in given]
        self._described: tuple[TypeReferences, ...] | None = None
        known = set(self.type_names)
        stray = next(
            (f for f in self._found if not f.positive and f.spec.type_name not in {"", *known}), None
        )
        if stray is not None:
            raise InvalidParameterError(
                f"'{stray.spec.short}' is not of the type {stray.spec.type_name}, for which no cell is given",
                remedy=f"Give one with --reference {stray.spec.type_name}=...",
            )

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        """Types looked for, in the order given."""
        return tuple(dict.fromkeys(found.type_name for found in self._found if found.positive))

    def parameters(self) -> dict[str, Any]:
        """Say what the results depend on.

        Returns
        -------
        dict
            Plain JSON values, the same for any order of the references and any place of their files.
        """

        def told(positive: bool) -> list[str]:
            return sorted(
                f"{found.spec.short} ({found.digest[:16]})"
                for found in self._found
                if found.positive == positive
            )

        return {
            "comparison": COMPARISON,
            "references": told(True),
            "not_references": told(False),
            "cell_types": sorted(self.type_names),
            "min_score": self._job.min_score,
        }

    def compare(
        self, segmentation: Segmentation, pixels: NDArray[np.generic], model: SegmentationModel
    ) -> Compared:
        """Score the cells of a plane and leave out those that look too little like the references.

        Parameters
        ----------
        segmentation : Segmentation
            With features.
        pixels : ndarray of shape (M, N)
            What was segmented.
        model : SegmentationModel
            That made it.

        Returns
        -------
        Compared

        Raises
        ------
        ReferenceCellError
            If a reference is no cell of its picture.
        """
        if self._described is None:
            self._described = self._describe(model)
        labels = segmentation.labels
        if segmentation.features is None:
            raise ValueError("the segmentation was made without features")
        ids = label_ids(labels)
        cells = describe_cells(labels, ids, segmentation.features, pixels)
        scores = score_types(cells, self._described)
        best = scores.max(axis=1, initial=0.0)
        least = self._job.min_score
        if least is not None:
            kept = np.zeros(int(labels.max(initial=0)) + 1, bool)
            kept[ids] = best >= least
            labels = np.where(kept[labels], labels, 0).astype(labels.dtype)
        types = None
        if len(self.type_names) > 1:
            likeliest = scores.argmax(axis=1)
            types = {
                int(label): self.type_names[kind] if score >= (TYPE_SCORE if least is None else least) else ""
                for label, kind, score in zip(ids, likeliest, best, strict=True)
            }
        return Compared(labels, dict(zip(ids.tolist(), best.tolist(), strict=True)), types)

    def _describe(self, model: SegmentationModel) -> tuple[TypeReferences, ...]:
        pictures: dict[Any, _Picture] = {}
        vectors = [self._vectors(found, model, pictures) for found in self._found]
        nothing = np.zeros((0, vectors[0][0].shape[1]), np.float32)

        def joined(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
            return np.concatenate(parts) if parts else nothing

        pairs = list(zip(self._found, vectors, strict=True))
        return tuple(
            TypeReferences(
                name,
                joined([own for found, (own, _) in pairs if found.positive and found.type_name == name]),
                joined(
                    [own for f, (own, _) in pairs if not f.positive and f.spec.type_name in ("", name)]
                    + [other for f, (_, other) in pairs if f.positive and f.type_name == name]
                ),
            )
            for name in self.type_names
        )

    def _vectors(
        self, found: _Found, model: SegmentationModel, pictures: dict[Any, _Picture]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Describe a reference: what it is and, from a library, what it is not."""
        if found.saved is not None:
            own = np.stack([cell.description for cell in found.saved.positives])
            others = [cell.description for cell in found.saved.negatives]
            return own, np.stack(others) if others else own[:0]
        path = found.spec.path
        if path not in pictures:
            pictures[path] = self._segment(found, model)
        picture = pictures[path]
        labels = picture.segmentation.labels
        mask = found.mask
        if mask is None:
            mask = _cell_at(labels, found.spec)
        if mask.shape != labels.shape:
            raise ReferenceCellError(
                f"The labels of '{found.spec.short}' are {mask.shape[0]} x {mask.shape[1]} pixels and its "
                f"picture {labels.shape[0]} x {labels.shape[1]}",
                path=path,
                remedy="Name the label image that was made from it",
            )
        if picture.segmentation.features is None:
            raise ValueError("the segmentation was made without features")
        # Beside the other cells, for what is background decides how bright a cell is.
        own_id = int(labels.max(initial=0)) + 1
        marked = np.where(mask, own_id, labels.astype(np.int64))
        own = describe_cells(marked, np.array([own_id]), picture.segmentation.features, picture.pixels)
        return own, own[:0]

    def _segment(self, found: _Found, model: SegmentationModel) -> _Picture:
        """Run the network over the picture of a reference as over the pictures of the job."""
        job, path = self._job, found.spec.path
        with open_image(path) as reader:
            size = pixel_size(given_pixel_size(job, path), reader.metadata).um
            planes = select_planes(reader, PlaneChoice.parse(job.plane), ChannelChoice.parse(job.channel))
            pixels = next(planes).pixels
        steps = segmenting(pixels, model, segmentation_parameters(job, size), path.name, keep_features=True)
        while True:
            try:
                next(steps)
            except StopIteration as finished:
                return _Picture(pixels, finished.value)


def _find(spec: ReferenceSpec, positive: bool, manifest: Manifest) -> _Found:
    if not spec.path.exists():
        raise InvalidParameterError(
            "There is no such file to take a reference cell from", path=spec.path, remedy="Check the path"
        )
    if spec.entry:
        return _find_saved(spec, positive, manifest)
    digest = hashlib.sha256(file_sha256(spec.path).encode())
    type_name = spec.type_name or UNNAMED
    if spec.label is None:
        digest.update(f"at {spec.point}".encode())
        return _Found(spec, positive, digest.hexdigest(), type_name)
    beside = spec.path.with_name(image_stem(spec.path) + SUFFIXES["labels"])
    source = spec.labels or beside
    if not source.exists():
        raise InvalidParameterError(
            f"There is no label image for '{spec.short}'",
            path=source,
            remedy="Name it as in image.tif@labels.tif:17, or point at the cell as in image.tif@x,y",
        )
    mask = read_labels(source) == spec.label
    if not mask.any():
        raise InvalidParameterError(
            f"There is no cell {spec.label} among the labels", path=source, remedy="Choose one that is there"
        )
    digest.update(str(mask.shape).encode() + np.packbits(mask).tobytes())
    return _Found(spec, positive, digest.hexdigest(), type_name, mask=mask)


def _find_saved(spec: ReferenceSpec, positive: bool, manifest: Manifest) -> _Found:
    types = read_library(spec.path, manifest)
    saved = next((each for each in types if each.name.casefold() == spec.entry.casefold()), None)
    if saved is None:
        raise InvalidParameterError(
            f"The library has no cells named {spec.entry}",
            path=spec.path,
            remedy=f"Choose from {', '.join(each.name for each in types)}",
        )
    digest = hashlib.sha256()
    for cells in (saved.positives, saved.negatives):
        digest.update(b"cells")
        for vector in sorted(cell.description.tobytes() for cell in cells):
            digest.update(vector)
    return _Found(spec, positive, digest.hexdigest(), spec.type_name or saved.name, saved=saved)


def _cell_at(labels: NDArray[np.unsignedinteger], spec: ReferenceSpec) -> NDArray[np.bool_]:
    x, y = spec.point or (0.0, 0.0)
    row, column = round(y), round(x)
    inside = row < labels.shape[0] and column < labels.shape[1]
    label = int(labels[row, column]) if inside else 0
    if not label:
        raise ReferenceCellError(
            f"No cell was found at column {x:g} and row {y:g}",
            path=spec.path,
            remedy="Point at a pixel within a cell, or name a label image as in image.tif@labels.tif:17",
        )
    return np.asarray(labels == label)
