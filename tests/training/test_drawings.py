"""Drawn images of every kind: exact labels, the sizes asked for, and only the generator decides."""

from __future__ import annotations

import typing

import numpy as np
import pytest
from dinocell_training.synthetic.drawings import DRAWINGS, draw_image, tinted
from dinocell_training.synthetic.label_cleaning import equivalent_diameters
from dinocell_training.synthetic.mosaics import MosaicShape, lay_mosaic, nearest_centres, open_mosaic
from dinocell_training.synthetic.stains import DAB, EOSIN, HAEMATOXYLIN, absorb, random_stain
from scipy import ndimage
from scipy.spatial import cKDTree

from dinocell_app.jobs.job_kinds import DrawingName

SIZE = 128
COLOURED = ("smears", "sections", "channels")
NEW = tuple(kind for kind in DRAWINGS if kind != "scenes")


@pytest.mark.parametrize("kind", NEW)
def test_labels_are_numbered_pieces_of_the_size_asked_for(kind):
    diameters = []
    for seed in range(8):
        pixels, labels = DRAWINGS[kind](np.random.default_rng(seed), SIZE, 20.0)
        assert pixels.shape == ((SIZE, SIZE, 3) if kind in COLOURED else (SIZE, SIZE))
        assert labels.shape == (SIZE, SIZE)
        assert np.isfinite(pixels).all()
        ids = np.unique(labels[labels > 0])
        np.testing.assert_array_equal(ids, np.arange(1, len(ids) + 1))
        for label, box in enumerate(ndimage.find_objects(labels), start=1):
            assert ndimage.label(labels[box] == label)[1] == 1
        diameters += list(equivalent_diameters(labels, len(ids)))
    assert 11 < np.median(diameters) < 29


@pytest.mark.parametrize("kind", NEW)
def test_a_drawing_depends_on_the_generator_alone(kind):
    first = DRAWINGS[kind](np.random.default_rng(5), SIZE, 24.0)
    DRAWINGS[kind](np.random.default_rng(6), SIZE, 24.0)
    second = DRAWINGS[kind](np.random.default_rng(5), SIZE, 24.0)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize("kind", NEW)
@pytest.mark.parametrize("diameter", [10.0, 100.0])
def test_the_smallest_and_the_largest_cells_can_be_drawn(kind, diameter):
    pixels, labels = DRAWINGS[kind](np.random.default_rng(1), SIZE, diameter)
    assert np.isfinite(pixels).all()
    assert labels.min() >= 0


@pytest.mark.parametrize("kind", ["bundles", "membranes", "smears"])
def test_borders_can_be_seen(kind):
    """Where a label ends the brightness changes more than within cells, on average over images."""
    at_borders, within = [], []
    for seed in range(10):
        pixels, labels = DRAWINGS[kind](np.random.default_rng(seed), SIZE, 24.0)
        grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
        steps = np.abs(np.diff(ndimage.gaussian_filter(grey, 0.7), axis=1))
        border = labels[:, 1:] != labels[:, :-1]
        if border.any() and (labels > 0).any():
            near = ndimage.binary_dilation(border, iterations=2)
            at_borders.append(steps[near].mean())
            within.append(steps[~near].mean())
    assert np.mean(at_borders) > 1.3 * np.mean(within)


def test_kinds_are_drawn_as_often_as_their_shares_say():
    rng = np.random.default_rng(0)
    drawn = [draw_image(rng, 48, 12.0, {"smears": 3.0, "membranes": 1.0})[0].ndim for _ in range(60)]
    # Membranes are grey, but for those few that a colour camera tints.
    assert 0.55 < np.mean(np.array(drawn) == 3) < 0.95


def test_without_shares_only_scenes_are_drawn():
    pixels, labels = draw_image(np.random.default_rng(0), 96, 20.0, {})
    same, same_labels = DRAWINGS["scenes"](np.random.default_rng(0), 96, 20.0)
    np.testing.assert_array_equal(pixels, same)
    np.testing.assert_array_equal(labels, same_labels)


