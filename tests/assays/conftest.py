"""A tiny model among the user's models, images of three cells, and a job that segments them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import pictures  # noqa: F401 - a fixture


@pytest.fixture
def installed(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the user's models, with the tiny one in it."""
    models = tmp_path / "models"
    shutil.copytree(tiny_model, models / "tiny")
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(models))
    return models


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    from dinocell_app.jobs.job_files import write_job
    from dinocell_app.jobs.job_kinds import SegmentJob

    path = tmp_path / "job.json"
    job = SegmentJob(
        inputs=(tmp_path / "elsewhere",),
        output=tmp_path / "gone",
        model="tiny",
        device="cpu",
        flow_threshold=0,
        diameter={"value": 14, "unit": "px"},
        batch_size=1,
        overwrite=True,
    )
    write_job(path, job)
    return path


@pytest.fixture
def assay_file(installed: Path, job_file: Path, tmp_path: Path) -> Path:
    from dinocell_app.cli import main

    path = tmp_path / "three cells.dinocell-assay"
    limits = ("--require", "n_cells >= 3", "--expect", "confluency <= 0.001")
    assert main(["assay", "make", str(job_file), "-o", str(path), *limits]) == 0
    return path
