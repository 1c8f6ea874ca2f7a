"""Previews find what a run finds, and run the network no more than needed."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import UserFacingError
from dinocell_app.engine import previews as previews_module
from dinocell_app.engine.previews import Previews, preview_job
from dinocell_app.export.label_files import read_labels
from dinocell_app.jobs.events import TilesPredicted
from dinocell_app.jobs.preview_messages import PreviewRequest
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.pipeline.segmentation_job import segment_images


def blobs(shape, centres, spread=5.0) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return sum(np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / (2 * spread**2)) for r, c in centres)


CENTRES = ((20, 20), (20, 60), (60, 40), (70, 100))


@pytest.fixture
def stack(tmp_path):
    """Two slices of two channels; cells are in the second channel, fewer in the second slice."""
    path = tmp_path / "stack.tif"
    planes = np.zeros((2, 2, 96, 128), np.uint16)
    planes[0, 1] = blobs((96, 128), CENTRES) * 3000
    planes[1, 1] = blobs((96, 128), CENTRES[:2]) * 3000
    tifffile.imwrite(path, planes, imagej=True, metadata={"axes": "ZCYX"})
    return path


@pytest.fixture
def request_of(stack, tiny_model):
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    return PreviewRequest(stack, 0, 0, "1", None, settings)


def finish(steps):
    """Give the result and how many batches of tiles went through the network."""
    batches = 0
    while True:
        try:
            batches += isinstance(next(steps), TilesPredicted)
        except StopIteration as finished:
            return finished.value, batches


def changed(settings, **changes):
    return SegmentSettings.model_validate(settings.model_dump() | changes)


@pytest.mark.parametrize("diameter", ["14px", "20px", None])
@pytest.mark.parametrize(("plane", "suffix"), [("each", "_z001"), ("max", "")])
def test_a_preview_of_the_whole_plane_is_what_a_run_writes(request_of, tmp_path, diameter, plane, suffix):
    settings = changed(request_of.settings, diameter=diameter, plane=plane, cell_probability_threshold=0.4)
    request = replace(request_of, z=1, settings=settings)
    seen, _ = finish(Previews().previewing(request))
    job = preview_job(request).model_copy(update={"output": tmp_path / "out", "formats": ("labels",)})
    list(segment_images(job))
    written = read_labels(tmp_path / "out" / f"stack{suffix}_labels.tif")
    np.testing.assert_array_equal(seen.labels, written)
    assert seen.n_cells == written.max() == (2 if plane == "each" else 4)
    assert seen.diameter_source == ("given" if diameter else "measured")


def test_thresholds_change_without_the_network(request_of, monkeypatch):
    previews = Previews()
    first, batches = finish(previews.previewing(request_of))
    assert batches > 0
    again, batches = finish(previews.previewing(request_of))
    assert batches == 0
    np.testing.assert_array_equal(again.labels, first.labels)
    settings = changed(request_of.settings, cell_probability_threshold=0.9)
    decoded = previews.decode(settings)
    fresh, batches = finish(Previews().previewing(replace(request_of, settings=settings)))
    assert batches > 0
    np.testing.assert_array_equal(decoded.labels, fresh.labels)
    assert (decoded.labels > 0).sum() < (first.labels > 0).sum()


@pytest.mark.parametrize(
    "change", [{"z": 1}, {"channel": "0"}, {"region": (0, 0, 48, 48)}, {"settings": {"diameter": "20px"}}]
)
def test_what_the_network_sees_decides_whether_it_runs(request_of, change):
    previews = Previews()
    finish(previews.previewing(request_of))
    if "settings" in change:
        change = {"settings": changed(request_of.settings, **change["settings"])}
    _, batches = finish(previews.previewing(replace(request_of, **change)))
    assert batches > 0
    _, batches = finish(previews.previewing(request_of))
    assert batches == 0


def test_a_file_that_has_changed_is_read_again(request_of, stack):
    previews = Previews()
    finish(previews.previewing(request_of))
    tifffile.imwrite(stack, np.zeros((2, 2, 96, 128), np.uint16), imagej=True, metadata={"axes": "ZCYX"})
    os.utime(stack, ns=(1, 1))
    empty, batches = finish(previews.previewing(request_of))
    assert batches > 0
    assert empty.n_cells == 0


def test_the_smallest_confidence_is_decoded_without_the_network(request_of):
    previews = Previews()
    assert finish(previews.previewing(request_of))[0].n_cells == 4
    assert previews.decode(changed(request_of.settings, min_confidence=1.0)).n_cells == 0
    assert previews.decode(changed(request_of.settings, min_confidence=0.0)).n_cells == 4


def test_old_network_outputs_are_forgotten_the_newest_is_not(request_of, monkeypatch):
    monkeypatch.setattr(previews_module, "KEPT_BYTES", 1)
    previews = Previews()
    finish(previews.previewing(request_of))
    assert previews.decode(request_of.settings).n_cells == 4
    finish(previews.previewing(replace(request_of, z=1)))
    _, batches = finish(previews.previewing(request_of))
    assert batches > 0


def test_a_region_is_seen_as_within_its_image(request_of):
    previews = Previews()
    whole, _ = finish(previews.previewing(request_of))
    region = (4, 4, 32, 112)
    part, _ = finish(previews.previewing(replace(request_of, region=region)))
    assert part.region == region
    cells = whole.labels[4:36, 4:116] > 0
    assert part.n_cells == 2
    assert ((part.labels > 0) == cells).mean() > 0.99


def test_a_region_takes_the_size_of_cells_from_the_whole_image(request_of):
    request = replace(request_of, settings=changed(request_of.settings, diameter=None))
    previews = Previews()
    part, both = finish(previews.previewing(replace(request, region=(4, 4, 32, 32))))
    whole, _ = finish(Previews().previewing(request))
    assert (part.diameter_px, part.diameter_source) == (whole.diameter_px, "measured")
    _, one = finish(previews.previewing(replace(request, region=(44, 24, 32, 32))))
    assert one < both, "the size was measured again"


def test_a_region_reaches_no_further_than_the_image(request_of):
    part, _ = finish(Previews().previewing(replace(request_of, region=(-10, 100, 50, 500))))
    assert part.region == (0, 100, 40, 28)
    assert part.labels.shape == (40, 28)
    with pytest.raises(UserFacingError, match="outside the image"):
        finish(Previews().previewing(replace(request_of, region=(200, 0, 10, 10))))


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({"channel": "GFP"}, {}, "no channel GFP"),
        ({"z": 7}, {}, "no slice 7"),
        ({}, {"diameter": "18um"}, "size of a pixel is unknown"),
        ({}, {"model": "nothing"}, "nothing"),
        ({}, {"device": "cuda:77"}, "cuda:77"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_next_preview_works(request_of, change, settings, said):
    previews = Previews()
    wrong = replace(request_of, settings=changed(request_of.settings, **settings), **change)
    with pytest.raises(UserFacingError, match=said):
        finish(previews.previewing(wrong))
    with pytest.raises(UserFacingError, match="Make a preview first"):
        previews.decode(request_of.settings)
    assert finish(previews.previewing(request_of))[0].n_cells == 4
