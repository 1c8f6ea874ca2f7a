"""Trainings, imports and exports of models on a full disk: a sentence with the file, nothing half done."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from dinocell_training.checkpoint import save_checkpoint
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dinocell_app.base.errors import ModelError
from dinocell_app.cli import main
from dinocell_app.commands import execution
from dinocell_app.commands.execution import events_of
from dinocell_app.jobs.events import JobFailed, JobStarted
from dinocell_app.jobs.job_kinds import MeasureJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.model import tensor_files
from dinocell_app.model.catalogue import MODELS_VARIABLE
from dinocell_app.model.manifest import read_manifest
from dinocell_app.model.model_folder import load_model
from dinocell_app.model.tensor_files import require_finite, save_tensors
from dinocell_app.model.weights_file import WEIGHTS_NAME, sha256_of

FULL = "Error while serializing: I/O error: No space left on device (os error 28)"


@contextmanager
def small_disk(place: Path, kilobytes: int):
    """Mount a disk of some kilobytes, where this is allowed."""
    place.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(place)]
    if sys.platform != "linux" or subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("drives may not be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_weights_on_a_full_disk(tmp_path):
    with small_disk(tmp_path / "disk", 200):
        with pytest.raises(OSError, match="No space left") as refused:
            save_tensors(tmp_path / "disk" / "a.safetensors", {"a": torch.zeros(1_000_000)})
        assert refused.value.errno == errno.ENOSPC
        assert refused.value.filename == str(tmp_path / "disk" / "a.safetensors")
        assert not list((tmp_path / "disk").iterdir())


def test_an_error_of_safetensors_that_is_not_the_disk_s_stays(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise SafetensorError("Error while serializing: shared memory")

    monkeypatch.setattr(tensor_files, "save_file", refuse)
    with pytest.raises(SafetensorError, match="shared memory"):
        save_tensors(tmp_path / "a.safetensors", {})


class NoSpace:
    """What a training keeps, on a disk without room."""

    def __init__(self, folder):
        self.folder = folder

    def __iter__(self):
        yield JobStarted("finetune", 2)
        network = torch.nn.Linear(2, 2)
        optimiser = torch.optim.AdamW(network.parameters())
        from dinocell_training.checkpoint import TrainingState

        save_checkpoint(TrainingState(network, None, optimiser), self.folder)


@pytest.mark.parametrize(
    "error",
    [
        SafetensorError(FULL),
        OSError(errno.ENOSPC, "No space left"),
        OSError(errno.EFBIG, "too large"),
    ],
)
def test_a_training_ends_with_a_sentence(tmp_path, monkeypatch, capsys, error):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(tensor_files, "save_file", refuse)
    run = RunFolder.create(
        tmp_path / "run", MeasureJob(images=tmp_path, labels=tmp_path, output=tmp_path / "o")
    )
    monkeypatch.setattr(execution, "_events_of", lambda *_: iter(NoSpace(run.checkpoints)))
    assert main(["run", str(run.path)]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert f"{run.checkpoints / 'last.safetensors'}: the disk is full. Free some space" in said
    last = run.events()[-1]
    assert isinstance(last, JobFailed)
    assert "the disk is full" in last.reason
    assert not list(run.checkpoints.iterdir())


def test_errors_that_are_not_the_disk_s_are_not_called_so(tmp_path, monkeypatch):
    def raising(*_):
        yield JobStarted("measure", 1)
        raise OSError(errno.EINVAL, "odd")

    monkeypatch.setattr(execution, "_events_of", raising)
    job = MeasureJob(images=tmp_path, labels=tmp_path, output=tmp_path / "o")
    with pytest.raises(OSError, match="odd"):
        list(events_of(job, lambda: False))


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_importing_a_model_on_a_full_disk(tiny_model, tmp_path, monkeypatch, capsys, kind):
    source = tiny_model
    if kind == "archive":
        source = tmp_path / "tiny.zip"
        assert main(["models", "export", str(tiny_model), "-o", str(source)]) == 0
    with small_disk(tmp_path / "disk", 60):
        monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "disk"))
        assert main(["models", "import", str(source), "--name", "mine"]) == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert "Free some space" in said
        assert not list((tmp_path / "disk").iterdir())


def test_exporting_a_model_on_a_full_disk(tiny_model, tmp_path, capsys):
    with small_disk(tmp_path / "disk", 20):
        assert main(["models", "export", str(tiny_model), "-o", str(tmp_path / "disk" / "tiny.zip")]) == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert f"{tmp_path / 'disk' / 'tiny.zip'}: the disk is full" in said
        assert not list((tmp_path / "disk").iterdir())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused_by_name(tiny_model, tmp_path, value):
    folder = tmp_path / "sick"
    shutil.copytree(tiny_model, folder)
    weights = load_file(folder / WEIGHTS_NAME)
    name = sorted(name for name, tensor in weights.items() if tensor.is_floating_point())[3]
    weights[name].view(-1)[0] = value
    save_file(weights, folder / WEIGHTS_NAME)
    manifest = read_manifest(folder).model_copy(update={"sha256": sha256_of(folder / WEIGHTS_NAME)})
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with pytest.raises(ModelError, match=rf"no numbers \(NaN or infinite\), in {name}"):
        load_model(folder)


def test_whole_numbers_and_no_numbers_at_all_are_fine(tmp_path):
    require_finite({"n": torch.tensor([1, 2]), "none": torch.zeros(0)}, tmp_path)
    assert os.listdir(tmp_path) == []
