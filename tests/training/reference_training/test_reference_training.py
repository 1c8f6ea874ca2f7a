import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from dinocell_training.reference_training.encoding import EncodedCrop
from dinocell_training.reference_training.reference_training import ReferenceTraining
from dinocell_training.reference_training.reference_training_job import train_references
from dinocell_training.reference_training.sampling import draw_question
from dinocell_training.reference_training.type_scores import score_head
from dinocell_training.reference_training.typed_pictures import _read_table

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.events import JobFinished, Notice, StepFinished
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.job_kinds import ReferenceTrainingJob
from dinocell_app.jobs.reference_training_settings import ReferenceTrainingSettings
from dinocell_app.model.manifest import read_manifest
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.references.types import N_LOOKS
from dinocell_app.segmentation.reference.percs_file import reference_head
from dinocell_app.segmentation.reference.percs_head import PercsConfig, PercsHead

SMALL = ReferenceTrainingSettings(
    epochs=2, last_epochs=1, steps_per_epoch=3, batch_size=2, crops=4, held_out_crops=3, drawn=12
)


def test_questions_are_about_cells_of_one_type():
    rng = np.random.default_rng(0)
    types = np.array(["a", "a", "b", "b", "b", ""])
    cells = np.arange(6, dtype=np.float32)[:, None]
    bank = {"a": [np.array([[10.0]], np.float32)], "c": [np.array([[30.0], [31.0]], np.float32)]}
    seen = [draw_question(cells, types, bank, rng) for _ in range(400)]
    allowed = {"a": {0, 1, 10}, "b": {2, 3, 4}, "c": {30, 31}}
    for question in seen:
        assert set(question.positives.ravel()) <= allowed[question.wanted]
        assert len(set(question.positives.ravel())) == len(question.positives)
        assert not set(question.negatives.ravel()) & (allowed[question.wanted] | {5})
        assert len(question.negatives) <= 1
    assert {question.wanted for question in seen} == {"a", "b", "c"}
    assert {len(question.positives) for question in seen} == {1, 2, 3}
    assert 100 < sum(len(question.negatives) for question in seen) < 300
    assert draw_question(cells[:1], np.array([""]), bank, rng) is None


