"""The network over the tiles of one image, and the views at several scales that decide its own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from dinocell_app.base.memory_errors import is_out_of_memory
from dinocell_app.jobs.events import Event, Notice, TilesPredicted
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.precision import autocast
from dinocell_app.segmentation.batching import first_batch_size, release_memory
from dinocell_app.segmentation.mirroring import mirrored_maps, mirrored_tile
from dinocell_app.segmentation.network_input import NetworkInput
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.reference.feature_grid import FeatureBlender
from dinocell_app.segmentation.scale import (
    MOST_ENLARGED,
    ScaleChoice,
    TrainedScale,
    central_region,
    decoding_at_scale,
    resample_image,
    typical_diameter,
)
from dinocell_app.segmentation.scale_evidence import (
    CANDIDATE_FACTORS,
    Evidence,
    agreed_diameter,
    choose_view,
    is_enough,
    judge,
    measuring_decoding,
    next_factor,
)
from dinocell_app.segmentation.tiling import Blend, Blender, Tiling

Origin = tuple[int, int]


class NetworkPass:
    """The network over the tiles of one image.

    Parameters
    ----------
    name : str
        Of the image, in the events.
    keep_features : bool
        Whether features of the same pass are kept.
    """

    def __init__(
        self,
        model: SegmentationModel,
        parameters: SegmentationParameters,
        name: str,
        *,
        keep_features: bool = False,
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.name = name
        self.input = NetworkInput(model.manifest)
        self.batch_size = parameters.batch_size or first_batch_size(model, parameters.precision)
        self.keep_features = keep_features
        self.features: FeatureBlender | None = None  # of the last prediction

    def choose_scale(
        self, prepared: NDArray[np.generic]
    ) -> Generator[Event, None, tuple[ScaleChoice, NDArray[np.float32] | None]]:
        """Decide the scale; give the maps too when the measuring pass already made them.

        Parameters
        ----------
        prepared : ndarray of shape (M, N) or (M, N, 3)
            The image, or at least its central region.

        Yields
        ------
        Event
            Of the measuring pass.

        Returns
        -------
        choice : ScaleChoice
        maps : ndarray of shape (C, M, N), float32, or None
        """
        manifest = self.model.manifest
        trained = TrainedScale(manifest.cell_diameter_px, *manifest.cell_diameter_range_px)
        given = self.parameters.diameter_px
        if given is not None:
            return ScaleChoice(given, "given", trained.factor(given)), None
        if self.parameters.careful:
            quick = NetworkPass(self.model, replace(self.parameters, careful=False), self.name)
            choice, _ = yield from quick.choose_scale(prepared)
            return choice, None
        region = central_region(prepared)
        measuring = self._weigh_scales if self.model.objective.name == "flows" else self._measure_cells
        diameter, maps = yield from measuring(region, trained)
        factor = min(trained.factor(diameter), MOST_ENLARGED)
        choice = ScaleChoice(diameter, "measured" if diameter else "unknown", factor)
        whole = choice.factor == 1 and maps is not None and maps.shape[1:] == prepared.shape[:2]
        return choice, maps if whole else None

    def _weigh_scales(
        self, region: NDArray[np.generic], trained: TrainedScale
    ) -> Generator[Event, None, tuple[float | None, NDArray[np.float32] | None]]:
        """Measure cells by what the network finds at several scales; also give the maps at factor 1."""
        height, width = region.shape[:2]
        tile_size = self.model.network.config.tile_size
        decided = decoding_at_scale(self.parameters, None)
        decoding = measuring_decoding(decided, decided.min_confidence)
        seen: list[Evidence] = []
        own: NDArray[np.float32] | None = None
        own_features: FeatureBlender | None = None
        remaining = list(CANDIDATE_FACTORS)
        while remaining and not (seen and is_enough(seen, trained)):
            factor = next_factor(remaining, seen, trained)
            remaining.remove(factor)
            view = choose_view((height, width), factor, tile_size, seen)
            part = resample_image(region[view.rows, view.columns], factor)
            maps = yield from self.predict(part)
            if factor == 1:
                own, own_features = maps, self.features
            labels = self.model.objective.decode(maps, decoding, self.model.device)
            seen.append(judge(view, maps, labels, decoding.cell_probability_threshold))
        diameter = agreed_diameter(seen)
        if diameter is None:
            return (yield from self._measure_cells(region, trained))
        self.features = own_features
        return diameter, own

    def _measure_cells(
        self, region: NDArray[np.generic], _trained: TrainedScale
    ) -> Generator[Event, None, tuple[float | None, NDArray[np.float32] | None]]:
        """Measure the cells that are found at factor 1 in all of the region."""
        maps = yield from self.predict(region)
        decoding = decoding_at_scale(self.parameters, None)
        return typical_diameter(self.model.objective.decode(maps, decoding, self.model.device)), maps

    def predict(self, prepared: NDArray[np.generic]) -> Generator[Event, None, NDArray[np.float32]]:
        """Run the network over the tiles of a prepared image and blend the activated maps.

        Parameters
        ----------
        prepared : ndarray of shape (M, N) or (M, N, 3)

        Yields
        ------
        Event
            As for `run_tiles`.

        Returns
        -------
        ndarray of shape (C, M, N), float32
        """
        tiling = self.tiling((prepared.shape[0], prepared.shape[1]))
        blender = Blender(tiling, len(self.model.objective.channel_names), self.blend)
        self.features = FeatureBlender(tiling, self._patch_px, self.blend) if self.keep_features else None
        tiles = dict(zip(tiling.origins, tiling.cut(tiling.pad(prepared)), strict=True))
        yield from self.run_tiles(tiling.origins, tiles.__getitem__, blender.add)
        return blender.result()

    def tiling(self, shape: tuple[int, int]) -> Tiling:
        """Cover an image with tiles.

        Parameters
        ----------
        shape : tuple of int
            Height and width at the scale of the network.
        """
        manifest, asked = self.model.manifest, self.parameters.overlap
        overlap = manifest.tile_overlap_px if asked is None else asked
        return Tiling(shape, self.model.network.config.tile_size, overlap)

    @property
    def blend(self) -> Blend:
        """How tiles are blended."""
        return self.parameters.blend or self.model.manifest.blend

    def run_tiles(
        self,
        origins: Sequence[Origin],
        cut: Callable[[Origin], NDArray[np.generic]],
        add: Callable[[Origin, NDArray[np.float32]], None],
    ) -> Generator[Event, None, None]:
        """Run the network over tiles, batch by batch.

        Parameters
        ----------
        origins : sequence of (int, int)
        cut : callable
            Gives the tile at an origin.
        add : callable
            Takes the activated maps of a tile, in the order of the origins.

        Yields
        ------
        Event
            TilesPredicted after each batch, and Notice.
        """
        done = 0
        while done < len(origins):
            batch = origins[done : done + self.batch_size]
            try:
                predicted, features = self._predict(
                    [self.input.prepare_tile(cut(origin)) for origin in batch]
                )
            except RuntimeError as error:
                if not is_out_of_memory(error) or len(batch) == 1:
                    raise
                release_memory()
                self.batch_size = len(batch) // 2
                yield Notice(
                    f"The memory of the device ran out: going on with {self.batch_size} tiles at once"
                )
                continue
            for origin, maps in zip(batch, predicted, strict=True):
                add(origin, maps)
            if self.features is not None:
                for index, origin in enumerate(batch):
                    self.features.add(origin, [block[index] for block in features])
            done += len(batch)
            yield TilesPredicted(self.name, done, len(origins))

    @property
    def _patch_px(self) -> float:
        """Edge of a patch in pixels of the network's image."""
        config = self.model.network.config
        return config.patch_size * config.tile_size / config.input_size

    def _predict(
        self, tiles: Sequence[NDArray[np.float32]]
    ) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Predict activated maps of shape (C, H, W) of each tile, and their features where kept."""
        objective = self.model.objective
        raw, features = self._run(tiles)
        predicted = [objective.activate(maps) for maps in raw]
        if self.parameters.careful:
            raw, _ = self._run([mirrored_tile(tile) for tile in tiles])
            other = [mirrored_maps(objective.activate(maps), objective.channel_names) for maps in raw]
            predicted = [
                np.asarray((maps + again) / 2, np.float32)
                for maps, again in zip(predicted, other, strict=True)
            ]
        return predicted, features

    def _run(
        self, tiles: Sequence[NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Predict raw maps of shape (B, C, H, W) of tiles of shape (3, H, W); their features where kept."""
        device, network = self.model.device, self.model.network
        batch = torch.from_numpy(np.stack(tiles)).to(device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), autocast(self.parameters.precision, device):
            features = network.features(batch) if self.keep_features else []
            raw = network.decode(features, batch) if self.keep_features else network(batch)
        return raw.float().cpu().numpy(), [block.float().cpu().numpy() for block in features]
