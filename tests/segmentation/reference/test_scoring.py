"""Scores of cells: what must hold for any references, and pictures of two kinds of cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.reference import description
from dinocell_app.segmentation.reference.description import likeness, likeness_to_all
from dinocell_app.segmentation.reference.scoring import (
    TypeReferences,
    background_level,
    score_cells,
    score_types,
)


def _unit(values, looks=0.0):
    """Cells that differ in what the network sees, and in their looks where these are given."""
    seen = values / np.linalg.norm(values, axis=1, keepdims=True)
    return np.concatenate([seen, np.broadcast_to(looks, (len(seen), N_LOOKS))], axis=1).astype(np.float32)


def _kind(rng, axis, n, noise=0.1):
    values = noise * rng.standard_normal((n, 12))
    values[:, axis] += 1
    return _unit(values)


NONE = np.zeros((0, 12 + N_LOOKS), np.float32)


@pytest.mark.parametrize(("n_like", "n_other"), [(30, 30), (4, 60), (60, 4)])
def test_two_kinds_are_told_apart_from_one_reference(n_like, n_other):
    rng = np.random.default_rng(n_like)
    cells = np.concatenate([_kind(rng, 0, n_like), _kind(rng, 1, n_other)])
    scores = score_cells(cells, TypeReferences("a", _kind(rng, 0, 1), NONE))
    assert scores[:n_like].min() > 0.5 > scores[n_like:].max()


def test_where_all_cells_are_of_the_kind_nearly_all_are_kept():
    rng = np.random.default_rng(3)
    cells = _kind(rng, 0, 80)
    scores = score_cells(cells, TypeReferences("a", cells[:1], NONE))
    assert (scores > 0.5).mean() > 0.9


def test_a_reference_unlike_all_cells_of_a_picture_finds_nearly_none():
    rng = np.random.default_rng(4)
    scores = score_cells(_kind(rng, 1, 80), TypeReferences("a", _kind(rng, 0, 1), NONE))
    assert (scores > 0.5).mean() < 0.05


def test_the_formula_with_a_negative():
    cells = _unit(np.eye(3, 12) + 0.2)
    references = TypeReferences("a", cells[:1], cells[1:2])
    level = background_level(cells, cells[:1])
    similarity = likeness(cells, cells[:1])[:, 0]
    rival = np.maximum(likeness(cells, cells[1:2])[:, 0], level.middle)
    assert score_cells(cells, references) == pytest.approx(
        1 / (1 + np.exp((rival - similarity) / level.spread))
    )


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), n_cells=st.integers(1, 40), n_positives=st.integers(1, 4))
def test_a_negative_never_raises_a_score_and_order_does_not_matter(seed, n_cells, n_positives):
    rng = np.random.default_rng(seed)
    cells, positives, negatives = (
        _unit(rng.standard_normal((n, 12)) + 0.5, 0.2 * rng.standard_normal((n, N_LOOKS)))
        for n in (n_cells, n_positives, 3)
    )
    plain = score_cells(cells, TypeReferences("a", positives, negatives[:2]))
    more = score_cells(cells, TypeReferences("a", positives, negatives))
    turned = score_cells(cells, TypeReferences("a", positives[::-1], negatives[1::-1]))
    assert (more <= plain).all()
    assert turned == pytest.approx(plain)
    assert ((plain >= 0) & (plain <= 1)).all()


def test_several_positives_lower_the_level_to_what_they_have_in_common():
    rng = np.random.default_rng(5)
    positives = np.concatenate([_kind(rng, 0, 2, 0.3), _kind(rng, 0, 2, 0.05)])
    cells = np.concatenate([positives, _kind(rng, 1, 30)])
    level = background_level(cells, positives)
    among = likeness(positives, positives) - 2 * np.eye(4)
    assert level.middle <= among.max(axis=1).min() + 1e-6


def test_each_type_speaks_against_the_others():
    rng = np.random.default_rng(6)
    cells = np.concatenate([_kind(rng, 0, 10), _kind(rng, 1, 10)])
    types = [TypeReferences(name, _kind(rng, axis, 1), NONE) for axis, name in enumerate("ab")]
    scores = score_types(cells, types)
    assert scores.shape == (20, 2)
    assert scores.argmax(axis=1).tolist() == [0] * 10 + [1] * 10


def test_a_picture_without_cells_has_no_scores():
    assert score_types(NONE, [TypeReferences("a", _unit(np.ones((1, 12))), NONE)]).shape == (0, 1)


@pytest.mark.parametrize("look", range(N_LOOKS))
def test_cells_that_the_network_sees_alike_are_told_apart_by_their_looks(look):
    rng = np.random.default_rng(look)
    looks = np.zeros((40, N_LOOKS))
    looks[:20, look] = 0.3
    cells = _unit(rng.standard_normal((40, 12)) * 0.02 + 1, looks)
    scores = score_cells(cells, TypeReferences("a", cells[:1], NONE))
    assert scores[:20].min() > 0.5 > scores[20:].max()


def test_likeness_is_cosine_less_distance_however_many_are_compared_at_once(monkeypatch):
    rng = np.random.default_rng(7)
    cells, others = (_unit(rng.standard_normal((n, 12)), rng.standard_normal((n, N_LOOKS))) for n in (9, 4))
    apart = cells[:, None, 12:] - others[None, :, 12:]
    expected = cells[:, :12] @ others[:, :12].T - np.linalg.norm(apart, axis=2)
    assert likeness(cells, others) == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(description, "MOST_NUMBERS", 8)
    assert likeness(cells, others) == pytest.approx(expected, abs=1e-6)
    assert likeness(cells, cells).diagonal() == pytest.approx(np.ones(9), abs=1e-6)


def test_likeness_to_one_cell_is_likeness_to_a_crowd_of_it():
    rng = np.random.default_rng(8)
    cells = _unit(rng.standard_normal((9, 12)), rng.standard_normal((9, N_LOOKS)))
    assert likeness_to_all(cells, cells[:1]) == pytest.approx(likeness(cells, cells[:1])[:, 0], abs=1e-6)
