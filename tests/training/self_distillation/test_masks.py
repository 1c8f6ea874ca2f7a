"""Masks hide the share asked for, in blocks."""

import numpy as np
import pytest
from dinocell_training.self_distillation.masks import MaskParameters, block_mask, view_masks
from hypothesis import given, settings
from hypothesis import strategies as st

grids = st.tuples(st.integers(1, 20), st.integers(1, 20))


@settings(max_examples=60)
@given(grids, st.floats(0, 1), st.integers(0, 999))
def test_a_mask_hides_exactly_as_many_patches_as_asked(grid, share, seed):
    wanted = round(share * grid[0] * grid[1])
    mask = block_mask(np.random.default_rng(seed), grid, wanted)
    assert mask.shape == grid
    assert mask.sum() == wanted


def test_masks_are_blocks_rather_than_scattered_patches():
    """Among neighbours of hidden patches, more are hidden than the share of hidden patches."""
    rng = np.random.default_rng(0)
    both, hidden = 0.0, 0.0
    for _ in range(50):
        mask = block_mask(rng, (16, 16), 77)
        both += (mask[:, 1:] & mask[:, :-1]).sum()
        hidden += mask[:, 1:].sum()
    assert both / hidden > 0.7


def test_half_of_the_views_have_masks_whose_shares_are_spread_over_the_range():
    masks = view_masks(np.random.default_rng(1), 40, (14, 14), MaskParameters())
    shares = np.sort(masks.mean(axis=1))
    assert (shares == 0).sum() == 20
    shares = shares[20:]
    bounds = np.linspace(0.1, 0.5, 21)
    assert (shares > bounds[:-1] - 1 / 196).all()
    assert (shares <= bounds[1:]).all()
    assert shares.mean() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0), (0.01, 1), (1.0, 6)])
def test_the_probability_says_how_many_views_are_masked(probability, expected):
    masks = view_masks(np.random.default_rng(1), 6, (4, 4), MaskParameters(probability))
    assert masks.any(axis=1).sum() == expected


def test_the_same_seed_draws_the_same_masks():
    first, second = (view_masks(np.random.default_rng(3), 4, (5, 7), MaskParameters()) for _ in range(2))
    assert np.array_equal(first, second)


def test_more_patches_than_there_are_cannot_be_hidden():
    with pytest.raises(ValueError, match="17 of 16"):
        block_mask(np.random.default_rng(0), (4, 4), 17)
