"""Flow targets and decoding against Cellpose 4.2 on the same input, on real masks where they are at hand.

Two things are known to differ on purpose. Cellpose takes the slope of the heat at an edge between touching
cells from the other cell's heat, so that flows on such edges may point anywhere; here cells are alone. And
it samples flows up to half a pixel beside the position, which smooths single-pixel noise near the edges
of the image.
"""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.evaluation import evaluate_labels
from scipy import ndimage

from dinocell_app.model.decoding_parameters import DecodingParameters
from dinocell_app.model.flow_decoding import flow_errors, flows_to_labels
from dinocell_app.model.flow_targets import labels_to_flows
from dinocell_app.model.flows import FLOW_SCALE
from dinocell_app.model.label_cleaning import renumber

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL_MASKS = (
    "usiigaci_phase/test/masks/set47.tif",
    "dsb2018_nuclei/test/masks/HE_purple_00ae65c1c663.tif",
    "dsb2018_nuclei/test/masks/HE_purple_420f43d21dba.tif",
    "qpi_vicar_dense/test/masks/qpi_dense_005.tif",
    "yeastvision_phase/test/masks/yeastvision_t005_left.tif",
    "pannuke_3patches/test/masks/patch3.tif",
)


@pytest.fixture(scope="module")
def dynamics():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = importlib.import_module("cellpose.dynamics")
        except ImportError as error:
            pytest.skip(f"cellpose is not installed here: {error}")
    return module


def drawn_cells():
    """Voronoi cells cut to disks: convex, most of them touching."""
    rng = np.random.default_rng(4)
    rows, columns = np.indices((240, 260))
    centres = rng.uniform((8, 8), (232, 252), (110, 2))
    distances = np.stack([np.hypot(rows - y, columns - x) for y, x in centres])
    cells = np.where(distances.min(0) < 13, distances.argmin(0) + 1, 0)
    sizes = np.bincount(cells.ravel())
    return renumber(np.where(sizes[cells] >= 60, cells, 0))


def real_cells(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return renumber(tifffile.imread(path).astype(np.int32)[:320, :320])


def noisy(flows, amount):
    waves = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=flows.shape), (0, 2, 2))
    return (flows + amount * waves / waves.std()).astype(np.float32)


def mean_angle(flows, reference, pixels):
    """Mean angle in degrees where both have a direction."""
    lengths = np.hypot(*flows), np.hypot(*reference)
    pixels = pixels & (lengths[0] > 0.5) & (lengths[1] > 0.5)
    cosine = (flows * reference).sum(0)[pixels].clip(-1, 1)
    return np.degrees(np.arccos(cosine)).mean()


def edges_between_cells(labels):
    highest = ndimage.maximum_filter(labels, 3)
    lowest = -ndimage.maximum_filter(-np.where(labels == 0, labels.max() + 1, labels), 3)
    return (labels > 0) & ((highest != labels) | (lowest != labels))


def decode_as_cellpose(dynamics, flows, labels, flow_threshold):
    logit = np.where(labels > 0, 5, -5).astype(np.float32)
    device = importlib.import_module("torch").device("cpu")
    return dynamics.compute_masks(
        FLOW_SCALE * flows, logit, flow_threshold=flow_threshold, min_size=15, device=device
    ).astype(np.int32)


@pytest.mark.parametrize("name", ["drawn", *REAL_MASKS])
def test_targets_point_the_same_way(dynamics, name):
    labels = drawn_cells() if name == "drawn" else real_cells(name)
    reference, _ = dynamics.masks_to_flows_gpu(labels.astype(np.int64))
    flows = labels_to_flows(labels)
    assert mean_angle(flows, reference, labels > 0) < 5
    assert mean_angle(flows, reference, (labels > 0) & ~edges_between_cells(labels)) < 1.5


def compare_decoding(dynamics, labels, noise, flow_threshold):
    """Count cells found by both, and by one of them only, at IoU 0.9."""
    flows = noisy(labels_to_flows(labels), noise)
    expected = decode_as_cellpose(dynamics, flows, labels, flow_threshold)
    parameters = DecodingParameters(flow_threshold=flow_threshold)
    found = flows_to_labels(flows, (labels > 0).astype(np.float32), parameters)
    (matching,) = evaluate_labels(found, expected, iou_thresholds=(0.9,)).matching
    return np.array([matching.tp, matching.fp + matching.fn])


@pytest.mark.parametrize("flow_threshold", [0, 0.4])
@pytest.mark.parametrize("noise", [0, 0.2])
def test_decoding_finds_the_same_drawn_cells(dynamics, noise, flow_threshold):
    both, single = compare_decoding(dynamics, drawn_cells(), noise, flow_threshold)
    assert both > 50
    assert both / (both + single) >= 0.98


@pytest.mark.parametrize("flow_threshold", [0, 0.4])
@pytest.mark.parametrize("noise", [0, 0.2])
def test_decoding_finds_the_same_real_cells(dynamics, noise, flow_threshold):
    # Pooled over images: one cell at the very threshold of the flow check is 10 % of a small image.
    counts = [compare_decoding(dynamics, real_cells(name), noise, flow_threshold) for name in REAL_MASKS]
    both, single = np.sum(counts, axis=0)
    assert both > 150
    assert both / (both + single) >= 0.98


def test_flow_errors_agree_on_cells_apart(dynamics):
    labels = drawn_cells()
    labels = renumber(np.where(edges_between_cells(labels), 0, labels))
    flows = noisy(labels_to_flows(labels), 0.3)
    expected, _ = dynamics.flow_error(labels.astype(np.int64), FLOW_SCALE * flows)
    found = flow_errors(labels, flows, labels_to_flows(labels))[1:]
    assert np.abs(found - expected).max() < 0.05
