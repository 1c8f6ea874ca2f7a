"""A small real run, what it gives when nothing disturbs it, and how to say that a disturbed one is sound."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.lengths import Length
from dinocell_app.cli import main
from dinocell_app.jobs.events import Event, ImageFailed, JobFailed
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.pipeline import segmentation_job

IMAGES = ("a.tif", "b.tif")


@dataclass(frozen=True)
class Attempt:
    """How one execution of a run ended."""

    code: int
    events: tuple[Event, ...]
    said: str

    @property
    def failed(self) -> dict[str, str]:
        """Reasons by image."""
        return {event.image: event.reason for event in self.events if isinstance(event, ImageFailed)}

    @property
    def sentences(self) -> list[str]:
        """Everything that went wrong, as the user reads it."""
        last = self.said.strip().splitlines()[-1:] if self.code == 2 else []
        ended = [event.reason for event in self.events if isinstance(event, JobFailed)]
        return [*self.failed.values(), *ended, *last]


class SmallRun:
    """A run of two pictures that can be done again and again."""

    def __init__(self, folder: Path, job: SegmentJob, read_said: Callable[[], str]) -> None:
        self.output = job.output
        self.job = job
        self._read_said = read_said
        self._n_seen = 0
        self.run = RunFolder.create(folder / "run", job)

    def attempt(self) -> Attempt:
        """Execute the run as the shell does; anything but a sentence for the user is raised."""
        self._read_said()
        code = main(["run", str(self.run.path)])
        events = self.run.events()
        new, self._n_seen = events[self._n_seen :], len(events)
        return Attempt(code, tuple(new), self._read_said())


def results(folder: Path) -> dict[str, object]:
    """Every file of an output folder, by name; tables and records without times of day and seconds."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".json":
            record = json.loads(path.read_text(encoding="utf-8"))
            found[name] = {key: value for key, value in record.items() if key not in ("seconds", "created")}
        elif name == "images.csv":
            with path.open(encoding="utf-8", newline="") as lines:
                found[name] = [
                    {k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(lines)
                ]
        else:
            found[name] = path.read_bytes()
    return found


def assert_whole(folder: Path, undisturbed: dict[str, object]) -> None:
    """Whatever has a final name is what an undisturbed run would have written."""
    for name, content in results(folder).items():
        assert name in undisturbed, f"{name} is left over"
        if name in ("images.csv", "columns.csv", "methods.txt", "cells.csv"):
            continue  # of the images there are; they are compared when the run is resumed
        if name.endswith(".json"):
            assert isinstance(content, dict)
            expected = undisturbed[name]
            assert isinstance(expected, dict)
            # A record without outputs claims files that are being written and proves none.
            assert content in (expected, {**expected, "outputs": {}, "digests": {}})
        else:
            assert content == undisturbed[name], f"{name} is partial"


def assert_told(attempt: Attempt, *words: str) -> None:
    """What went wrong is told in sentences that say what, where and what to do."""
    assert "Traceback" not in attempt.said
    assert attempt.sentences, "nothing was told"
    for sentence in attempt.sentences:
        assert "fault of the program" not in sentence, sentence
        assert "\n" not in sentence
        assert sentence.rstrip().endswith(".")
        assert "/" in sentence, f"no file is named: {sentence}"
        assert any(word in sentence for word in words), sentence


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures of three cells each."""
    folder = tmp_path_factory.mktemp("pictures")
    rows, columns = np.mgrid[:40, :56]
    for number, name in enumerate(IMAGES):
        picture = np.zeros(rows.shape)
        for row, column in ((12, 12 + number), (12 + number, 40), (29, 26)):
            picture += np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 32)
        tifffile.imwrite(folder / name, (picture * 200).astype(np.uint8))
    return folder


@pytest.fixture
def make_run(
    pictures: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], SmallRun]:
    """Give a function that makes the run anew in a folder; the network is loaded once."""
    monkeypatch.setattr(segmentation_job, "load_model", cache(segmentation_job.load_model))

    def make(folder: Path, **changes: object) -> SmallRun:
        job = SegmentJob(
            inputs=(pictures,),
            output=folder / "out",
            model=str(tiny_model),
            device="cpu",
            flow_threshold=0,
            diameter=Length(value=14),
        )
        return SmallRun(folder, job.model_copy(update=changes), lambda: capsys.readouterr().err)

    return make


@pytest.fixture
def undisturbed(make_run: Callable[[Path], SmallRun], tmp_path: Path) -> dict[str, object]:
    """Results of the run when nothing happens to it."""
    run = make_run(tmp_path / "undisturbed")
    assert run.attempt().code == 0
    return results(run.output)
