"""`dinocell-app train estimate`: costs of a training before it starts."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from dinocell_app.job_files import write_job
from dinocell_app.jobs import EvaluateJob, FineTuneJob
from dinocell_app.run_folder import RunFolder
from dinocell_app.training_settings import TrainingSettings
from training.estimates import time_steps


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
    assert cost["n_steps"] == 35
    assert (cost["n_training"], cost["n_held_out"]) == (2, 1)
    assert cost["seconds_per_step"] > 0
    assert cost["total_seconds"] == pytest.approx(
        35 * cost["seconds_per_step"] + 7 * cost["seconds_validation"]
    )
    assert 10 * 2**20 < cost["peak_memory_bytes"] < 10 * 2**30
    assert 0 < cost["loading_share"] < 1
    assert sorted(run.path.iterdir()) == before
    assert not job.output.exists()


def test_a_job_file_is_told_in_words(job, tmp_path, capsys):
    write_job(tmp_path / "job.json", job)
    assert main(["train", "estimate", "--job", str(tmp_path / "job.json")]) == 0
    said = capsys.readouterr().out
    assert "35 steps" in said
    assert "GiB" in said


def test_what_is_no_training_is_refused(tmp_path, capsys):
    write_job(tmp_path / "job.json", EvaluateJob(predicted=tmp_path, reference=tmp_path, output=tmp_path))
    assert main(["train", "estimate", "--job", str(tmp_path / "job.json")]) == 2
    assert "evaluate" in capsys.readouterr().err
    assert main(["train", "estimate"]) == 2


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
