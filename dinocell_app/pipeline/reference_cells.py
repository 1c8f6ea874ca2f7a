"""The reference cells of a job: found and checked before the work, described with its model when needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.labelled_image import label_ids
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.pipeline.given_references import UNNAMED, find_reference, kept_references
from dinocell_app.pipeline.reference_pictures import ReferencePictures
from dinocell_app.references.likeness import domain_likeness
from dinocell_app.references.spec import ReferenceSpec
from dinocell_app.references.types import ReferenceType
from dinocell_app.segmentation.predictor import Segmentation
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.guided_scoring import score_types_guided
from dinocell_app.segmentation.reference.percs_file import reference_head
from dinocell_app.segmentation.reference.scoring import TypeReferences

COMPARISON = 3
"""Way in which cells are compared and what is written of it; results made in another way are others."""


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
        By label; None with a single type that has no name.
    likeness : float or None
        As `reference_domain.domain_likeness` gives it for the plane.
    """

    labels: NDArray[np.unsignedinteger]
    scores: Mapping[int, float]
    types: Mapping[int, str] | None
    likeness: float | None


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
        self._head_sha256 = manifest.reference_head_sha256
        given = [(text, True) for text in job.references] + [(text, False) for text in job.not_references]
        self._found = [
            find_reference(ReferenceSpec.parse(text), positive, manifest) for text, positive in given
        ]
        if job.kept_references is not None:
            self._found += kept_references(job.kept_references, manifest)
        self._described: tuple[TypeReferences, ...] | None = None
        known = set(self.type_names)
        stray = next((f for f in self._found if not f.positive and f.type_name not in {"", *known}), None)
        if stray is not None:
            raise InvalidParameterError(
                f"'{stray.told}' is not of the type {stray.type_name}, for which no cell is given",
                remedy=f"Give one with --reference {stray.type_name}=...",
            )

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        """Types looked for, in the order given."""
        return tuple(dict.fromkeys(found.type_name for found in self._found if found.positive))

    @property
    def has_types(self) -> bool:
        """Whether it is worth saying of which type a cell is."""
        return self.type_names != (UNNAMED,)

    def parameters(self) -> dict[str, Any]:
        """Say what the results depend on.

        Returns
        -------
        dict
            Plain JSON values, the same for any order of the references and any place of their files.
        """

        def told(positive: bool) -> list[str]:
            return sorted(
                f"{found.told} ({found.digest[:16]})" for found in self._found if found.positive == positive
            )

        return {
            "comparison": COMPARISON,
            # Results of models without a head stay what they were before there were heads.
            **({"reference_head": self._head_sha256} if self._head_sha256 else {}),
            "references": told(True),
            "not_references": told(False),
            "cell_types": sorted(self.type_names) if self.has_types else [],
            "min_score": self._job.min_score,
            "type_score": self._job.type_score if self._job.min_score is None else None,
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

        Raises
        ------
        ReferenceCellError
            If a reference is no cell of its picture.
        """
        if self._described is None:
            self._described = tuple(_as_arrays(each) for each in self.types(model))
        labels = segmentation.labels
        if segmentation.features is None:
            raise ValueError("the segmentation was made without features")
        ids = label_ids(labels)
        cells = describe_cells(labels, ids, segmentation.features, pixels)
        scores = score_types_guided(cells, self._described, reference_head(model))
        best = scores.max(axis=1, initial=0.0)
        known = np.concatenate(
            [part for each in self._described for part in (each.positives, each.negatives)]
        )
        likeness = domain_likeness(cells, known)
        least = self._job.min_score
        if least is not None:
            kept = np.zeros(int(labels.max(initial=0)) + 1, bool)
            kept[ids] = best >= least
            labels = np.where(kept[labels], labels, 0).astype(labels.dtype)
        types = None
        if self.has_types:
            type_score = self._job.type_score if least is None else least
            likeliest = scores.argmax(axis=1)
            types = {
                int(label): self.type_names[kind] if score >= type_score else ""
                for label, kind, score in zip(ids, likeliest, best, strict=True)
            }
        return Compared(labels, dict(zip(ids.tolist(), best.tolist(), strict=True)), types, likeness)

    def types(self, model: SegmentationModel) -> tuple[ReferenceType, ...]:
        """Describe the references.

        Returns
        -------
        tuple of ReferenceType
            A cell that is of no type at all speaks against each.

        Raises
        ------
        UserFacingError
            If a picture cannot be read, or a reference is no cell of its picture.
        """
        pictures = ReferencePictures(self._job, model)
        described = [(found, *pictures.examples(found)) for found in self._found]
        return tuple(
            ReferenceType(
                name,
                tuple(e for f, own, _ in described if f.positive and f.type_name == name for e in own),
                tuple(
                    example
                    for found, own, other in described
                    for example in (other if found.positive else own)
                    if found.type_name == name or (not found.positive and not found.type_name)
                ),
            )
            for name in self.type_names
        )


def _as_arrays(kept: ReferenceType) -> TypeReferences:
    positives = np.stack([cell.description for cell in kept.positives])
    negatives = [cell.description for cell in kept.negatives]
    return TypeReferences(kept.name, positives, np.stack(negatives) if negatives else positives[:0])
