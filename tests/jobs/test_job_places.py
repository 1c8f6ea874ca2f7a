"""Jobs that move between computers with the folder they lie in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob
from dinocell_app.jobs.job_places import job_from_moving_json, job_to_moving_json
from dinocell_app.jobs.run_folder import RunFolder


def both(run: Path) -> AdaptThenTeachJob:
    adaptation = AdaptJob(inputs=(Path("/lab/many"),), output=run / "adapted")
    teaching = FineTuneJob(
        data=(Path("/lab/labelled"),), output=run / "model", base_model=str(adaptation.output)
    )
    return AdaptThenTeachJob(adaptation=adaptation, fine_tuning=teaching)


def test_what_lies_in_the_run_folder_moves_with_it(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "here", both(tmp_path / "here"))
    assert str(tmp_path) not in (tmp_path / "here" / "job.json").read_text()
    (tmp_path / "here").rename(tmp_path / "there")
    moved = RunFolder(tmp_path / "there").read_job()
    assert moved == both(tmp_path / "there")
    assert RunFolder.create(tmp_path / "there", both(tmp_path / "there")).read_job() == moved


def test_other_folders_are_where_one_says(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, both(tmp_path))
    moved = RunFolder(tmp_path, [("/lab", "/scratch/user")]).read_job()
    assert isinstance(moved, AdaptThenTeachJob)
    assert moved.adaptation.inputs == (Path("/scratch/user/many"),)
    assert moved.fine_tuning.data == (Path("/scratch/user/labelled"),)
    only = RunFolder(tmp_path, [("/lab/labelled", "/other")]).read_job()
    assert isinstance(only, AdaptThenTeachJob)
    assert only.fine_tuning.data == (Path("/other"),)
    assert only.adaptation.inputs == (Path("/lab/many"),)


def test_a_folder_named_by_windows_is_found_elsewhere() -> None:
    job = FineTuneJob(data=(Path("x"),), output=Path("/run/model"))
    content = json.loads(job_to_moving_json(job, Path("/run"))) | {"data": ["D:\\lab\\cells\\one"]}
    read = job_from_moving_json(json.dumps(content), Path("/run"), [("D:\\lab", "/scratch")])
    assert isinstance(read, FineTuneJob)
    assert read.data == (Path("/scratch/cells/one"),)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1, max_size=12))
def test_neighbours_with_a_like_name_stay_where_they_are(name: str) -> None:
    run = Path("/runs/1")
    job = FineTuneJob(data=(Path(f"/runs/1{name}"), Path(f"/runs/1/{name}")), output=run / "model")
    read = job_from_moving_json(job_to_moving_json(job, run), Path("/elsewhere"))
    assert isinstance(read, FineTuneJob)
    assert read.data == (Path(f"/runs/1{name}"), Path(f"/elsewhere/{name}"))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(UnreadableFileError, match="is no job file"):
        RunFolder(tmp_path).read_job()
    (tmp_path / "job.json").unlink()
    with pytest.raises(UnreadableFileError, match="the job cannot be read"):
        RunFolder(tmp_path).read_job()
    with pytest.raises(InvalidParameterError, match="is no run folder"):
        RunFolder(tmp_path / "none").read_job()
