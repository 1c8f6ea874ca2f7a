"""Tiles cover every image once each, and blending gives back what was cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.segmentation.tiling import Blender, Tiling, blend_weights

shapes = st.tuples(st.integers(1, 120), st.integers(1, 120))


@given(
    shape=shapes,
    tile=st.integers(4, 48),
    share=st.floats(0, 0.9),
    blend=st.sampled_from(["smooth", "uniform"]),
)
@settings(max_examples=60, deadline=None)
def test_cut_and_blended_images_are_the_image(shape, tile, share, blend):
    image = np.random.default_rng(0).random(shape, np.float32)
    tiling = Tiling(shape, tile, int(tile * share))
    blender = Blender(tiling, 2, blend)
    for origin, part in zip(tiling.origins, tiling.cut(tiling.pad(image)), strict=True):
        assert part.shape == (tile, tile)
        blender.add(origin, np.stack([part, -part]))
    np.testing.assert_allclose(blender.result(), np.stack([image, -image]), atol=1e-5)


@given(shape=shapes, tile=st.integers(4, 48), share=st.floats(0, 0.9))
@settings(max_examples=60, deadline=None)
def test_tiles_are_distinct_and_overlap_at_least_as_asked(shape, tile, share):
    overlap = int(tile * share)
    tiling = Tiling(shape, tile, overlap)
    assert len(set(tiling.origins)) == len(tiling.origins)
    for axis in range(2):
        starts = sorted({origin[axis] for origin in tiling.origins})
        assert all(b - a <= tile - overlap for a, b in pairwise(starts))


@pytest.mark.parametrize(
    ("shape", "tile", "overlap", "count"),
    [
        ((256, 256), 256, 64, 1),
        ((520, 704), 512, 128, 4),
        ((1024, 1024), 256, 64, 25),
        ((200, 300), 512, 128, 1),
    ],
)
def test_no_tile_is_computed_in_vain(shape, tile, overlap, count):
    assert len(Tiling(shape, tile, overlap).origins) == count


def test_smooth_weights_fall_towards_the_edge_and_never_vanish():
    weights = blend_weights(32, 8, "smooth")
    assert weights.min() > 0
    assert weights[16, 16] == pytest.approx(1)
    assert np.all(np.diff(weights[16, :8]) > 0)


def test_tiles_that_overlap_wholly_are_refused():
    with pytest.raises(InvalidParameterError, match="cannot overlap"):
        Tiling((10, 10), 8, 8)
