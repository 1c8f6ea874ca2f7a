"""A picture segmented block by block gives the cells of the picture segmented as a whole."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou
from dinocell_training.synthetic import random_scene_parameters, render_scene
from numpy.typing import NDArray
from torch import nn

from dinocell_app.base.errors import Cancelled
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.jobs.events import Event, TilesPredicted
from dinocell_app.model.distance_map import DistanceMapObjective
from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.objective import Objective
from dinocell_app.model.segmenter import SegmenterConfig
from dinocell_app.segmentation import label_store
from dinocell_app.segmentation.blocks import BlockSize
from dinocell_app.segmentation.large_picture import LargeSegmentation, segmenting_large
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image

SMALL = BlockSize(rows=150, columns=201, margin=24, largest_margin=600)


class UphillNetwork(nn.Module):
    """What is bright belongs to cells, and flows go uphill in brightness; nothing is learned."""

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        grey = nn.functional.avg_pool2d(tiles[:, :1] * 0.229 + 0.485, 5, 1, 2)
        if len(self.config.channel_names) == 1:
            return grey
        kernel = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
        down = nn.functional.conv2d(grey, kernel[None, None], padding=1)
        right = nn.functional.conv2d(grey, kernel.T[None, None], padding=1)
        length = torch.sqrt(down**2 + right**2) + 1e-3
        return torch.cat([5 * down / length, 5 * right / length, 20 * (grey - 0.35)], 1)


def uphill_model(objective: Objective, normalisation: str = "percentile") -> SegmentationModel:
    config = SegmenterConfig(
        backbone="vit_tiny_patch16_224",
        patch_size=8,
        tile_size=96,
        input_size=96,
        decoder_width=32,
        n_upsamplings=2,
        feature_blocks=(0,),
        channel_names=objective.channel_names,
        detail_width=16,
    )
    manifest = Manifest.for_network(
        config, id="uphill", name="Uphill", cell_diameter_range_px=(8, 60), tile_overlap_px=24
    )
    manifest = manifest.model_copy(update={"intensity_normalisation": normalisation})
    return SegmentationModel(manifest, UphillNetwork(config), objective, torch.device("cpu"), None)  # type: ignore[arg-type]


def blobs(height: int, width: int, dtype: str = "uint16", seed: int = 0) -> NDArray[Any]:
    """Round bright spots, many of which overlap, on noise."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width), np.float32)
    for _ in range(height * width // 900):
        (y, x), size = rng.random(2) * (height, width), rng.uniform(6, 14)
        rows, columns = (slice(max(0, int(c - 3 * size)), int(c + 3 * size) + 1) for c in (y, x))
        r, c = np.ogrid[rows.start : min(rows.stop, height), columns.start : min(columns.stop, width)]
        spot = np.exp(-((r - y) ** 2 + (c - x) ** 2) / (2 * (size / 1.5) ** 2))
        image[rows, columns] = np.maximum(image[rows, columns], spot)
    top = 200 if dtype == "uint8" else 50_000
    return (image * top + rng.normal(0.02 * top, 0.004 * top, image.shape).clip(0)).astype(dtype)


def finish(steps: Generator[Event, None, LargeSegmentation]) -> tuple[LargeSegmentation, list[Event]]:
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as finished:
            return finished.value, events


def in_blocks(
    image: NDArray[Any],
    model: SegmentationModel,
    parameters: SegmentationParameters,
    size: BlockSize = SMALL,
) -> LargeSegmentation:
    rows = PictureRows((image.shape[0], image.shape[1]), lambda first, end: image[first:end], 7)
    return finish(segmenting_large(rows, model, parameters, "a.tif", size))[0]


def whole_labels(found: LargeSegmentation) -> NDArray[np.unsignedinteger]:
    height, width = found.labels.shape
    return found.labels.read((0, height), (0, width))


@pytest.mark.parametrize("shape", [(700, 530), (301, 1203), (90, 400), (400, 50), (40, 60), (457, 461)])
@pytest.mark.parametrize("diameter", [None, 20.0])
def test_cells_are_those_of_the_whole_picture(shape: tuple[int, int], diameter: float | None) -> None:
    image, model = blobs(*shape), uphill_model(FlowsObjective())
    parameters = SegmentationParameters(diameter_px=diameter)
    expected, found = segment_image(image, model, parameters), in_blocks(image, model, parameters)
    assert found.scale == expected.scale
    labels = whole_labels(found)
    np.testing.assert_array_equal(labels, expected.labels)
    assert labels.dtype == expected.labels.dtype
    assert found.n_cut == 0


@pytest.mark.parametrize(("diameter", "shape"), [(4.0, (120, 230)), (90.0, (500, 530))])
def test_cells_of_a_resampled_picture_are_those_of_the_whole(diameter: float, shape: tuple[int, int]) -> None:
    image, model = blobs(*shape), uphill_model(FlowsObjective())
    parameters = SegmentationParameters(diameter_px=diameter)
    expected, found = segment_image(image, model, parameters), in_blocks(image, model, parameters)
    labels = whole_labels(found)
    assert expected.scale.factor != 1
    assert expected.labels.max() > 10
    assert np.count_nonzero(labels != expected.labels) <= 5  # the last bit of a resampled pixel
    assert labels.max() == expected.labels.max()


@pytest.mark.parametrize("diameter", [6.0, 90.0])
def test_cells_of_a_resampled_picture_of_8_bit_agree_with_those_of_the_whole(diameter: float) -> None:
    image, model = blobs(300, 330, "uint8"), uphill_model(FlowsObjective(), "clahe_imagenet")
    parameters = SegmentationParameters(diameter_px=diameter)
    expected, found = segment_image(image, model, parameters), in_blocks(image, model, parameters)
    overlaps = count_overlaps(whole_labels(found), expected.labels)
    assert expected.scale.factor != 1
    assert len(match_by_iou(overlaps, 0.9)) == overlaps.n_reference == overlaps.n_predicted > 10


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int32"])
@pytest.mark.parametrize("normalisation", ["percentile", "clahe_imagenet"])
def test_every_depth_and_normalisation_gives_the_same_cells(dtype: str, normalisation: str) -> None:
    image, model = blobs(333, 301, dtype), uphill_model(FlowsObjective(), normalisation)
    parameters = SegmentationParameters(diameter_px=20)
    expected = segment_image(image, model, parameters)
    np.testing.assert_array_equal(whole_labels(in_blocks(image, model, parameters)), expected.labels)
    assert expected.labels.max() > 10


@pytest.mark.parametrize(
    "settings", [{"batch_size": 3}, {"blend": "uniform"}, {"overlap": 0}, {"overlap": 60}]
)
def test_tiles_are_blended_as_in_the_whole_picture(settings: dict[str, Any]) -> None:
    image, model = blobs(333, 301), uphill_model(FlowsObjective())
    parameters = SegmentationParameters(diameter_px=20, **settings)
    expected = segment_image(image, model, parameters)
    np.testing.assert_array_equal(whole_labels(in_blocks(image, model, parameters)), expected.labels)


def test_distance_maps_are_decoded_in_blocks_too() -> None:
    image, model = blobs(333, 301), uphill_model(DistanceMapObjective())
    parameters = SegmentationParameters(diameter_px=20)
    expected, found = segment_image(image, model, parameters), in_blocks(image, model, parameters)
    overlaps = count_overlaps(whole_labels(found), expected.labels)
    n_equal = len(match_by_iou(overlaps, 0.9))
    assert n_equal > 10
    assert n_equal / (overlaps.n_reference + overlaps.n_predicted - n_equal) >= 0.995
    assert np.isnan(found.cells.confidence).all()


def test_cells_of_a_synthetic_scene_are_those_of_the_whole() -> None:
    scene = render_scene(random_scene_parameters(np.random.default_rng(3), 500, 500, diameter_px=25))
    image, model = scene.pixels, uphill_model(FlowsObjective())
    image = image if image.ndim == 2 else image.mean(axis=-1)
    expected = segment_image(image, model)
    found = in_blocks(image, model, SegmentationParameters())
    np.testing.assert_array_equal(whole_labels(found), expected.labels)
    assert expected.labels.max() > 10


def test_long_cells_across_seams_are_whole() -> None:
    rows, columns = np.mgrid[:200, :700]
    image = np.zeros((200, 700))
    for centre in range(30, 200, 60):  # ridges that rise towards the middle of the picture
        image += np.exp(-((rows - centre - (columns - 350) * 0.04) ** 2) / 60) * (
            1 - abs(columns - 350) / 700
        )
    model, parameters = uphill_model(FlowsObjective()), SegmentationParameters(diameter_px=60)
    parameters = replace(parameters, decoding=replace(parameters.decoding, n_iterations=900))
    image = (image * 50_000).astype(np.uint16)
    expected = segment_image(image, model, parameters)
    found = in_blocks(image, model, parameters, BlockSize(90, 90, 24, 900))
    np.testing.assert_array_equal(whole_labels(found), expected.labels)
    assert np.ptp(found.cells.boxes[:, [1, 3]], axis=1).max() > 250  # three blocks
    assert found.n_cut == 0


def test_cells_longer_than_any_window_are_counted() -> None:
    image = np.zeros((200, 900), np.uint16)
    image[90:110] = (np.hanning(900) * 50_000).astype(np.uint16)
    parameters = SegmentationParameters(diameter_px=20, min_size_share=0)
    parameters = replace(parameters, decoding=replace(parameters.decoding, max_fraction=1, n_iterations=900))
    found = in_blocks(image, uphill_model(FlowsObjective()), parameters, BlockSize(150, 150, 24, 90))
    assert found.n_cut > 0


def test_cells_on_a_seam_are_named() -> None:
    image, model = blobs(400, 530), uphill_model(FlowsObjective())
    found = in_blocks(image, model, SegmentationParameters(diameter_px=20))
    labels = whole_labels(found)
    expected = set()
    for axis, spans in enumerate((found.rows, found.columns)):
        for first, _ in spans[1:]:
            expected |= set(np.take(labels, [first - 1, first], axis).ravel().tolist())
    assert set((np.flatnonzero(found.touches_seam()) + 1).tolist()) == expected - {0}
    assert len(found.rows) > 1
    assert len(found.columns) > 1


def test_cells_are_listed_with_place_size_and_confidence() -> None:
    from scipy import ndimage

    image, model = blobs(400, 530), uphill_model(FlowsObjective())
    parameters = SegmentationParameters(diameter_px=20)
    expected, found = segment_image(image, model, parameters), in_blocks(image, model, parameters)
    ids = np.arange(1, expected.labels.max() + 1)
    np.testing.assert_array_equal(found.cells.areas, np.bincount(expected.labels.ravel())[1:])
    np.testing.assert_allclose(
        found.cells.centroids, ndimage.center_of_mass(expected.labels > 0, expected.labels, ids)
    )
    np.testing.assert_array_equal(
        found.cells.confidence, ndimage.mean(expected.cell_probability, expected.labels, ids)
    )
    boxes = [(r.start, c.start, r.stop, c.stop) for r, c in ndimage.find_objects(expected.labels)]
    np.testing.assert_array_equal(found.cells.boxes, boxes)


def test_an_empty_picture_has_no_cells() -> None:
    found = in_blocks(
        np.zeros((300, 300), np.uint16), uphill_model(FlowsObjective()), SegmentationParameters()
    )
    assert len(found.cells) == 0
    assert not whole_labels(found).any()
    assert found.touches_seam().shape == (0,)


def test_tiles_are_counted_as_for_the_whole_picture_and_blocks_let_a_request_in() -> None:
    image, model = blobs(333, 301), uphill_model(FlowsObjective())
    rows = PictureRows((333, 301), lambda first, end: image[first:end])
    _, events = finish(segmenting_large(rows, model, SegmentationParameters(diameter_px=20), "a.tif", SMALL))
    tiles = [event for event in events if isinstance(event, TilesPredicted)]
    assert len(tiles) == len(events)
    assert {event.image for event in tiles} == {"a.tif"}
    assert [event.done for event in tiles] == sorted(event.done for event in tiles)
    assert {event.done for event in tiles} == set(range(1, tiles[-1].total + 1))
    assert len(tiles) > tiles[-1].total  # repeated after blocks, when nothing new goes through the network


def test_reading_ends_when_asked_to() -> None:
    image = blobs(600, 200)
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 4

    rows = PictureRows((600, 200), lambda first, end: image[first:end], should_stop=should_stop)
    with pytest.raises(Cancelled):
        finish(segmenting_large(rows, uphill_model(FlowsObjective()), SegmentationParameters(), "", SMALL))


def test_what_is_held_does_not_grow_with_the_height(monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    monkeypatch.setattr(label_store, "CHUNK", 64)
    model, parameters = uphill_model(FlowsObjective()), SegmentationParameters(diameter_px=20)
    strip = blobs(300, 256)
    peaks = []
    for repeats in (4, 16):
        rows = PictureRows(
            (300 * repeats, 256), lambda first, end: np.take(strip, np.arange(first, end) % 300, axis=0)
        )
        tracemalloc.start()
        finish(segmenting_large(rows, model, parameters, "", BlockSize(150, 256, 24, 48)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0]