def _crop(seed, width=12):
    """Two types that differ in one direction of many, which the score without training hardly sees."""
    rng = np.random.default_rng(seed)
    types = np.array(["a", "b"] * 6)
    features = rng.normal(size=(12, width)) * 2
    features[:, 0] = np.where(types == "a", 4, -4)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cells = np.concatenate([features, np.zeros((12, N_LOOKS))], axis=1).astype(np.float32)
    labels = np.zeros((32, 32), np.uint16)
    for index in range(12):
        labels[8 * (index // 4) : 8 * (index // 4) + 7, 8 * (index % 4) : 8 * (index % 4) + 7] = index + 1
    tokens = np.zeros((width, 4, 4), np.float16)
    tokens[:, :3] = cells[:, :width].T.reshape(width, 3, 4)
    return EncodedCrop(tokens, labels, np.zeros((2, 32, 32), np.float16), cells, types)


def test_training_finds_what_the_score_without_training_misses():
    torch.manual_seed(0)
    head = PercsHead(PercsConfig(12, 8, width=32))
    settings = ReferenceTrainingSettings(
        epochs=4, last_epochs=1, steps_per_epoch=20, batch_size=4, crops=20, learning_rate=3e-3
    )
    held_out = {"test": [_crop(seed) for seed in range(100, 106)]}
    training = ReferenceTraining(head, _crop, held_out, settings, torch.device("cpu"))
    training.start(0)
    before = score_head(None, held_out["test"])
    assert training.validate()["test"] == pytest.approx(before, abs=0.02)
    rates = []
    for _ in range(settings.total_steps):
        losses = training.take_step()
        rates.append(training.learning_rate())
    assert set(losses) == {"total", "cells", "contrast", "flows", "type", "contrast of patches"}
    assert losses["total"] == pytest.approx(sum(v for k, v in losses.items() if k != "total"), rel=1e-4)
    assert training.validate()["test"] > before + 0.2
    assert rates[58] == pytest.approx(3e-3)
    assert rates[60] == pytest.approx(3e-4)


@pytest.fixture
def base(tiny_model, tmp_path):
    model = load_model(tiny_model)
    sizes = {"cell_diameter_px": 9.0, "cell_diameter_range_px": (8.0, 10.0)}
    save_model(model.network, model.manifest.model_copy(update=sizes), tmp_path / "base")
    return tmp_path / "base"


def _job(base, output, **fields):
    return ReferenceTrainingJob(
        base_model=str(base), output=output, device="cpu", novel=("spindle*",), test_share=0.4, training=SMALL
    ).model_copy(update=fields)


def test_a_stopped_job_goes_on_to_the_same_head(base, tmp_path):
    whole = list(train_references(_job(base, tmp_path / "whole"), tmp_path / "run-1", lambda: False))
    assert isinstance(whole[-1], JobFinished)
    assert whole[-1].outputs == (str(tmp_path / "whole"),)
    parts = []
    for _ in range(2):
        steps = itertools.count()
        events = train_references(
            _job(base, tmp_path / "parts"), tmp_path / "run-2", lambda steps=steps: next(steps) > 4 + 10
        )
        parts += list(events)
    assert parts[-1].stopped or sum(isinstance(event, StepFinished) for event in parts) == 6
    parts += list(train_references(_job(base, tmp_path / "parts"), tmp_path / "run-2", lambda: False))
    assert [event.step for event in parts if isinstance(event, StepFinished)] == [1, 2, 3, 4, 5, 6]
    heads = [reference_head(load_model(tmp_path / name)).state_dict() for name in ("whole", "parts")]
    assert all(torch.equal(value, heads[1][name]) for name, value in heads[0].items())
    manifest = read_manifest(tmp_path / "whole")
    assert manifest.sha256 == read_manifest(base).sha256
    assert {score.split for score in manifest.scores} == {
        f"{name} types, {how}" for name in ("test", "novel") for how in ("trained", "without training")
    }


def test_the_head_can_go_into_the_base_model_once(base, tmp_path):
    job = _job(base, base)
    list(train_references(job, tmp_path / "run", lambda: False))
    assert reference_head(load_model(base)) is not None
    with pytest.raises(InvalidParameterError, match="already"):
        next(train_references(job, tmp_path / "other", lambda: False))


def test_the_schedule_of_the_paper_makes_every_crop_anew(base, tmp_path):
    job = _job(base, tmp_path / "model", preset="percs-paper")
    events = train_references(job, tmp_path / "run", lambda: False)
    steps = [event for event in itertools.islice(events, 12) if isinstance(event, StepFinished)]
    assert steps[0].total % 60 == 0
    assert not list((tmp_path / "run" / "crops").glob("train/*"))
    events.close()


def test_without_pictures_there_is_nothing_to_learn(base, tmp_path):
    job = _job(base, tmp_path / "model", training=SMALL.model_copy(update={"drawn": 0}))
    with pytest.raises(InvalidParameterError, match="types of cells"):
        list(train_references(job, tmp_path / "run", lambda: False))
    stopped = list(train_references(_job(base, tmp_path / "model"), tmp_path / "run", lambda: True))
    assert stopped[-1].stopped
    assert isinstance(stopped[0], Notice)


def test_the_recipe_of_the_shipped_head_is_a_job_that_runs(base, tmp_path):
    folder = Path(__file__).parents[3]
    recipe = read_job(folder / "training" / "recipes" / "dinocell_s8_reference_head.json")
    assert isinstance(recipe, ReferenceTrainingJob)
    # Put beside the base model: the head belongs to it.
    assert str(recipe.output) == recipe.base_model
    table = folder / recipe.types
    assert {row.type_name for row in _read_table(table)} >= {"T98G, phase contrast", "yeast, phase contrast"}
    small = recipe.training.model_copy(update=SMALL.model_dump(exclude={"maps_per_step", "learning_rate"}))
    job = recipe.model_copy(
        update={
            "data": (),
            "types": None,
            "base_model": str(base),
            "output": tmp_path / "made",
            "training": small,
        }
    )
    *_, last = train_references(job, tmp_path / "run", lambda: False)
    assert isinstance(last, JobFinished)
    assert reference_head(load_model(tmp_path / "made")) is not None
