"""Cells of the image that is looked at, compared with reference cells from features that are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.base.long_work import LongWork
from dinocell_app.engine.previews import Previews, slices_of
from dinocell_app.jobs.events import Event
from dinocell_app.jobs.preview_messages import PreviewRequest
from dinocell_app.references.library import require_model
from dinocell_app.references.types import KeptReferences
from dinocell_app.segmentation.predictor import segmenting, segmenting_region
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.reference.guided_scoring import Judgements, scoring_types
from dinocell_app.segmentation.reference.percs_file import reference_head
from dinocell_app.segmentation.reference.percs_head import PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_types

KEPT_BYTES = 2**29
"""Features beyond this are forgotten, oldest first; the newest are always kept."""


@dataclass(frozen=True, eq=False)
class DescribedCells:
    """Cells with what they are known by.

    Parameters
    ----------
    ids : ndarray of shape (K,), int
        Labels, ascending.
    descriptions : ndarray of shape (K, D), float32
    head : PercsHead or None
        Of the model, which scores cells; None to score without training.
    """

    ids: NDArray[np.int64]
    descriptions: NDArray[np.float32]
    model_id: str
    model_sha256: str
    head: PercsHead | None = None


class ComparedCells:
    """Describes cells and scores them; the network runs once for each image, or part of it."""

    def __init__(self) -> None:
        self._grids: OrderedDict[Hashable, FeatureGrid] = OrderedDict()
        self._cells: tuple[int, DescribedCells] | None = None
        self._judgements = Judgements()

    def describing(
        self,
        previews: Previews,
        request: PreviewRequest,
        labels: NDArray[np.integer],
        only: tuple[int, ...] = (),
    ) -> Generator[Event, None, DescribedCells]:
        """Describe the cells of an image.

        Parameters
        ----------
        previews : Previews
            Has the model and the plane.
        labels : ndarray of shape (M, N), int
            Of the region, or of the whole plane.
        only : tuple of int
            Labels that are wanted; empty for all.

        Yields
        ------
        Event
            TilesPredicted and Notice; none when the features are still there.

        Raises
        ------
        UserFacingError
            If the image, the model or a setting cannot be used, or the cells are of another image.
        """
        ready = previews.prepare(request)
        row, column, height, width = ready.region or (0, 0, *ready.shape)
        if labels.shape != (height, width):
            raise InvalidParameterError(
                f"The cells are of {labels.shape[1]} x {labels.shape[0]} pixels and the image of "
                f"{width} x {height}",
                remedy="Segment the image again",
            )
        key = (ready.place, ready.region)
        grid = self._grids.get(key)
        if grid is None:
            model, parameters = ready.model, ready.parameters
            if ready.region is None:
                found = yield from segmenting(ready.pixels, model, parameters, keep_features=True)
            else:
                part = slices_of(ready.region)
                found = yield from segmenting_region(
                    ready.pixels, part, model, parameters, ready.scale, keep_features=True
                )
            if found.features is None:
                raise TypeError("the features that were asked for are missing")
            grid = _last_block(found.features)
            self._keep(key, grid)
        else:
            self._grids.move_to_end(key)
        ids = np.unique(labels[labels > 0]).astype(np.int64) if not only else np.array(sorted(only), np.int64)
        pixels = ready.pixels[row : row + height, column : column + width]
        manifest, described = ready.model.manifest, describe_cells(labels, ids, grid, pixels)
        return DescribedCells(ids, described, manifest.id, manifest.sha256, reference_head(ready.model))

    def remember(self, number: int, cells: DescribedCells) -> None:
        """Score these cells from now on.

        Parameters
        ----------
        number : int
            Of the request that they were described for.
        """
        self._cells = number, cells
        self._judgements = Judgements()

    def scoring(
        self, number: int, references: KeptReferences
    ) -> Generator[NDArray[np.float64] | None, None, NDArray[np.float64]]:
        """Score the cells that were described, by each type of references.

        Parameters
        ----------
        number : int
            Of the request that the cells were described for.

        Yields
        ------
        ndarray of shape (K, number of types), float64, or None
            Before each answer that the trained head has to find: before the second one the scores without
            training, so that there is something to look at meanwhile, and None before the others.

        Returns
        -------
        ndarray of shape (K, number of types), float64

        Raises
        ------
        UserFacingError
            If other cells were described since, or the references are of another model.
        """
        if self._cells is None or self._cells[0] != number:
            raise InvalidParameterError("These cells were not described", remedy="Compare them again")
        cells = self._cells[1]
        require_model(references, cells.model_id, cells.model_sha256, None)
        types = []
        for each in references.read():
            positives = np.stack([cell.description for cell in each.positives])
            negatives = [cell.description for cell in each.negatives]
            types.append(
                TypeReferences(each.name, positives, np.stack(negatives) if negatives else positives[:0])
            )
        _require_same_length(types, cells.descriptions)
        if cells.head is None:
            return score_types(cells.descriptions, types)
        work = LongWork(scoring_types(cells.head, cells.descriptions, types, self._judgements))
        for n_answers, _ in enumerate(work):
            yield score_types(cells.descriptions, types) if n_answers == 1 else None
        return work.result

    def _keep(self, key: Hashable, grid: FeatureGrid) -> None:
        self._grids[key] = grid
        while len(self._grids) > 1 and sum(g.values.nbytes for g in self._grids.values()) > KEPT_BYTES:
            self._grids.popitem(last=False)


def _last_block(grid: FeatureGrid) -> FeatureGrid:
    """Leave out what cells are not compared by; a quarter of the memory is left."""
    width = grid.block_widths[-1]
    return FeatureGrid(grid.values[-width:].copy(), (width,), grid.spacing_px, grid.network_shape)


def _require_same_length(types: list[TypeReferences], cells: NDArray[np.float32]) -> None:
    if any(each.positives.shape[1] != cells.shape[1] for each in types):
        raise UserFacingError(
            "The references were described in a way that is no longer used", remedy="Point at the cells again"
        )
