import dataclasses

import numpy as np
import pytest
import torch

from dinocell_app.base.errors import ModelError
from dinocell_app.model.model_archive import export_model, import_model
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.reference.evidence import N_EVIDENCE
from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.reference.guided_maps import guided_maps
from dinocell_app.segmentation.reference.guided_scoring import guided_scores, score_types_guided
from dinocell_app.segmentation.reference.percs_file import reference_head, save_reference_head
from dinocell_app.segmentation.reference.percs_head import PercsConfig, PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_cells, score_types

WIDTH = 12


def _head(seed=0, trained=True):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = PercsHead(PercsConfig(WIDTH, 8, width=32, n_layers=2, n_heads=4)).eval()
        if trained:  # as if: without this it says what the score without training says
            torch.nn.init.normal_(head.judgement.weight)
            with torch.no_grad():
                head.trust[1] = 1.5
    return head


def _cells(seed, count, middle=0.0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, WIDTH)) + middle
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return np.concatenate([features, rng.normal(0, 0.1, (count, N_LOOKS))], axis=1).astype(np.float32)


def test_maps_and_judgements_have_the_shapes_of_picture_and_cells():
    head = _head()
    features, references = torch.randn(WIDTH, 4, 6), torch.randn(3, WIDTH)
    attended = head.attend(features, references, references[:0])
    assert attended.shape == (32, 4, 6)
    assert head.decode(attended, (32, 48)).shape == (3, 32, 48)
    assert head.decode(attended, (27, 50)).shape == (3, 27, 50)
    logits, cells = head.judge(torch.randn(7, WIDTH), torch.zeros(7, N_EVIDENCE), references, references[:1])
    assert logits.shape == (7,)
    assert cells.shape == (7, 32)


def test_an_untrained_head_scores_like_the_score_without_training():
    cells = np.concatenate([_cells(0, 20, 1.0), _cells(1, 20, -1.0)])
    references = TypeReferences("a", cells[:2], cells[30:33])
    expected = score_cells(cells, references)
    assert guided_scores(_head(trained=False), cells, references) == pytest.approx(expected, abs=2e-5)


def test_without_a_head_types_are_scored_without_training():
    cells = _cells(0, 9)
    types = [TypeReferences("a", cells[:2], cells[:0]), TypeReferences("b", cells[5:6], cells[:0])]
    assert (score_types_guided(cells, types, None) == score_types(cells, types)).all()
    guided = score_types_guided(cells, types, _head())
    assert guided.shape == (9, 2)
    assert not np.allclose(guided, score_types(cells, types), atol=0.01)


def test_the_order_of_references_and_of_cells_does_not_matter():
    head, cells = _head(), np.concatenate([_cells(0, 20, 1.0), _cells(1, 20, -1.0)])
    references = TypeReferences("a", cells[:3], cells[30:33])
    scores = guided_scores(head, cells, references)
    turned = TypeReferences("a", cells[2::-1], cells[32:29:-1])
    assert guided_scores(head, cells, turned) == pytest.approx(scores, abs=1e-5)
    order = np.random.default_rng(0).permutation(len(cells))
    assert guided_scores(head, cells[order], references) == pytest.approx(scores[order], abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_one_more_negative_never_raises_a_score(seed):
    head, cells = _head(seed), np.concatenate([_cells(seed, 30, 0.5), _cells(seed + 9, 30, -0.5)])
    before = guided_scores(head, cells, TypeReferences("a", cells[:2], cells[40:41]))
    after = guided_scores(head, cells, TypeReferences("a", cells[:2], cells[40:43]))
    assert (after <= before + 1e-9).all()
    assert (after < before - 1e-6).any()


def test_many_cells_are_judged_in_groups(monkeypatch):
    monkeypatch.setattr("dinocell_app.segmentation.reference.guided_scoring.MOST_TOGETHER", 16)
    cells = _cells(0, 50)
    references = TypeReferences("a", cells[:1], cells[:0])
    scores = guided_scores(_head(), cells, references)
    order = np.random.default_rng(0).permutation(len(cells))
    assert ((scores > 0) & (scores < 1)).all()
    assert guided_scores(_head(), cells[order], references) == pytest.approx(scores[order], abs=1e-5)
    assert guided_scores(_head(), cells[:0], references).shape == (0,)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_maps_turn_with_the_picture(turns):
    head = _head()
    rng = np.random.default_rng(0)
    values = rng.normal(size=(WIDTH, 8, 8)).astype(np.float32)
    references = _cells(0, 3)[:, :WIDTH]
    maps = guided_maps(
        head, FeatureGrid(values, (WIDTH,), 8, (64, 64)), references[:1], references[1:], (5, 3)
    )
    turned_values = np.ascontiguousarray(np.rot90(values, turns, (1, 2)))
    turned = guided_maps(
        head, FeatureGrid(turned_values, (WIDTH,), 8, (64, 64)), references[:1], references[1:], (5, 3)
    )
    assert np.rot90(maps.probability, turns) == pytest.approx(turned.probability, abs=1e-5)
    down, across = (np.rot90(each, turns) for each in maps.flows)
    for _ in range(turns):  # an arrow pointing right points up after a quarter turn
        down, across = -across, down
    assert np.stack([down, across]) == pytest.approx(turned.flows, abs=1e-5)


def test_maps_of_a_picture_that_is_no_multiple_of_the_patch_have_its_size():
    values = np.random.default_rng(0).normal(size=(2 * WIDTH, 5, 9)).astype(np.float32)
    maps = guided_maps(
        _head(),
        FeatureGrid(values, (WIDTH, WIDTH), 8, (37, 65)),
        _cells(0, 1)[:, :WIDTH],
        _cells(0, 0)[:, :WIDTH],
        (4, 2),
    )
    assert maps.flows.shape == (2, 37, 65)
    assert maps.probability.min() >= 0
    assert maps.probability.max() <= 1


def _model_with_head(tiny_model, folder):
    model = load_model(tiny_model)
    save_model(model.network, model.manifest, folder)
    config = PercsConfig(model.network.backbone.embed_dim, 8, width=32)
    head = PercsHead(config)
    with torch.no_grad():
        head.trust[1] = 0.5
    save_reference_head(head, folder)
    return head


def test_a_model_carries_its_head_also_as_one_file(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "models"))
    saved = _model_with_head(tiny_model, tmp_path / "model")
    export_model(tmp_path / "model", tmp_path / "model.zip")
    loaded = load_model(import_model(tmp_path / "model.zip", name="carried"))
    head = reference_head(loaded)
    assert head.config == saved.config
    assert head.trust.tolist() == [1.0, 0.5]
    assert head.patches.weight.detach() == pytest.approx(saved.patches.weight.detach(), abs=1e-3)


def test_models_without_a_head_and_models_made_from_one_with_it_have_none(tiny_model, tmp_path):
    assert reference_head(load_model(tiny_model)) is None
    _model_with_head(tiny_model, tmp_path / "model")
    model = load_model(tmp_path / "model")
    save_model(model.network, model.manifest, tmp_path / "further")
    assert reference_head(load_model(tmp_path / "further")) is None


def test_a_damaged_head_and_one_of_another_network_are_refused(tiny_model, tmp_path):
    _model_with_head(tiny_model, tmp_path / "model")
    model = load_model(tmp_path / "model")
    other = PercsConfig(7, 8, width=32)
    manifest = save_reference_head(PercsHead(other), tmp_path / "model")
    with pytest.raises(ModelError, match="another network"):
        reference_head(dataclasses.replace(model, manifest=manifest))
    (tmp_path / "model" / "reference_head.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(ModelError, match="reference_head"):
        reference_head(model)
