"""Domain adaptation as a run: the same weights however often it is broken off, and a model at its end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.adaptation_presets import FEWEST_STEPS, choose_sizes
from dinocell_training.starting_point import starting_point
from pydantic import ValidationError
from safetensors.numpy import load_file

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.commands.execution import events_of
from dinocell_app.jobs.events import Event, InputLeftOut, JobFinished, JobStarted, Notice, StepFinished
from dinocell_app.jobs.job_kinds import AdaptJob, FineTuneJob, SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_settings import AdaptationSettings, TrainingSettings
from dinocell_app.model.manifest import read_manifest
from dinocell_app.run_queue.processes import application_environment

STEPS = 6
SETTINGS = AdaptationSettings(
    epochs=2, steps_per_epoch=STEPS // 2, batch_size=2, global_size=32, local_size=16, n_local=2,
    n_prototypes=16, hidden_width=16, bottleneck_width=8, warmup_epochs=0, learning_rate=0.05,
    precision="fp32", drop_path=0.3,
)  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for n in range(5):
        pixels = np.kron(rng.random((8, 8)), np.ones((6, 6))) + 0.1 * rng.random((48, 48))
        tifffile.imwrite(folder / f"{n}.tif", (pixels * 4000).astype(np.uint16))
    return folder


@pytest.fixture
def job(pictures: Path, tiny_model: Path, tmp_path: Path) -> AdaptJob:
    return AdaptJob(
        inputs=(pictures,),
        output=tmp_path / "adapted",
        base_model=str(tiny_model),
        preset="own",
        device="cpu",
        adaptation=SETTINGS,
        licence="CC0",
    )


class _StopAfter:
    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        return self.left <= 0

    def watch(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            self.left -= isinstance(event, StepFinished)
            yield event


def _do(job: AdaptJob, folder: Path, steps: int = 1 << 30) -> list[Event]:
    stop = _StopAfter(steps)
    return list(stop.watch(events_of(job, stop, folder)))


def _weights(folder: Path) -> dict[str, np.ndarray]:
    return load_file(folder / "weights.safetensors")


def _differs(one: Path, other: Path) -> list[str]:
    first, second = _weights(one), _weights(other)
    assert first.keys() == second.keys()
    return [name for name in first if not np.array_equal(first[name], second[name])]


def test_a_run_ends_with_a_model_that_fine_tuning_starts_from(
    job: AdaptJob, tiny_model: Path, tmp_path: Path
) -> None:
    events = _do(job, tmp_path / "run")
    started = next(event for event in events if isinstance(event, JobStarted))
    assert (started.kind, started.total) == ("adapt", STEPS)
    assert sum(isinstance(event, StepFinished) for event in events) == STEPS
    assert isinstance(events[-1], JobFinished)
    assert events[-1].outputs == (str(job.output),)
    changed = _differs(tiny_model, job.output)
    assert any(name.startswith("backbone.blocks") for name in changed)
    assert all(name.startswith("backbone.") for name in changed)
    fine_tuning = FineTuneJob(
        data=job.inputs, output=tmp_path / "taught", base_model=str(job.output), training=TrainingSettings()
    )
    lineage = starting_point(fine_tuning)[1].lineage
    assert [step.split()[0] for step in lineage] == ["tiny", "adapted"]
    adapted = read_manifest(job.output)
    assert adapted.training_data[-1].licence == "CC0"
    assert adapted.needs_teaching
    assert not starting_point(fine_tuning)[1].needs_teaching
    segment = SegmentJob(inputs=job.inputs, output=tmp_path / "masks", model=str(job.output), device="cpu")
    with pytest.raises(ModelError, match="Teach it with labelled images first"):
        list(events_of(segment, lambda: False, tmp_path / "segment-run"))


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(job: AdaptJob, tmp_path: Path) -> None:
    whole = job.model_copy(update={"output": tmp_path / "whole" / "adapted"})
    _do(whole, tmp_path / "whole-run")
    for steps in (1, 3):
        first = _do(job, tmp_path / "parts-run", steps)
        assert isinstance(first[-1], JobFinished)
        assert first[-1].stopped
        assert _differs(job.output, whole.output)
    last = _do(job, tmp_path / "parts-run")
    assert Notice("Resumed after step 4") in last
    assert not _differs(job.output, whole.output)


def test_stop_in_the_run_folder_ends_within_a_step(job: AdaptJob, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", job)
    seen = []
    for event in folder.record(events_of(job, folder.should_stop, folder.path)):
        seen.append(event)
        if isinstance(event, StepFinished) and event.step == 2:
            folder.stop_path.touch()
    assert max(event.step for event in seen if isinstance(event, StepFinished)) == 2
    assert not folder.finished()
    assert (job.output / "manifest.json").exists()
    assert not folder.stop_path.exists()


def test_unusable_pictures_are_reported_and_too_few_are_refused(job: AdaptJob, tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    tifffile.imwrite(folder / "blank.tif", np.zeros((48, 48), np.uint16))
    tifffile.imwrite(folder / "good.tif", np.arange(48 * 48, dtype=np.uint16).reshape(48, 48))
    events = events_of(job.model_copy(update={"inputs": (folder,)}), lambda: False, tmp_path / "run")
    left_out = next(events)
    assert isinstance(left_out, InputLeftOut)
    assert left_out.path.endswith("blank.tif")
    with pytest.raises(InvalidParameterError, match="1 of the 2 pictures"):
        next(events)


def test_numbers_that_a_preset_would_not_use_are_refused(job: AdaptJob) -> None:
    content = job.model_dump() | {"preset": "laptop"}
    with pytest.raises(ValidationError, match=r"n_prototypes.* would not be used"):
        AdaptJob.model_validate(content)
    kept = {"seed": 3, "precision": "fp32", "workers": 1}
    assert AdaptJob.model_validate(content | {"adaptation": kept}).adaptation.seed == 3


def test_another_runs_model_is_not_replaced(job: AdaptJob, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="a model is there already"):
        _do(job.model_copy(update={"output": tiny_model}), tmp_path / "run")


def test_the_plan_takes_the_first_sizes_of_which_enough_steps_fit() -> None:
    candidates = [AdaptationSettings(epochs=20, batch_size=size) for size in (16, 8, 4, 2)]
    seconds = {16: None, 8: 60 / FEWEST_STEPS * 1.5, 4: 60 / FEWEST_STEPS / 2, 2: 0.001}
    chosen = choose_sizes(candidates, lambda settings: seconds[settings.batch_size], minutes=1)
    assert chosen.batch_size == 4
    assert chosen.total_steps == 2 * FEWEST_STEPS
    for measured, said in ((6.0, "Give it 20 minutes at least, better 60 minutes"), (None, "memory")):
        with pytest.raises(InvalidParameterError, match=said):
            choose_sizes(candidates, lambda _, seconds=measured: seconds, minutes=1)


def test_measured_sizes_are_kept_for_when_the_run_goes_on(job: AdaptJob, tmp_path: Path) -> None:
    laptop = job.model_copy(update={"preset": "laptop", "minutes": 5.0})
    _do(laptop, tmp_path / "run", 1)
    settings = (tmp_path / "run" / "settings.json").read_text()
    events = _do(laptop, tmp_path / "run", 1)
    assert (tmp_path / "run" / "settings.json").read_text() == settings
    assert not any(isinstance(event, Notice) and "trying" in event.message for event in events)


def _command(job: AdaptJob, output: Path, batch_size: int) -> list[str]:
    return [
        *("-m", "dinocell_app", "train", "adapt", str(job.inputs[0]), "-o", str(output), "--preset", "own"),
        *("--base", str(job.base_model), "--device", "cpu", "--epochs", "1", "--steps", "3"),
        *("--batch-size", str(batch_size), "--large-views", "32", "--small-views", "16"),
        *("--n-small-views", "1", "--prototypes", "16", "--hidden-width", "16", "--warmup-epochs", "0"),
        *("--precision", "fp32", "--learning-rate", "0.05"),
    ]


def _start(words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    environment = application_environment() | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *words], env=environment, cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _wait(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=280)
    assert process.returncode == 0, said[-2000:]
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun wants libuv, which Windows builds lack")
def test_two_processes_adapt_together(job: AdaptJob, tiny_model: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
    _wait(_start([*launcher, *_command(job, job.output, batch_size=2)], tmp_path))
    assert any(name.startswith("backbone.blocks") for name in _differs(tiny_model, job.output))
    events = RunFolder(tmp_path / "adapted-run").events()
    assert [event.step for event in events if isinstance(event, StepFinished)] == [1, 2, 3]


@pytest.mark.skipif(sys.platform == "win32", reason="kills as only POSIX systems can")
def test_a_killed_run_folder_goes_on_to_the_same_weights(job: AdaptJob, tmp_path: Path) -> None:
    whole = job.model_copy(update={"output": tmp_path / "whole" / "adapted"})
    # In a process too: sums depend in their last digits on how many threads share them.
    uninterrupted = RunFolder.create(tmp_path / "whole-run", whole)
    _wait(_start(["-m", "dinocell_app", "run", str(uninterrupted.path)], tmp_path))
    folder = RunFolder.create(tmp_path / "run", job)
    process = _start(["-m", "dinocell_app", "run", str(folder.path)], tmp_path)
    deadline = time.monotonic() + 120
    while not (folder.checkpoints / "last.safetensors").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    _wait(_start(["-m", "dinocell_app", "run", str(folder.path)], tmp_path))
    assert folder.finished()
    assert not _differs(job.output, whole.output)
