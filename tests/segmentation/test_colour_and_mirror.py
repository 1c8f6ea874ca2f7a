"""What a network is shown: colours where image and model have them, and a mirror where it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.draw import disk

from dinocell_app import api
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.flows import FLOW_SCALE, FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.segmenter import FLOW_CHANNELS, SegmenterConfig
from dinocell_app.segmentation.large_picture import segmenting_large
from dinocell_app.segmentation.mirroring import mirrored_maps, mirrored_tile
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image

CONFIG = SegmenterConfig("vit_small_patch14_dinov2", 8, 64, 64, 16, 2, (0,), FLOW_CHANNELS)
GIVEN = SegmentationParameters(diameter_px=20)
RED, GREEN = (200, 20, 88), (20, 200, 70)
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


class RedNetwork(torch.nn.Module):
    """Finds what is more red than green where it sees colours, and what is bright where it sees grey."""

    def __init__(self, slant=0.0):
        super().__init__()
        self.config = CONFIG
        self.slant = slant
        self.n_tiles = 0

    def forward(self, tiles):
        self.n_tiles += len(tiles)
        return torch.stack([self._maps(tile.numpy().transpose(1, 2, 0) * DEVIATION + MEAN) for tile in tiles])

    def _maps(self, colours):
        red, green, _ = colours.transpose(2, 0, 1)
        inside = red - green > 0.3 if np.abs(red - green).max() > 1e-3 else red > 0.5
        slant = np.linspace(-self.slant, self.slant, inside.shape[1])
        brightness = np.where(inside, 4.0, -4.0) + slant
        smooth = torch.nn.functional.avg_pool2d(torch.from_numpy(inside[None, None] * 1.0), 19, 1, 9)[0, 0]
        dy, dx = np.gradient(smooth.numpy())
        length = np.hypot(dy, dx) + 1e-4
        maps = np.stack([FLOW_SCALE * dy / length, FLOW_SCALE * dx / length, brightness])
        return torch.from_numpy(maps.astype(np.float32))


def _model(input_colour, network=None, folder=None):
    manifest = Manifest.for_network(CONFIG, id="red", name="red", input_colour=input_colour)
    return SegmentationModel(manifest, network or RedNetwork(), FlowsObjective(), torch.device("cpu"), folder)


def _smear():
    """Three red and two green disks on black, all of about one luminance."""
    image = np.zeros((150, 110, 3), np.uint8)
    colours = [RED] * 3 + [GREEN] * 2
    for place, colour in zip([(20, 20), (60, 80), (120, 30), (25, 75), (110, 85)], colours, strict=True):
        image[disk(place, 10)] = colour
    return image


def test_a_model_of_colours_sees_them_and_one_of_greys_the_luminance():
    image = _smear()
    red = segment_image(image, _model("rgb"), GIVEN).labels
    assert red.shape == image.shape[:2]
    assert red.max() == 3
    assert all(red[place] > 0 for place in [(20, 20), (60, 80), (120, 30)])
    assert segment_image(image, _model("grey"), GIVEN).labels.max() > 3


@pytest.mark.parametrize("diameter", [20, 12, 45])
def test_a_large_colour_image_gives_the_cells_of_the_whole(diameter):
    image, model = np.tile(_smear(), (3, 2, 1)), _model("rgb")
    parameters = SegmentationParameters(diameter_px=diameter)
    rows = PictureRows(image.shape[:2], lambda first, end: image[first:end], 16)
    steps = segmenting_large(rows, model, parameters)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            found = finished.value
            break
    labels = found.labels.read((0, image.shape[0]), (0, image.shape[1]))
    expected = segment_image(image, model, parameters).labels
    assert expected.max() > 0
    np.testing.assert_array_equal(labels > 0, expected > 0)


@pytest.mark.parametrize(
    ("channel", "input_colour", "recorded", "n_cells"),
    [("colour", "rgb", "colour", 3), ("colour", "grey", "grey", 5), ("grey", "rgb", "grey", 5)],
)
def test_a_run_shows_colours_where_image_and_model_have_them(
    tmp_path, channel, input_colour, recorded, n_cells
):
    model = _model(input_colour, folder=tmp_path)
    result = api.segment(_smear(), model=model, channel=channel, diameter=20)
    plane = result.planes[0]
    assert plane.record.image_selection["channel"] == recorded
    assert plane.record.n_cells == n_cells


def test_mirrored_flows_are_those_of_mirrored_cells():
    labels = np.zeros((40, 50), np.int32)
    labels[disk((15, 12), 9)], labels[5:30, 30:38] = 1, 2
    flows = labels_to_flows(labels)
    maps = np.concatenate([flows, (labels > 0)[None].astype(np.float32)])
    mirrored = np.concatenate([labels_to_flows(labels[:, ::-1].copy()), mirrored_tile(maps[2:])])
    back = mirrored_maps(mirrored, FLOW_CHANNELS)
    np.testing.assert_array_equal(back[2], maps[2])
    assert np.mean(np.abs(back - maps)) < 0.02  # a centre between two pixels goes to one side


def test_a_careful_segmentation_averages_what_is_found_in_a_mirror():
    grey = _smear()[..., 0]
    plain, careful = RedNetwork(slant=1.0), RedNetwork(slant=1.0)
    once = segment_image(grey, _model("grey", plain), GIVEN)
    twice = segment_image(grey, _model("grey", careful), SegmentationParameters(diameter_px=20, careful=True))
    assert careful.n_tiles == 2 * plain.n_tiles
    assert twice.labels.max() == once.labels.max() == 3
    # The network is surer on the right; in the mean of both it is not.
    inside = once.labels > 0
    assert np.ptp(once.cell_probability[inside]) > 0.01
    assert np.ptp(twice.cell_probability[inside]) < 0.6 * np.ptp(once.cell_probability[inside])
