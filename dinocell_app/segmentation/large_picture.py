"""A picture larger than memory to labels: the network in a sliding band, cells decoded block by block.

The result is that of `predictor.segmenting` on the same picture: the same tiles in the same batches, the same
percentiles, scale and thresholds. What is held at once are the maps of one band of blocks, the work on one
block, and the labels in compressed pieces.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.jobs.events import Event, TilesPredicted
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.segmentation.blocks import (
    ABOVE,
    GUARD,
    BlockSize,
    CellList,
    Span,
    aligned,
    even_spans,
    join_cells,
    list_cells,
)
from dinocell_app.segmentation.label_store import LabelStore
from dinocell_app.segmentation.network_image import NetworkImage, TileCutter
from dinocell_app.segmentation.network_pass import NetworkPass
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.resampled_rows import resampled_rows, source_rows
from dinocell_app.segmentation.scale import MEASURED_REGION_PX, ScaleChoice, decoding_at_scale
from dinocell_app.segmentation.sliding_blender import SlidingBlender

MARGIN_IN_DIAMETERS = 3
"""Windows reach so many typical cells beyond their blocks before any cell proves to be longer."""

LARGEST_UINT16_LABEL = 65_535


@dataclass(frozen=True)
class LargeSegmentation:
    """What was found in a large picture.

    Parameters
    ----------
    labels : LabelStore
        Ids 1 to K in reading order of the cells' first pixels.
    cells : CellList
        Cell of id k at place k - 1.
    rows, columns : list of (int, int)
        Spans of the blocks.
    n_cut : int
        Cells longer than the largest window, which may lack pixels.
    """

    labels: LabelStore
    cells: CellList
    scale: ScaleChoice
    rows: list[Span]
    columns: list[Span]
    n_cut: int = 0

    def touches_seam(self) -> NDArray[np.bool_]:
        """Tell which cells lie along or across a seam between blocks.

        Returns
        -------
        ndarray of shape (n,), bool
        """
        touches = np.zeros(len(self.cells), np.bool_)
        for axis, spans in enumerate((self.rows, self.columns)):
            seams = np.array([first for first, _ in spans[1:]], np.int64)
            first, end = self.cells.boxes[:, axis], self.cells.boxes[:, axis + 2]
            touches |= np.searchsorted(seams, first, "left") < np.searchsorted(seams, end, "right")
        return touches


def segmenting_large(
    picture: PictureRows,
    model: SegmentationModel,
    parameters: SegmentationParameters,
    name: str = "",
    size: BlockSize | None = None,
) -> Generator[Event, None, LargeSegmentation]:
    """Segment a picture that is read by rows.

    Parameters
    ----------
    name : str
        Of the picture, in the events.

    Yields
    ------
    Event
        TilesPredicted, repeated after each block, and Notice.
    """
    network = NetworkPass(model, parameters, name)
    prepare = network.input.preparing_parts(picture)

    scale, _ = yield from network.choose_scale(prepare(_middle(picture)))
    image = NetworkImage(picture, prepare, scale.factor)
    run = _LargeRun(network, image, picture.shape, scale)
    return (yield from run.segment(size or BlockSize()))


def _middle(picture: PictureRows) -> NDArray[np.generic]:
    """Read what `scale.central_region` cuts out of the whole."""
    (top, left), edges = ([max(0, (edge - MEASURED_REGION_PX) // 2) for edge in picture.shape], picture.shape)
    rows = picture.read(top, min(top + MEASURED_REGION_PX, edges[0]))
    return rows[:, left : left + MEASURED_REGION_PX]


class _LargeRun:
    """The pass over one picture, from top to bottom."""

    def __init__(
        self, network: NetworkPass, image: NetworkImage, shape: tuple[int, int], scale: ScaleChoice
    ) -> None:
        self.network = network
        self.image = image
        self.shape = shape
        self.scale = scale
        self.decoding = decoding_at_scale(network.parameters, scale.diameter_px)
        tiling = network.tiling(image.shape)
        objective = network.model.objective
        self.blender = SlidingBlender(tiling, len(objective.channel_names), network.blend)
        self.steps = network.run_tiles(tiling.origins, TileCutter(image, tiling).cut, self.blender.add)
        self.progress: Event = TilesPredicted(network.name, 0, len(tiling.origins))
        self.labels = LabelStore(shape)
        self.found: list[CellList] = []
        self.n_found = self.n_cut = 0
        self.resampled: tuple[Span, NDArray[np.float32]] | None = None  # band that the next block may share

    def segment(self, size: BlockSize) -> Generator[Event, None, LargeSegmentation]:
        known = self.scale.diameter_px or 0.0
        margin = aligned(max(size.margin, round(MARGIN_IN_DIAMETERS * known)) + 2)
        size = replace(size, margin=margin, largest_margin=max(margin, size.largest_margin))
        rows, columns = even_spans(self.shape[0], size.rows), even_spans(self.shape[1], size.columns)
        for band in rows:
            for span in columns:
                yield from self._decode_block(band, span, size)
                yield self.progress
            self.blender.let_go(self._network_rows(aligned(band[1] - ABOVE), band[1])[0])
        cells = join_cells(self.found)
        order = np.lexsort((cells.firsts[:, 1], cells.firsts[:, 0]))
        ids = np.zeros(len(cells) + 1, np.uint32)
        ids[order + 1] = np.arange(1, len(cells) + 1)
        self.labels.renumber(ids.astype(np.uint16) if len(cells) <= LARGEST_UINT16_LABEL else ids)
        return LargeSegmentation(self.labels, cells.chosen(order), self.scale, rows, columns, self.n_cut)

    def _decode_block(self, rows: Span, columns: Span, size: BlockSize) -> Generator[Event, None, None]:
        """Decode a window around a block that is large enough for the cells which begin in the block."""
        margin = size.margin
        while True:
            top, bottom = aligned(rows[0] - ABOVE), min(self.shape[0], rows[1] + margin)
            left, right = aligned(columns[0] - margin), min(self.shape[1], columns[1] + margin)
            yield from self._predict_down_to(bottom)
            maps = self._maps((top, bottom), (left, right))
            labels = self._decode(maps)
            cells = list_cells(labels, self._flow_maps(maps)).moved(top, left)
            owned = self._begin_in(cells, rows, columns)
            cut = owned & self._near_edge(cells, bottom, (left, right))
            if not cut.any() or margin >= size.largest_margin:
                break
            margin = min(2 * margin, size.largest_margin)
        self.n_cut += int(cut.sum())
        self._keep(labels, cells, owned, (top, left))

    def _keep(
        self, labels: NDArray[np.int32], cells: CellList, owned: NDArray[np.bool_], place: tuple[int, int]
    ) -> None:
        """Write the cells of a block, with the ids that follow those before."""
        owned = owned & ~self._already_kept(labels, cells, place)
        ids = np.zeros(len(cells) + 1, np.uint32)
        ids[1:][owned] = np.arange(self.n_found + 1, self.n_found + owned.sum() + 1)
        self.labels.add(*place, ids[labels])
        self.found.append(cells.chosen(owned))
        self.n_found += int(owned.sum())

    def _already_kept(
        self, labels: NDArray[np.int32], cells: CellList, place: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """Find cells that an earlier block has: one in parts, of which this window lacks the first."""
        (top, left), (height, width) = place, labels.shape
        taken = self.labels.read((top, top + height), (left, left + width)) > 0
        lost = np.bincount(labels[taken], minlength=len(cells) + 1)[1:]
        return np.asarray(2 * lost > cells.areas, np.bool_)

    @staticmethod
    def _begin_in(cells: CellList, rows: Span, columns: Span) -> NDArray[np.bool_]:
        row, column = cells.firsts.T
        within = (rows[0] <= row) & (row < rows[1]) & (columns[0] <= column) & (column < columns[1])
        return np.asarray(within, np.bool_)

    def _near_edge(self, cells: CellList, bottom: int, columns: Span) -> NDArray[np.bool_]:
        """Tell which cells come near an edge of the window that is no edge of the picture."""
        near = np.zeros(len(cells), np.bool_)
        if bottom < self.shape[0]:
            near |= cells.boxes[:, 2] > bottom - GUARD
        if columns[0] > 0:
            near |= cells.boxes[:, 1] < columns[0] + GUARD
        if columns[1] < self.shape[1]:
            near |= cells.boxes[:, 3] > columns[1] - GUARD
        return near

    def _decode(self, maps: NDArray[np.float32]) -> NDArray[np.int32]:
        """Decode a window with the limits of the whole picture."""
        height, width = maps.shape[1:]
        share = self.decoding.max_fraction * self.shape[0] * self.shape[1] / (height * width)
        decoding = replace(self.decoding, max_fraction=min(1.0, share))
        model = self.network.model
        return model.objective.decode(maps, decoding, model.device)

    def _flow_maps(self, maps: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return maps if self.network.model.objective.name == "flows" else None

    def _predict_down_to(self, row: int) -> Generator[Event, None, None]:
        """Run the network until the maps above a row of the picture are finished."""
        needed = self._network_rows(0, row)[1]
        while self.blender.finished < needed:
            event = next(self.steps, None)
            if event is None:
                self.blender.finish(max(self.image.shape[0], self.blender.finished + 1))
                continue
            if isinstance(event, TilesPredicted):
                self.progress = event
            yield event

    def _network_rows(self, first: int, end: int) -> Span:
        return source_rows(self.image.shape[0], self.shape[0], first, end, cv2.INTER_LINEAR)

    def _maps(self, rows: Span, columns: Span) -> NDArray[np.float32]:
        """Give the maps of a window in the frame of the picture."""
        if self.image.shape == self.shape:
            return np.ascontiguousarray(self.blender.rows(*rows, slice(*columns)))
        if self.resampled is None or self.resampled[0] != rows:
            self.resampled = None
            band = resampled_rows(self.blender.rows, self.image.shape, self.shape, rows, cv2.INTER_LINEAR)
            self.resampled = rows, band
        return np.ascontiguousarray(self.resampled[1][:, :, slice(*columns)])
