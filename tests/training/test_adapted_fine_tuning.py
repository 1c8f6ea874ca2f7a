"""Adapting and teaching in one run: in order, stopped and resumed as one, judged on what neither saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.execution import events_of
from dinocell_app.jobs.events import Event, InputLeftOut, JobFinished, JobStarted, Notice, StepFinished
from dinocell_app.jobs.job_files import make_job
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_settings import AdaptationSettings, TrainingSettings
from dinocell_app.model.manifest import read_manifest

ADAPTATION = AdaptationSettings(
    epochs=1, steps_per_epoch=3, batch_size=2, global_size=32, local_size=16, n_local=1, n_prototypes=16,
    hidden_width=16, bottleneck_width=8, warmup_epochs=0, precision="fp32",
)  # fmt: skip


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    folder.mkdir()
    for index in range(4):
        labels = np.zeros((48, 48), np.uint16)
        labels[4 + index : 16, 6:20], labels[26:40, 22 : 36 + index] = 1, 2
        noise = np.random.default_rng(index).integers(0, 30, labels.shape)
        tifffile.imwrite(folder / f"p{index}.tif", ((labels > 0) * 100 + noise).astype(np.uint8))
        tifffile.imwrite(folder / f"p{index}_masks.tif", labels)
    return folder


@pytest.fixture
def job(labelled: Path, tiny_model: Path, tmp_path: Path) -> AdaptThenTeachJob:
    kept = labelled / "p1.tif"
    adaptation = AdaptJob(
        inputs=tuple(labelled / f"p{index}.tif" for index in range(4)), excluded=(kept,),
        output=tmp_path / "run" / "adapted", base_model=str(tiny_model), preset="own", device="cpu",
        adaptation=ADAPTATION,
    )  # fmt: skip
    fine_tuning = FineTuneJob(
        data=(labelled,), output=tmp_path / "run" / "model", base_model=str(adaptation.output),
        held_out_images=(kept,), device="cpu", crop_size=32,
        training=TrainingSettings(epochs=1, steps_per_epoch=2, batch_size=2, warmup_epochs=0),
    )  # fmt: skip
    return AdaptThenTeachJob(adaptation=adaptation, fine_tuning=fine_tuning)


def do(folder: RunFolder, steps: int = 1 << 30) -> Iterator[Event]:
    left = steps
    for event in folder.record(events_of(folder.read_job(), folder.should_stop, folder.path)):
        left -= isinstance(event, StepFinished)
        if left == 0:
            folder.stop_path.touch()
        yield event


def test_a_network_is_adapted_and_then_taught(job: AdaptThenTeachJob, tmp_path: Path) -> None:
    events = list(do(RunFolder.create(tmp_path / "run", job)))
    assert [event.kind for event in events if isinstance(event, JobStarted)] == ["adapt", "finetune"]
    assert [event.step for event in events if isinstance(event, StepFinished)] == [1, 2, 3, 1, 2]
    assert [event for event in events if isinstance(event, JobFinished)] == [events[-1]]
    left_out = [event for event in events if isinstance(event, InputLeftOut)]
    assert [(Path(event.path).name, event.reason) for event in left_out] == [("p1.tif", "kept for judging")]
    adapted, model = read_manifest(job.adaptation.output), read_manifest(job.output)
    assert adapted.needs_teaching
    assert not model.needs_teaching
    assert [step.split()[0] for step in model.lineage] == ["tiny", "adapted"]
    assert json.loads((job.output / "held_out.json").read_text())["pictures"][0]["path"].endswith("p1.tif")


def test_stopped_in_the_first_part_it_teaches_nothing_and_goes_on_there(
    job: AdaptThenTeachJob, tmp_path: Path
) -> None:
    folder = RunFolder.create(tmp_path / "run", job)
    first = list(do(folder, steps=2))
    assert isinstance(first[-1], JobFinished)
    assert first[-1].stopped
    assert not (job.output / "manifest.json").exists()
    again = list(do(folder))
    assert Notice("Resumed after step 2") in again
    assert [event.step for event in again if isinstance(event, StepFinished)] == [3, 1, 2]
    assert folder.finished()
    assert (job.output / "manifest.json").exists()


def test_stopped_in_the_second_part_the_first_is_not_done_again(
    job: AdaptThenTeachJob, tmp_path: Path
) -> None:
    folder = RunFolder.create(tmp_path / "run", job)
    list(do(folder, steps=4))
    again = list(do(folder))
    assert [event.kind for event in again if isinstance(event, JobStarted)] == ["finetune"]
    assert folder.finished()


def test_parts_that_do_not_follow_each_other_are_refused(job: AdaptThenTeachJob) -> None:
    fields = job.model_dump(mode="json")
    assert make_job(fields) == job
    fields["fine_tuning"]["base_model"] = "dinocell-s8"
    with pytest.raises(InvalidParameterError, match="is not the output of adaptation"):
        make_job(fields)
