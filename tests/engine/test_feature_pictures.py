"""Features of what is seen, as colours, beside previews and without disturbing them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.engine import feature_pictures
from dinocell_app.engine.feature_pictures import drawing_features
from dinocell_app.engine.previews import Previews
from dinocell_app.jobs.events import TilesPredicted
from dinocell_app.jobs.preview_messages import (
    FeaturesAsked,
    FeaturesDrawn,
    PreviewRequest,
    message_from_line,
    message_to_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings


@pytest.fixture
def request_of(tmp_path, tiny_model):
    """An image whose left half is smooth and whose right half is grainy."""
    pixels = np.full((96, 128), 900, np.uint16)
    pixels[:, 64:] += np.random.default_rng(0).integers(0, 3000, (96, 64), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "halves.tif", pixels)
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    return PreviewRequest(tmp_path / "halves.tif", 0, 0, "grey", None, settings)


def finish(steps):
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as finished:
            return finished.value, events


def test_unlike_regions_have_unlike_colours(request_of):
    drawn, events = finish(drawing_features(Previews(), request_of))
    assert drawn.pixels.shape == (96, 128, 3)
    assert drawn.pixels.dtype == np.uint8
    assert drawn.region is None
    assert any(isinstance(event, TilesPredicted) for event in events)
    inner = drawn.pixels[16:80].astype(float)
    smooth, grainy = inner[:, 16:48], inner[:, 80:112]
    apart = np.abs(smooth.mean((0, 1)) - grainy.mean((0, 1))).max()
    assert apart > 2 * smooth.std((0, 1)).max()


def test_features_of_a_region_have_its_size_and_place(request_of):
    drawn, _ = finish(drawing_features(Previews(), replace(request_of, region=(10, 20, 40, 500))))
    assert drawn.region == (10, 20, 40, 108)
    assert drawn.pixels.shape == (40, 108, 3)


def test_a_preview_can_still_be_decoded_after_features_were_drawn(request_of):
    previews = Previews()
    shown, _ = finish(previews.previewing(request_of))
    finish(drawing_features(previews, request_of))
    again = previews.decode(request_of.settings)
    np.testing.assert_array_equal(again.labels, shown.labels)


def test_too_large_a_part_is_refused_with_what_to_do(request_of, monkeypatch):
    monkeypatch.setattr(feature_pictures, "LARGEST_PIXELS", 100)
    with pytest.raises(InvalidParameterError, match=r"10 x 10 pixels.*Zoom in"):
        finish(drawing_features(Previews(), request_of))


def test_messages_about_features_survive_the_pipe(request_of):
    for message in (FeaturesAsked(3, request_of), FeaturesDrawn(3, "/tmp/3.npy", (1, 2, 3, 4))):
        assert message_from_line(message_to_line(message)) == message
