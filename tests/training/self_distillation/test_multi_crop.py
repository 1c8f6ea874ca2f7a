"""Views of a picture."""

from __future__ import annotations

import numpy as np
import torch
from dinocell_training.self_distillation.multi_crop import (
    LARGE_SHARE,
    SMALL_SHARE,
    ViewSizes,
    draw_box,
    multi_crop,
)

SIZES = ViewSizes(large=32, small=16, n_small=3)


def test_there_are_two_large_views_and_the_small_ones() -> None:
    picture = np.random.default_rng(0).random((60, 80), dtype=np.float32)
    large, small = multi_crop(picture, np.random.default_rng(1), SIZES)
    assert large.shape == (2, 32, 32)
    assert small.shape == (3, 16, 16)
    assert not torch.equal(large[0], large[1])


def test_views_depend_on_the_generator_alone() -> None:
    picture = np.random.default_rng(0).random((60, 80), dtype=np.float32)
    first, again, other = (multi_crop(picture, np.random.default_rng(n), SIZES)[0] for n in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_boxes_take_the_share_of_the_area_asked_for() -> None:
    rng = np.random.default_rng(0)
    for share in (SMALL_SHARE, LARGE_SHARE):
        areas = []
        for _ in range(300):
            top, left, height, width = draw_box(rng, (1000, 1000), share)
            assert 0 <= top <= 1000 - height
            assert 0 <= left <= 1000 - width
            areas.append(height * width / 1e6)
        assert share[0] - 0.01 < min(areas) < share[0] + 0.1
        assert share[1] - 0.1 < max(areas) < share[1] + 0.01


def test_a_narrow_picture_still_has_views() -> None:
    picture = np.random.default_rng(0).random((4, 400), dtype=np.float32)
    large, small = multi_crop(picture, np.random.default_rng(1), SIZES)
    assert torch.isfinite(large).all()
    assert torch.isfinite(small).all()


def test_a_tenth_of_the_views_is_solarised() -> None:
    bright = np.full((40, 40), 0.9, np.float32)
    views = multi_crop(bright, np.random.default_rng(3), ViewSizes(8, 8, 2000))[1]
    dark = (views.mean(dim=(1, 2)) < 0.45).float().mean()  # 0.9 times 0.6 is 0.54; solarised it is below
    assert 0.07 < float(dark) < 0.13
