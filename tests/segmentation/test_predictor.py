"""Whole images: labels in the frame of the image, whatever its shape and the network's scale."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.draw import disk
from torch import nn
from torch.nn import functional

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.intensity import NORMALISATIONS
from dinocell_app.jobs.events import Notice, TilesPredicted
from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flows import FLOW_SCALE, FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.segmenter import FLOW_CHANNELS, SegmenterConfig
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import decode_again, predict_maps, segment_image, segmenting
from dinocell_app.segmentation.scale import MOST_ENLARGED

CONFIG = SegmenterConfig("vit_small_patch14_dinov2", 8, 64, 64, 16, 2, (0,), FLOW_CHANNELS)


class DiskNetwork(nn.Module):
    """Knows bright disks: flows are the gradient of the blurred image, the probability is its brightness."""

    def __init__(self):
        super().__init__()
        self.config = CONFIG
        self.batches = []

    def forward(self, tiles):
        self.batches.append(len(tiles))
        grey = tiles[:, :1] * 0.229 + 0.485
        smooth = functional.avg_pool2d(functional.pad(grey, (9, 9, 9, 9), mode="reflect"), 19, stride=1)
        padded = functional.pad(smooth, (1, 1, 1, 1), mode="replicate")
        dy = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
        dx = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
        length = (dy**2 + dx**2).sqrt().clamp_min(1e-4)
        return torch.cat([FLOW_SCALE * dy / length, FLOW_SCALE * dx / length, 20 * (grey - 0.5)], dim=1)


def _model(network=None, **manifest):
    described = Manifest.for_network(CONFIG, id="disks", name="disks", **manifest)
    return SegmentationModel(described, network or DiskNetwork(), FlowsObjective(), torch.device("cpu"))


def _disks(shape, centres, radius):
    image = np.zeros(shape, np.uint16)
    for centre in centres:
        rows, columns = disk(centre, radius, shape=shape)
        image[rows, columns] = 1000
    return image


CENTRES = [(20, 22), (40, 110), (75, 60), (100, 140), (20, 160)]
GIVEN = SegmentationParameters(diameter_px=20)


def test_every_disk_is_one_cell_in_the_frame_of_the_image():
    image = _disks((120, 180), CENTRES, 10)
    result = segment_image(image, _model(), GIVEN)
    assert result.labels.shape == image.shape
    assert result.labels.dtype == np.uint16
    assert result.labels.max() == len(CENTRES)
    ids = [result.labels[centre] for centre in CENTRES]
    assert len(set(ids)) == len(CENTRES)
    overlap = ((result.labels > 0) & (image > 0)).sum() / ((result.labels > 0) | (image > 0)).sum()
    assert overlap > 0.9


def test_a_large_diameter_is_brought_to_the_networks_scale_and_back():
    centres = [(60, 66), (120, 330), (225, 180), (300, 420), (66, 480)]
    image = _disks((360, 540), centres, 30)
    model = _model(cell_diameter_px=20.0, cell_diameter_range_px=(12.0, 40.0))
    result = segment_image(image, model, SegmentationParameters(diameter_px=60))
    assert result.scale.factor == pytest.approx(1 / 3)
    assert result.labels.shape == image.shape
    assert result.labels.max() == len(centres)


def test_the_diameter_is_measured_when_it_is_not_given():
    centres = [(row, column) for row in range(15, 180, 25) for column in range(15, 250, 25)]
    result = segment_image(_disks((180, 250), centres, 9), _model())
    assert result.scale.source == "measured"
    assert result.scale.diameter_px == pytest.approx(18, rel=0.15)
    assert result.scale.factor == 1


def test_measured_specks_do_not_enlarge_an_image_without_end():
    model = _model(cell_diameter_px=200.0, cell_diameter_range_px=(150.0, 300.0))
    result = segment_image(_disks((120, 180), CENTRES, 10), model)
    assert result.scale.source == "measured"
    assert result.scale.factor == MOST_ENLARGED


def test_a_picture_without_cells_has_none():
    result = segment_image(np.zeros((50, 60), np.uint8), _model())
    assert result.labels.shape == (50, 60)
    assert result.labels.max() == 0
    assert result.scale.source == "unknown"


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (300, 3), (63, 65), (64, 64), (200, 30)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64, ">u2", bool])
def test_any_shape_and_depth_keeps_its_frame(shape, dtype):
    image = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    result = segment_image(image, _model(), GIVEN)
    assert result.labels.shape == shape
    assert result.maps.shape == (3, *shape)
    assert np.isfinite(result.maps).all()


def test_pixels_that_are_not_numbers_do_no_harm():
    image = _disks((120, 180), CENTRES, 10).astype(np.float32)
    image[:5] = np.nan
    image[5:8] = np.inf
    assert segment_image(image, _model(), GIVEN).labels.max() == len(CENTRES)


def test_other_thresholds_do_not_run_the_network():
    network = DiskNetwork()
    model = _model(network)
    first = segment_image(_disks((120, 180), CENTRES, 10), model, GIVEN)
    runs = len(network.batches)
    strict = replace(GIVEN, decoding=DecodingParameters(min_size=10_000))
    assert decode_again(first, model, strict).labels.max() == 0
    np.testing.assert_array_equal(decode_again(first, model, GIVEN).labels, first.labels)
    assert len(network.batches) == runs


def test_tiles_agree_with_the_whole_away_from_their_edges():
    image = _disks((64, 64), [(16, 16), (40, 44)], 9)
    larger = np.pad(image, ((0, 60), (0, 60)))
    small = predict_maps(image, _model(), GIVEN)
    large = predict_maps(larger, _model(), GIVEN)
    np.testing.assert_allclose(large[:, 8:40, 8:40], small[:, 8:40, 8:40], atol=0.05)


def test_progress_counts_tiles_and_closing_stops_between_them():
    network = DiskNetwork()
    steps = segmenting(_disks((300, 300), CENTRES, 10), _model(network), GIVEN, "a.tif")
    event = next(steps)
    assert isinstance(event, TilesPredicted)
    assert (event.image, event.done) == ("a.tif", 1)
    steps.close()
    assert sum(network.batches) == 1 < event.total


class ForgetfulNetwork(DiskNetwork):
    """Runs out of memory with more than two tiles."""

    def forward(self, tiles):
        if len(tiles) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().forward(tiles)


def test_out_of_memory_halves_the_batch_and_says_so():
    image = _disks((120, 180), CENTRES, 10)
    expected = segment_image(image, _model(), GIVEN).labels
    steps = segmenting(image, _model(ForgetfulNetwork()), replace(GIVEN, batch_size=8), "a.tif")
    events = []
    try:
        while True:
            events.append(next(steps))
    except StopIteration as finished:
        labels = finished.value.labels
    notices = [event.message for event in events if isinstance(event, Notice)]
    assert notices == [f"The memory of the device ran out: going on with {n} tiles at once" for n in (4, 2)]
    np.testing.assert_array_equal(labels, expected)


class BrokenNetwork(DiskNetwork):
    def forward(self, tiles):
        raise RuntimeError("something else")


def test_other_faults_are_not_taken_for_lack_of_memory():
    with pytest.raises(RuntimeError, match="something else"):
        segment_image(np.ones((64, 64)), _model(BrokenNetwork()), replace(GIVEN, batch_size=4))


@pytest.mark.parametrize("shape", [(0, 5), (5, 5, 4), (7,), (2, 5, 5, 3)])
def test_what_is_no_plane_is_refused(shape):
    with pytest.raises(InvalidParameterError, match="not one plane"):
        segment_image(np.zeros(shape), _model())


@pytest.mark.parametrize("diameter", [0, -3, float("nan"), float("inf")])
def test_impossible_diameters_are_refused(diameter):
    with pytest.raises(InvalidParameterError, match="diameter"):
        SegmentationParameters(diameter_px=diameter)


def test_uniform_blending_is_the_plain_mean_of_the_paper():
    image = np.random.default_rng(0).random((64, 96)).astype(np.float32)
    model = _model()
    maps = predict_maps(image, model, replace(GIVEN, blend="uniform", overlap=32))
    normalisation = NORMALISATIONS["percentile"]
    prepared = normalisation.prepare_image(image)
    tiles = np.stack([normalisation.prepare_tile(prepared[:, x : x + 64]) for x in (0, 32)])
    raw = model.network(torch.from_numpy(tiles)).numpy()
    left, right = (model.objective.activate(part) for part in raw)
    np.testing.assert_allclose(maps[:, :, :32], left[:, :, :32], atol=1e-5)
    np.testing.assert_allclose(maps[:, :, 32:64], (left[:, :, 32:] + right[:, :, :32]) / 2, atol=1e-5)
    np.testing.assert_allclose(maps[:, :, 64:], right[:, :, 32:], atol=1e-5)
