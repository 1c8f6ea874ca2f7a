"""`dinocell-app train estimate`: costs of a training before it starts."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from dinocell_training.estimates import time_steps

from dinocell_app.cli import main
from dinocell_app.jobs.job_files import write_job
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, EvaluateJob, FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_presets import PRESETS
from dinocell_app.jobs.training_settings import AdaptationSettings, TrainingSettings


@pytest.fixture
def job(tmp_path, tiny_model):
    folder = tmp_path / "data"
    folder.mkdir()
    for index in range(3):
        labels = np.zeros((48, 48), np.uint16)
        labels[4 + index : 16, 6:20] = 1
        tifffile.imwrite(folder / f"p{index}.tif", (labels * 100 + index).astype(np.uint8))
        tifffile.imwrite(folder / f"p{index}_masks.tif", labels)
    plan = TrainingSettings(epochs=7, steps_per_epoch=5, batch_size=2, warmup_epochs=0)
    return FineTuneJob(
        data=(folder,),
        output=tmp_path / "model",
        base_model=str(tiny_model),
        device="cpu",
        crop_size=32,
        training=plan,
    )


def test_the_costs_of_a_run_folder_are_told_and_nothing_is_written(job, tmp_path, capsys):
    run = RunFolder.create(tmp_path / "run", job)
    before = sorted(run.path.iterdir())
    assert main(["train", "estimate", str(run.path), "--json"]) == 0
    cost = json.loads(capsys.readouterr().out)
    assert cost["n_steps"] == 4 * 35  # three that judge, and one that is taught with all
    assert (cost["n_training"], cost["n_held_out"]) == (3, 0)
    assert cost["seconds_per_step"] > 0
    assert cost["total_seconds"] == pytest.approx(140 * cost["seconds_per_step"] + cost["seconds_scoring"])
    assert cost["seconds_scoring"] > 0
    assert 10 * 2**20 < cost["peak_memory_bytes"] < 10 * 2**30
    assert 0 < cost["loading_share"] < 1
    assert sorted(run.path.iterdir()) == before
    assert not job.output.exists()


def test_a_job_file_is_told_in_words(job, tmp_path, capsys):
    write_job(tmp_path / "job.json", job)
    assert main(["train", "estimate", "--job", str(tmp_path / "job.json")]) == 0
    said = capsys.readouterr().out
    assert "140 steps" in said
    assert "looking at held-out images" in said


def test_folders_are_estimated_with_a_preset(job, tiny_model, capsys):
    told = ["--base-model", str(tiny_model), "--device", "cpu", "--json"]
    assert main(["train", "estimate", str(job.data[0]), "--preset", "fast", *told]) == 0
    fast = json.loads(capsys.readouterr().out)
    assert fast["n_steps"] == 4 * PRESETS["fast"].training.total_steps
    assert main(["train", "estimate", str(job.data[0]), *told]) == 0
    assert json.loads(capsys.readouterr().out)["n_steps"] == 4 * PRESETS["balanced"].training.total_steps


def test_memory_is_told(job, tmp_path, capsys):
    write_job(tmp_path / "job.json", job)
    assert main(["train", "estimate", "--job", str(tmp_path / "job.json")]) == 0
    said = capsys.readouterr().out
    assert "GiB" in said


def test_what_is_no_training_is_refused(tmp_path, capsys):
    write_job(tmp_path / "job.json", EvaluateJob(predicted=tmp_path, reference=tmp_path, output=tmp_path))
    assert main(["train", "estimate", "--job", str(tmp_path / "job.json")]) == 2
    assert "evaluate" in capsys.readouterr().err
    assert main(["train", "estimate"]) == 2


@pytest.fixture
def adaptation(tmp_path, tiny_model):
    folder = tmp_path / "unlabelled"
    folder.mkdir()
    noise = np.random.default_rng(0)
    for index in range(4):
        tifffile.imwrite(folder / f"u{index}.tif", noise.integers(0, 255, (64, 64)).astype(np.uint8))
    small = {"n_prototypes": 16, "hidden_width": 16, "bottleneck_width": 8, "warmup_epochs": 0, "workers": 0}
    sizes = {"batch_size": 2, "global_size": 32, "local_size": 16, "n_local": 1}
    settings = AdaptationSettings(epochs=3, steps_per_epoch=4, **small, **sizes)
    return AdaptJob(
        inputs=(folder,),
        output=tmp_path / "adapted",
        base_model=str(tiny_model),
        device="cpu",
        preset="own",
        adaptation=settings,
    )


def test_adapting_has_its_costs_and_both_have_the_sum(job, adaptation, tmp_path, capsys):
    both = AdaptThenTeachJob(
        adaptation=adaptation, fine_tuning=job.model_copy(update={"base_model": str(adaptation.output)})
    )
    costs = []
    for name, each in (("adapt", adaptation), ("both", both)):
        write_job(tmp_path / f"{name}.json", each)
        assert main(["train", "estimate", "--job", str(tmp_path / f"{name}.json"), "--json"]) == 0
        costs.append(json.loads(capsys.readouterr().out))
    adapting, together = costs
    assert (adapting["n_steps"], adapting["n_training"]) == (12, 4)
    assert adapting["total_seconds"] == pytest.approx(12 * adapting["seconds_per_step"])
    assert together["n_steps"] == 12 + 140
    assert together["total_seconds"] > 35 * together["seconds_per_step"]
    assert not adaptation.output.exists()
    assert main(["train", "estimate", "--job", str(tmp_path / "adapt.json")]) == 0
    assert "held-out images" not in capsys.readouterr().out


def test_a_time_is_planned_and_too_few_images_are_told(adaptation, tmp_path, capsys):
    laptop = adaptation.model_copy(
        update={"preset": "laptop", "minutes": 2.0, "adaptation": AdaptationSettings()}
    )
    write_job(tmp_path / "laptop.json", laptop)
    assert main(["train", "estimate", "--job", str(tmp_path / "laptop.json"), "--json"]) == 0
    cost = json.loads(capsys.readouterr().out)
    assert cost["n_steps"] % 20 == 0, "the time is divided into twenty epochs"
    assert cost["total_seconds"] == pytest.approx(cost["n_steps"] * cost["seconds_per_step"])
    excluded = tuple(sorted(adaptation.inputs[0].iterdir())[1:])
    write_job(tmp_path / "few.json", adaptation.model_copy(update={"excluded": excluded}))
    assert main(["train", "estimate", "--job", str(tmp_path / "few.json")]) == 2
    assert "has 1 of the 2 pictures" in capsys.readouterr().err


def test_waiting_for_examples_is_told_from_working():
    class Clock:
        waited = 0.0

    class Steps:
        device = type("device", (), {"type": "cpu"})
        taken = 0

        def start(self, step):
            assert step == 0

        def take_step(self):
            self.taken += 1
            Clock.waited += 1e6  # far longer than the step really takes
            return {}

    steps = Steps()
    _, share = time_steps(steps, lambda: Clock.waited, 3)
    assert steps.taken == 3
    assert share > 1
    _, share = time_steps(Steps(), lambda: 0.0, 3)
    assert share == 0
