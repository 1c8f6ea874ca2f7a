"""Held-out pictures: never shared, never none, the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from dinocell_training.splitting import content_hash, split_by_content
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError

contents = st.lists(st.integers(0, 30).map(str), min_size=2, max_size=60).filter(lambda c: len(set(c)) >= 2)


@settings(max_examples=100, deadline=None)
@given(contents, st.floats(0.01, 0.99), st.integers(0, 5))
def test_equal_pictures_stay_on_one_side_and_no_side_is_empty(items, fraction, seed):
    split = split_by_content(items, str, held_out_fraction=fraction, seed=seed)
    assert sorted(split.training + split.held_out) == sorted(items)
    assert not set(split.training) & set(split.held_out)
    assert split.training
    assert split.held_out
    n_different = len(set(items))
    assert abs(len(set(split.held_out)) - fraction * n_different) <= 1


@settings(max_examples=50, deadline=None)
@given(contents, st.randoms())
def test_order_has_no_influence(items, random):
    shuffled = random.sample(items, len(items))
    one, other = split_by_content(items, str), split_by_content(shuffled, str)
    assert sorted(one.held_out) == sorted(other.held_out)


def test_another_seed_gives_another_split():
    items = [str(n) for n in range(40)]
    splits = {split_by_content(items, str, held_out_fraction=0.2, seed=seed).held_out for seed in range(5)}
    assert len(splits) == 5
    assert {len(held_out) for held_out in splits} == {8}


@pytest.mark.parametrize("items", [[], ["a"], ["a", "a", "a"]])
def test_one_picture_cannot_be_split(items):
    with pytest.raises(InvalidParameterError, match="one more labelled image"):
        split_by_content(items, str)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_the_share_is_a_share(fraction):
    with pytest.raises(InvalidParameterError, match="share"):
        split_by_content(["a", "b"], str, held_out_fraction=fraction)


def test_fingerprint_is_of_the_values():
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    same = content_hash(pixels)
    assert content_hash(pixels.astype(">u2")) == same
    assert content_hash(np.asfortranarray(pixels)) == same
    assert content_hash(pixels.reshape(4, 3)) != same
    assert content_hash(pixels.astype(np.uint32)) != same
    assert content_hash(pixels + 1) != same
