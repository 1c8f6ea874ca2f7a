"""Images worked on beside each other give the files and the events of images done one after the other."""

from __future__ import annotations

import dataclasses
import filecmp
import threading
from collections.abc import Generator
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import Cancelled, ModelError
from dinocell_app.jobs.events import Event, ImageFailed, ImageSegmented, JobFinished, TilesPredicted
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.pipeline import segmentation_job
from dinocell_app.pipeline.inputs import PlannedImage
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.pipeline.working_ahead import Turn, WorkingAhead

pytestmark = pytest.mark.timeout(60)

IMAGES = [PlannedImage(Path(f"{name}.tif"), PurePosixPath(name)) for name in "abcde"]


@pytest.fixture
def job(tiny_model: Path, tmp_path: Path) -> SegmentJob:
    rows, columns = np.mgrid[:60, :80]
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(6):
        spot = np.exp(-((rows - 20 - 3 * number) ** 2 + (columns - 30) ** 2) / 32)
        tifffile.imwrite(folder / f"image_{number}.tif", (spot * 200).astype(np.uint8))
    (folder / "image_3.tif").write_bytes(b"II*\0" + bytes(100))
    return SegmentJob(inputs=(folder,), output=tmp_path / "plain", model=str(tiny_model), device="cpu")


def told(events: list[Event]) -> list[Event]:
    """Events without times."""
    return [dataclasses.replace(e, seconds=0.0) if hasattr(e, "seconds") else e for e in events]


def test_files_and_events_are_those_of_one_after_the_other(
    job: SegmentJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = list(segment_images(job))
    monkeypatch.setattr(segmentation_job, "AHEAD_DEVICES", {"cpu"})
    ahead = list(segment_images(job.model_copy(update={"output": tmp_path / "ahead"})))
    assert told(ahead) == told(plain)
    assert sum(isinstance(event, ImageSegmented) for event in ahead) == 5
    assert sum(isinstance(event, ImageFailed) for event in ahead) == 1
    names = sorted(path.name for path in (tmp_path / "plain").iterdir())
    assert sorted(path.name for path in (tmp_path / "ahead").iterdir()) == names
    for name in names:
        if name.endswith((".tif", ".png", "cells.csv", "columns.csv")):
            assert filecmp.cmp(tmp_path / "ahead" / name, tmp_path / "plain" / name, shallow=False), name


def test_a_stop_ends_what_is_begun_and_a_later_run_completes_it(
    job: SegmentJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmentation_job, "AHEAD_DEVICES", {"cpu"})
    stop = threading.Event()
    seen = []
    for event in segment_images(job, stop.is_set):
        seen.append(event)
        if isinstance(event, ImageSegmented):
            stop.set()
    assert isinstance(seen[-1], JobFinished)
    assert seen[-1].stopped
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("segmenting")]
    again = list(segment_images(job))
    assert isinstance(again[-1], JobFinished)
    assert (again[-1].n_finished, again[-1].n_failed) == (5, 1)


def test_a_consumer_that_goes_away_ends_what_is_begun(
    job: SegmentJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmentation_job, "AHEAD_DEVICES", {"cpu"})
    events = segment_images(job)
    for event in events:
        if isinstance(event, TilesPredicted):
            break
    events.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("segmenting")]


class Steps:
    """Work whose course the test decides: an image goes on when its gate is open."""

    def __init__(self) -> None:
        self.gates = {image.name: threading.Event() for image in IMAGES}
        self.begun: list[str] = []
        self.closed: list[str] = []

    def __call__(self, image: PlannedImage) -> Generator[Event, None, Event]:
        self.begun.append(image.name)
        try:
            yield TilesPredicted(image.name, 1, 1)
            self.gates[image.name].wait()
            yield TilesPredicted(image.name, 1, 1)
        except GeneratorExit:
            self.closed.append(image.name)
            raise
        return ImageSegmented(image.name, 0, 0.0)


def wait_until(condition: object) -> None:
    waiting = threading.Event()
    while not condition():  # type: ignore[operator]
        waiting.wait(0.01)


def test_two_images_at_most_are_begun_ahead() -> None:
    steps, called_off = Steps(), threading.Event()
    with WorkingAhead(IMAGES, steps, lambda image: True, called_off) as ahead:
        first = ahead.do(IMAGES[0])
        next(first)
        wait_until(lambda: len(steps.begun) == 3)
        steps.gates["b.tif"].set()
        steps.gates["c.tif"].set()
        assert steps.begun == ["a.tif", "b.tif", "c.tif"]
        steps.gates["a.tif"].set()
        assert len(list(first)) == 1
        second = ahead.do(IMAGES[1])
        next(second)
        wait_until(lambda: len(steps.begun) == 4)
        for gate in steps.gates.values():
            gate.set()
    assert steps.begun == ["a.tif", "b.tif", "c.tif", "d.tif"]
    assert steps.closed


def test_large_images_are_worked_on_alone() -> None:
    steps = Steps()
    for gate in steps.gates.values():
        gate.set()
    large = {"b.tif"}
    closed_before: dict[str, list[str]] = {}
    with WorkingAhead(IMAGES, steps, lambda image: image.name not in large, threading.Event()) as ahead:
        for image in IMAGES[:2]:
            list(ahead.do(image))
            closed_before[image.name] = list(steps.begun)
    assert closed_before["a.tif"] == ["a.tif"]
    assert closed_before["b.tif"] == ["a.tif", "b.tif"]


def test_what_is_raised_on_an_image_comes_in_its_turn() -> None:
    def work(image: PlannedImage) -> Generator[Event, None, Event]:
        yield TilesPredicted(image.name, 1, 1)
        if image.name == "b.tif":
            raise ModelError("cannot be used")
        return ImageSegmented(image.name, 0, 0.0)

    with WorkingAhead(IMAGES, work, lambda image: True, threading.Event()) as ahead:
        assert len(list(ahead.do(IMAGES[0]))) == 1
        second = ahead.do(IMAGES[1])
        next(second)
        with pytest.raises(ModelError):
            next(second)


def test_a_turn_is_one_at_a_time_and_waiting_for_it_ends_when_called_off() -> None:
    called_off = threading.Event()
    turn = Turn(called_off)
    raised: list[str] = []

    def wait() -> None:
        try:
            with turn:
                raised.append("had it")
        except Cancelled:
            raised.append("called off")

    with turn:
        waiting = threading.Thread(target=wait)
        waiting.start()
        called_off.set()
        waiting.join()
    with turn:
        pass
    assert raised == ["called off"]