def test_jobs_name_the_kinds_that_there_are():
    assert set(typing.get_args(DrawingName)) == set(DRAWINGS)


def test_cells_belong_to_the_nearest_centre():
    rng = np.random.default_rng(3)
    centres = rng.uniform(0, 90, (150, 2)).astype(np.float32)
    rows, columns = np.mgrid[:80, :90].astype(np.float32)
    labels = nearest_centres(rows, columns, centres, np.ones(150, np.float32), 12.0)
    nearest = cKDTree(centres).query(np.stack([rows, columns], axis=-1))[1] + 1
    assert (labels == nearest).mean() > 0.999  # a gap wider than two squares has no cell


def test_heavier_cells_are_larger():
    rows, columns = np.mgrid[:40, :40].astype(np.float32)
    centres = np.array([[20, 10], [20, 30]], np.float32)
    labels = nearest_centres(rows, columns, centres, np.array([1.0, 2.0], np.float32), 20.0)
    assert (labels == 2).sum() > 1.5 * (labels == 1).sum()
    assert labels[20, 16] == 1
    assert labels[20, 17] == 2  # the distances are 7 and 13, and 6.5 is less than 7


def test_a_mosaic_covers_the_canvas_with_cells_of_the_size_and_stretch_asked_for():
    rng = np.random.default_rng(0)
    labels = lay_mosaic(rng, (200, 220), MosaicShape(24.0, stretch=4.0, jitter=0.1, waviness=0.0))
    assert (labels > 0).mean() > 0.999
    whole = set(np.unique(labels)) - set(
        np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    )
    areas = [(labels == label).sum() for label in whole]
    assert np.sqrt(4 / np.pi * np.median(areas)) == pytest.approx(24, rel=0.15)
    ratios = []
    for label in whole:
        axes = np.sqrt(np.linalg.eigvalsh(np.cov(np.argwhere(labels == label).T)))
        ratios.append(axes[1] / axes[0])
    assert np.median(ratios) == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize("cover", [0.2, 0.7])
def test_colonies_cover_the_share_asked_for(cover):
    rng = np.random.default_rng(2)
    labels = lay_mosaic(rng, (160, 160), MosaicShape(20.0))
    for _ in range(5):
        assert (open_mosaic(rng, labels, 20.0, cover) > 0).mean() == pytest.approx(cover, abs=0.03)


def test_light_through_dyes_follows_beer_and_lambert():
    light = np.array([1.0, 0.9, 0.8], np.float32)
    dye, other = np.array([1.0, 0.5, 0.0], np.float32), np.array([0.0, 0.2, 1.0], np.float32)
    amount = np.array([[0.0, 1.0, 2.0]], np.float32)
    seen = absorb(light, (amount, dye), (amount * 3, other))
    expected = light * np.exp(-(amount[..., None] * dye + 3 * amount[..., None] * other))
    np.testing.assert_allclose(seen, expected, rtol=1e-5)


@pytest.mark.parametrize("dye", [HAEMATOXYLIN, EOSIN, DAB])
def test_stains_vary_around_what_is_known(dye):
    rng = np.random.default_rng(0)
    stains = np.stack([random_stain(rng, dye) for _ in range(400)])
    assert stains.max() == 1
    typical = np.median(stains, axis=0)
    np.testing.assert_allclose(typical, (np.array(dye) + 0.03) / (max(dye) + 0.03), rtol=0.25)


def test_a_tinted_image_keeps_its_range_and_order():
    grey = np.random.default_rng(0).uniform(50, 200, (30, 40)).astype(np.float32)
    coloured = tinted(np.random.default_rng(4), grey)
    assert coloured.shape == (30, 40, 3)
    assert coloured.min() >= grey.min() - 1e-3
    assert coloured.max() <= grey.max() + 1e-3
    assert max(np.corrcoef(coloured[..., n].ravel(), grey.ravel())[0, 1] for n in range(3)) > 0.98
