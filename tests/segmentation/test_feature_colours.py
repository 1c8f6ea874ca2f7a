"""Principal components as colours: directions, standardisation, and the frame of the image."""

import numpy as np

from dinocell_app.segmentation.feature_colours import colour_features, principal_components
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid


def test_components_are_uncorrelated_standardised_and_ordered_by_variance():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(500, 4)) * [9, 5, 2, 0.1]
    turn, _ = np.linalg.qr(rng.normal(size=(12, 4)))
    found = principal_components((hidden @ turn.T + 3).astype(np.float32))
    np.testing.assert_allclose(found.T @ found / 500, np.eye(3), atol=1e-6)
    for column in range(3):
        assert abs(np.corrcoef(found[:, column], hidden[:, column])[0, 1]) > 0.99


def test_the_sign_does_not_depend_on_the_library():
    rng = np.random.default_rng(1)
    tokens = rng.normal(size=(50, 6)).astype(np.float32)
    found = principal_components(tokens)
    assert (found.max(axis=0) >= -found.min(axis=0)).all()


def test_tokens_that_are_all_alike_stay_grey():
    assert not principal_components(np.full((10, 5), 2.0, np.float32)).any()
    one_direction = np.outer(np.arange(10), np.ones(5)).astype(np.float32)
    found = principal_components(one_direction)
    assert found[:, 0].std() > 0.9
    assert not found[:, 1:].any()


def test_colours_lie_where_the_features_do():
    values = np.zeros((5, 4, 4), np.float32)
    values[0] = 7  # an earlier block, which is not shown
    values[2, :, 2:] = 1
    grid = FeatureGrid(values, (1, 4), 8.0, (24, 24))  # the last row and column lie beyond the image
    drawn = colour_features(grid, (48, 48))  # at twice the scale
    assert drawn.shape == (48, 48, 3)
    red = drawn[..., 0].astype(int)
    assert (red == red[:1]).all()
    assert abs(red[0, 47] - red[0, 0]) > 100
    assert (red[0, :24] == red[0, 0]).all()
    assert (red[0, 40:] == red[0, 47]).all()
    assert set(np.unique(drawn[..., 1:])) <= {127, 128}
