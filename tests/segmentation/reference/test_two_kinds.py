"""A network whose features are known: grey level of each patch. Bright and dim disks are two kinds."""

import numpy as np
import pytest
import torch
from skimage.draw import disk
from torch import nn
from torch.nn import functional

from dinocell_app.model.flows import FLOW_SCALE, FlowsObjective
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.model.segmenter import FLOW_CHANNELS, SegmenterConfig
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segmenting
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_cells

CONFIG = SegmenterConfig("vit_small_patch14_dinov2", 8, 64, 64, 16, 2, (0,), FLOW_CHANNELS)
BRIGHT = [(20, 22), (75, 60), (20, 160)]
DIM = [(40, 110), (100, 140), (95, 20), (60, 170)]


class GreyNetwork(nn.Module):
    """Features are (1, grey) turned by the grey level; every disk is a cell."""

    config = CONFIG

    def features(self, tiles):
        grey = functional.avg_pool2d(tiles[:, :1] * 0.229 + 0.485, 8)
        return [torch.cat([torch.cos(2 * grey), torch.sin(2 * grey)], dim=1)]

    def decode(self, features, tiles):
        cell = (tiles[:, :1] * 0.229 + 0.485 > 0.2).float()
        smooth = functional.avg_pool2d(functional.pad(cell, (9, 9, 9, 9), mode="reflect"), 19, stride=1)
        padded = functional.pad(smooth, (1, 1, 1, 1), mode="replicate")
        dy = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
        dx = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
        length = (dy**2 + dx**2).sqrt().clamp_min(1e-4)
        return torch.cat([FLOW_SCALE * dy / length, FLOW_SCALE * dx / length, 20 * (cell - 0.5)], dim=1)


def _scores(image, reference, turns=0):
    """Scores by cell, found by the centres of the cells of the picture as it was before turning."""
    manifest = Manifest.for_network(CONFIG, id="grey", name="grey")
    model = SegmentationModel(manifest, GreyNetwork(), FlowsObjective(), torch.device("cpu"))
    steps = segmenting(
        np.rot90(image, turns), model, SegmentationParameters(diameter_px=25), keep_features=True
    )
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            found = finished.value
            break
    labels = np.rot90(found.labels, -turns)
    ids = np.arange(1, found.labels.max() + 1)
    described = describe_cells(found.labels, ids, found.features, np.rot90(image, turns))
    own = described[labels[reference] - 1][None]
    scores = score_cells(described, TypeReferences("a", own, own[:0]))
    return {centre: scores[labels[centre] - 1] for centre in BRIGHT + DIM}


@pytest.mark.parametrize("reference", [BRIGHT[0], DIM[0]])
@pytest.mark.parametrize("turns", [0, 1])
def test_one_cell_finds_its_kind_also_in_the_turned_picture(reference, turns):
    image = np.zeros((120, 184), np.uint8)
    for centres, grey in ((BRIGHT, 250), (DIM, 120)):
        for centre in centres:
            image[disk(centre, 12, shape=image.shape)] = grey
    alike = BRIGHT if reference in BRIGHT else DIM
    scores = _scores(image, reference, turns)
    for centre, score in scores.items():
        assert (score > 0.5) == (centre in alike)
