"""Features of tiles, joined to one grid and pooled over cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.segmentation.reference.embedding import embed_cells
from dinocell_app.segmentation.reference.feature_grid import FeatureBlender, FeatureGrid
from dinocell_app.segmentation.tiling import Tiling


def _tokens(origin, tile_size, patch):
    """Patch tokens that know where they are: constant, row and column of the middle of the patch."""
    middles = (np.arange(tile_size // patch) + 0.5) * patch
    rows, columns = np.meshgrid(origin[0] + middles, origin[1] + middles, indexing="ij")
    return [np.stack([np.ones_like(rows), rows]).astype(np.float32), columns[None].astype(np.float32)]


@settings(max_examples=25)
@given(
    height=st.integers(10, 150),
    width=st.integers(10, 150),
    overlap=st.integers(0, 24),
    blend=st.sampled_from(["smooth", "uniform"]),
)
def test_places_survive_tiling_whatever_the_shape(height, width, overlap, blend):
    tiling = Tiling((height, width), 32, overlap)
    blender = FeatureBlender(tiling, 8, blend)
    for origin in tiling.origins:
        blender.add(origin, _tokens(origin, 32, 8))
    grid = blender.result()
    assert grid.block_widths == (2, 1)
    assert grid.values[0] == pytest.approx(1, abs=1e-5)
    edges = tiling.padded_shape
    middles = [
        np.minimum((np.arange(n) + 0.5) * 8, edge - 4)
        for n, edge in zip(grid.values.shape[1:], edges, strict=True)
    ]
    # Within half a patch of the border of a tile there is no patch beyond to interpolate to.
    assert np.abs(grid.values[1] - middles[0][:, None]).max() <= 4.001
    assert np.abs(grid.values[2] - middles[1][None, :]).max() <= 4.001
    if height % 8 == width % 8 == 0 and overlap % 8 == 0 and min(height, width) >= 32:
        assert grid.values[1] == pytest.approx(np.broadcast_to(middles[0][:, None], grid.values.shape[1:]))


def test_a_large_image_gets_a_coarser_grid_of_means():
    tiling = Tiling((64, 64), 32, 0)
    blender = FeatureBlender(tiling, 8, "uniform", max_bytes=3 * 16 * 4)
    for origin in tiling.origins:
        blender.add(origin, _tokens(origin, 32, 8))
    grid = blender.result()
    assert grid.values.nbytes <= 3 * 16 * 4
    assert grid.spacing_px == 16
    assert grid.values[1, :, 0] == pytest.approx([8, 24, 40, 56])


def test_cells_are_means_over_their_pixels_of_the_last_block():
    values = np.zeros((4, 2, 3), np.float32)
    values[2:, 0, 0], values[2:, 0, 1], values[:2] = (1, 0), (0, 3), 7
    labels = np.zeros((4, 6), np.uint16)
    labels[0, :4] = 3  # two pixels in each of two grid cells, at twice the network's scale
    labels[2:, 4:] = 9
    grid = FeatureGrid(values, (2, 2), spacing_px=1.0, network_shape=(2, 3))
    found = embed_cells(labels, np.array([3, 5]), grid)
    assert found[0] == pytest.approx(np.array([1, 3]) / np.sqrt(10))
    assert not found[1].any()


def test_a_picture_without_cells_has_no_embeddings():
    grid = FeatureGrid(np.ones((4, 2, 2), np.float32), (4,), 8.0, (16, 16))
    assert embed_cells(np.zeros((16, 16), np.uint16), np.zeros(0, np.int64), grid).shape == (0, 4)
