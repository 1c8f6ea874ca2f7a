"""Methods that are given a picture and references and answer with masks of the cells that are meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from dinocell_training.reference_training.typed_pictures import TypedCells
from numpy.typing import NDArray

from dinocell_app.base.long_work import result_of
from dinocell_app.export.labelled_image import label_ids
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import Segmentation, segmenting
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.reference.guided_maps import guided_maps
from dinocell_app.segmentation.reference.guided_scoring import score_types_guided
from dinocell_app.segmentation.reference.percs_head import PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences
from dinocell_app.segmentation.scale import decoding_at_scale, resample_maps

LEAST_SCORE = 0.5


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """A picture with what plain segmentation found in it.

    Parameters
    ----------
    cells : TypedCells
        The picture as it is labelled.
    segmentation : Segmentation
        With features.
    ids : ndarray of shape (K,), int
        Labels found.
    found : ndarray of shape (K, D), float32
        Descriptions of the cells found.
    labelled : mapping of int to ndarray of shape (D,)
        Descriptions of the labelled cells that are references.
    """

    cells: TypedCells
    segmentation: Segmentation
    ids: NDArray[np.int64]
    found: NDArray[np.float32]
    labelled: Mapping[int, NDArray[np.float32]]

    @property
    def grid(self) -> FeatureGrid:
        """Features of the picture."""
        if self.segmentation.features is None:
            raise ValueError("the segmentation was made without features")
        return self.segmentation.features


@dataclass(frozen=True, eq=False)
class References:
    """References of one question.

    Parameters
    ----------
    like, unlike : ndarray of shape (n, D), float32
        Descriptions.
    labels : tuple of int
        Labelled cells that are shown.
    """

    like: NDArray[np.float32]
    unlike: NDArray[np.float32]
    labels: tuple[int, ...]


def see(cells: TypedCells, model: SegmentationModel, wanted: set[int]) -> SeenPicture:
    """Segment a picture once for all methods.

    Parameters
    ----------
    wanted : set of int
        Labelled cells to describe.
    """
    segmentation = result_of(segmenting(cells.pixels, model, SegmentationParameters(), keep_features=True))
    grid = segmentation.features
    if grid is None:
        raise ValueError("the segmentation was made without features")
    ids = label_ids(segmentation.labels)
    labelled = np.array(sorted(wanted), np.int64)
    vectors = describe_cells(cells.labels, labelled, grid, cells.pixels)
    return SeenPicture(
        cells,
        segmentation,
        ids,
        describe_cells(segmentation.labels, ids, grid, cells.pixels),
        {int(label): vector for label, vector in zip(labelled, vectors, strict=True)},
    )


class Method(Protocol):
    """Answers with masks."""

    def masks(self, seen: SeenPicture, references: References) -> NDArray[np.integer[Any]]:
        """Give labels of the cells that are meant, of the picture's shape."""


@dataclass(frozen=True)
class SimilarityFilter:
    """Plain masks, filtered by cosine similarity to the reference, as the paper adapts Cellpose-SAM (3.1).

    Parameters
    ----------
    least : float
        Smallest similarity.
    """

    least: float

    def masks(self, seen: SeenPicture, references: References) -> NDArray[np.integer[Any]]:
        """Filter.

        Returns
        -------
        ndarray of shape (M, N), int
        """
        similarity = seen.found[:, :-N_LOOKS] @ references.like[:, :-N_LOOKS].T
        return kept_masks(seen, similarity.max(axis=1, initial=-1.0) >= self.least)


@dataclass(frozen=True)
class ScoredCells:
    """Plain masks of the cells that score high enough.

    Parameters
    ----------
    head : PercsHead or None
        None to score without training.
    """

    head: PercsHead | None

    def masks(self, seen: SeenPicture, references: References) -> NDArray[np.integer[Any]]:
        """Score.

        Returns
        -------
        ndarray of shape (M, N), int
        """
        asked = TypeReferences("", references.like, references.unlike)
        return kept_masks(seen, score_types_guided(seen.found, [asked], self.head)[:, 0] >= LEAST_SCORE)


@dataclass(frozen=True)
class GuidedMasks:
    """Masks from the head's own flows and probability, as in the paper.

    Parameters
    ----------
    model : SegmentationModel
        With flows.
    """

    head: PercsHead
    model: SegmentationModel

    def masks(self, seen: SeenPicture, references: References) -> NDArray[np.integer[Any]]:
        """Follow the guided flows.

        Returns
        -------
        ndarray of shape (M, N), int
        """
        found = guided_maps(
            self.head, seen.grid, references.like[:, :-N_LOOKS], references.unlike[:, :-N_LOOKS]
        )
        maps = np.concatenate([found.flows, found.probability[None]])
        shape = (seen.cells.labels.shape[0], seen.cells.labels.shape[1])
        decoding = decoding_at_scale(SegmentationParameters(), seen.segmentation.scale.diameter_px)
        return self.model.objective.decode(resample_maps(maps, shape), decoding, self.model.device)


def kept_masks(seen: SeenPicture, kept: NDArray[np.bool_]) -> NDArray[np.integer[Any]]:
    """Leave out cells that plain segmentation found.

    Parameters
    ----------
    kept : ndarray of shape (K,), bool

    Returns
    -------
    ndarray of shape (M, N), int
    """
    labels = seen.segmentation.labels
    keep = np.zeros(int(labels.max(initial=0)) + 1, bool)
    keep[seen.ids[kept]] = True
    return np.where(keep[labels], labels, 0)
