"""Following runs: exactly once, half-written lines, crashes of the run and of the window."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.export.provenance import write_sidecar
from dinocell_app.jobs.events import (
    Event,
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    JobFailed,
    JobFinished,
    JobStarted,
    Notice,
    PlaneFound,
    TilesPredicted,
    to_json_line,
)
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.project import run_events
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, RunRecord
from dinocell_app.project.run_events import apply_new_events
from dinocell_app.project.segment_jobs import segment_job

WriteEvents = Callable[[Path, list[Event]], None]


@pytest.fixture
def run(filled: Project) -> RunRecord:
    """A queued run of all images."""
    ids = [image.id for image in filled.images.all()]
    return filled.runs.add("cells", segment_job(filled, ids, SegmentSettings(), "cells"), ids)


def _segmented(project: Project, image_id: int, n_cells: int = 5) -> ImageSegmented:
    name = Path(project.images.get(image_id).relative_path)
    labels = f"images/{name.with_suffix('').as_posix()}_labels.tif"
    plane = PlaneFound(PlaneAddress(0, 0), n_cells, (labels,))
    return ImageSegmented(f"images/{name}", n_cells, 2.0, (plane,), str(project.images.path(image_id)))


def test_a_run_is_added_with_its_job(filled: Project, run: RunRecord) -> None:
    assert (run.state, run.total, run.kind, run.name) == ("queued", 5, "segment", "cells")
    assert run.folder == filled.runs_folder / str(run.id)
    assert RunFolder(run.folder).read_job().kind == "segment"
    assert filled.runs.all() == [run]


def test_events_become_results_and_a_state(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    assert apply_new_events(filled, run.id) == []
    failed = ImageFailed("b", "It is empty.", str(filled.images.path(run.image_ids[1])))
    events = [
        JobStarted("segment", 5),
        TilesPredicted("a", 1, 2),
        _segmented(filled, run.image_ids[0]),
        failed,
    ]
    write_events(run.folder, events)
    with RunFolder(run.folder).locked():
        assert apply_new_events(filled, run.id) == events
        assert apply_new_events(filled, run.id) == []
    now = filled.runs.get(run.id)
    assert (now.state, now.n_finished, now.n_failed) == ("running", 1, 1)
    found = filled.results.latest()
    assert found[run.image_ids[0]].n_cells == 5
    assert found[run.image_ids[0]].files == ("results/cells/images/a2_labels.tif",)
    assert found[run.image_ids[0]].run_id == run.id
    assert (found[run.image_ids[1]].status, found[run.image_ids[1]].reason) == ("failed", "It is empty.")
    write_events(run.folder, [JobFinished(4, 1, 9.0)])
    apply_new_events(filled, run.id)
    assert apply_new_events(filled, run.id) == []
    assert filled.runs.get(run.id).state == "finished"


@pytest.mark.parametrize(
    ("last", "state", "problem"),
    [
        (JobFinished(1, 0, 1.0, stopped=True), "stopped", ""),
        (JobFailed("The model is missing."), "failed", "The model is missing."),
    ],
)
def test_a_run_can_end_early(
    filled: Project, run: RunRecord, write_events: WriteEvents, last: Event, state: str, problem: str
) -> None:
    write_events(run.folder, [JobStarted("segment", 5), last])
    apply_new_events(filled, run.id)
    assert (filled.runs.get(run.id).state, filled.runs.get(run.id).problem) == (state, problem)


def test_a_half_written_line_waits_for_its_end(filled: Project, run: RunRecord) -> None:
    line = (to_json_line(Notice("ä µm")) + "\n").encode()
    path = RunFolder(run.folder).events_path
    for cut in range(1, len(line)):
        path.write_bytes(line[:cut])
        assert apply_new_events(filled, run.id) == []
    path.write_bytes(line)
    assert apply_new_events(filled, run.id) == [Notice("ä µm")]


def test_lines_that_are_no_events_are_passed_over(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    RunFolder(run.folder).events_path.write_bytes(
        b'{"event": "Fro\n[1]\n\xff\xfe\n{"event": "FromTheFuture"}\n'
    )
    write_events(run.folder, [Notice("here")])
    assert apply_new_events(filled, run.id) == [Notice("here")]


def test_long_records_are_taken_over_in_parts(
    filled: Project, run: RunRecord, write_events: WriteEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "BYTES_AT_A_TIME", 100)
    events: list[Event] = [Notice("n" * length) for length in (3, 500, 30, 90, 5)]
    write_events(run.folder, events)
    seen: list[Event] = []
    parts = 0
    while new := apply_new_events(filled, run.id):
        seen += new
        parts += 1
    assert seen == events
    assert parts > 1


def test_a_run_that_died_is_interrupted_and_can_be_queued_again(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    write_events(run.folder, [JobStarted("segment", 5), _segmented(filled, run.image_ids[0])])
    with RunFolder(run.folder).locked():
        apply_new_events(filled, run.id)
        apply_new_events(filled, run.id)
        assert filled.runs.get(run.id).state == "running"
    apply_new_events(filled, run.id)
    assert filled.runs.get(run.id).state == "interrupted"
    filled.runs.set_state(run.id, "queued")
    apply_new_events(filled, run.id)
    assert filled.runs.get(run.id).state == "queued"
    skipped = _segmented(filled, run.image_ids[0])
    again = ImageSkipped(skipped.image, 5, skipped.planes, skipped.path)
    write_events(run.folder, [JobStarted("segment", 5), again, JobFinished(5, 0, 1.0)])
    apply_new_events(filled, run.id)
    assert filled.runs.get(run.id).state == "finished"
    assert filled.results.latest()[run.image_ids[0]].seconds == 2.0  # as when it was made


def test_a_paused_run_stays_paused_and_a_waiting_one_is_not_interrupted(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    filled.runs.set_state(run.id, "paused")
    apply_new_events(filled, run.id)
    assert filled.runs.get(run.id).state == "paused"
    RunFolder(run.folder).pause_path.touch()
    write_events(run.folder, [JobStarted("segment", 5)])
    apply_new_events(filled, run.id)
    assert filled.runs.get(run.id).state == "paused"


def test_a_record_that_is_gone_is_said(filled: Project, run: RunRecord, write_events: WriteEvents) -> None:
    write_events(run.folder, [JobStarted("segment", 5)])
    apply_new_events(filled, run.id)
    RunFolder(run.folder).events_path.unlink()
    assert apply_new_events(filled, run.id) == []
    now = filled.runs.get(run.id)
    assert now.state == "interrupted"
    assert "events.jsonl" in now.problem


def test_a_record_that_was_replaced_is_read_again(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    write_events(run.folder, [JobStarted("segment", 5), Notice("n" * 300)])
    apply_new_events(filled, run.id)
    RunFolder(run.folder).events_path.unlink()
    write_events(run.folder, [Notice("new")])
    assert apply_new_events(filled, run.id) == [Notice("new")]


def _series(project: Project) -> tuple[RunRecord, list[PlaneFound], str]:
    """A run of one image of two slices, whose own name ends like that of a plane."""
    path = Path("/data/scan_t0001.tif")
    (image,) = project.images.add([FoundImage(path, path.parent, n_slices=2)])
    run = project.runs.add("cells", segment_job(project, [image.id], SegmentSettings(), "cells"), [image.id])
    planes = [
        PlaneFound(
            PlaneAddress(0, z, suffix=f"_z{z:03d}"),
            n_cells,
            tuple(f"data/scan_t0001_z{z:03d}_{end}" for end in ("labels.tif", "cells.csv")),
        )
        for z, n_cells in enumerate((4, 7))
    ]
    return run, planes, str(path)


def test_planes_become_results_of_their_own(project: Project, write_events: WriteEvents) -> None:
    run, planes, path = _series(project)
    write_events(run.folder, [ImageSegmented("data/scan", 11, 4.0, tuple(planes), path)])
    apply_new_events(project, run.id)
    results = {result.plane: result for result in project.results.of_image(run.image_ids[0])}
    assert {plane: result.n_cells for plane, result in results.items()} == {
        plane.address: plane.n_cells for plane in planes
    }
    files = results[PlaneAddress(0, 1, suffix="_z001")].files
    assert files == tuple(f"results/cells/{output}" for output in planes[1].outputs)


def _line_of_an_earlier_version(event: ImageSegmented) -> str:
    fields = json.loads(to_json_line(event))
    del fields["planes"]
    return json.dumps({**fields, "outputs": event.outputs}) + "\n"


def test_planes_of_an_earlier_version_are_told_apart_by_their_records(project: Project) -> None:
    run, planes, path = _series(project)
    for plane in planes:
        stem = plane.outputs[0].removesuffix("_labels.tif")
        record = PlaneRecord(
            model_id="m", model_sha256="", parameters={}, input_path=path, input_sha256="",
            device="cpu", precision="", n_cells=plane.n_cells, name=f"scan_t0001.tif{plane.address.suffix}",
        )  # fmt: skip
        sidecar = project.results_folder / "cells" / f"{stem}_segmentation.json"
        sidecar.parent.mkdir(parents=True, exist_ok=True)
        write_sidecar(sidecar, record)
        content = json.loads(sidecar.read_text())
        del content["plane"]
        sidecar.write_text(json.dumps(content))
    line = _line_of_an_earlier_version(ImageSegmented("data/scan", 11, 4.0, tuple(planes), path))
    RunFolder(run.folder).events_path.write_text(line)
    apply_new_events(project, run.id)
    results = {result.plane.suffix: result for result in project.results.of_image(run.image_ids[0])}
    assert {suffix: result.n_cells for suffix, result in results.items()} == {"_z000": 4, "_z001": 7}
    assert [results["_z001"].plane.z, results["_z001"].plane.t] == [1, None]
    assert results["_z001"].files == tuple(f"results/cells/{output}" for output in planes[1].outputs)


def test_planes_of_an_earlier_version_whose_records_are_gone_stay_together(project: Project) -> None:
    run, planes, path = _series(project)
    line = _line_of_an_earlier_version(ImageSegmented("data/scan", 11, 4.0, tuple(planes), path))
    RunFolder(run.folder).events_path.write_text(line)
    apply_new_events(project, run.id)
    (result,) = project.results.of_image(run.image_ids[0])
    assert (result.n_cells, len(result.files)) == (11, 4)


def test_events_of_images_taken_out_since_do_no_harm(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    event = _segmented(filled, run.image_ids[0])
    filled.images.remove([run.image_ids[0]])
    write_events(run.folder, [event, ImageFailed("x", "old")])
    assert len(apply_new_events(filled, run.id)) == 2
    assert filled.results.latest() == {}
    assert filled.runs.get(run.id).image_ids == run.image_ids[1:]


def test_a_project_read_only_follows_nothing(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    write_events(run.folder, [Notice("x")])
    with Project.open(filled.folder) as second:
        assert apply_new_events(second, run.id) == []
    assert apply_new_events(filled, run.id) == [Notice("x")]


def test_the_queue_can_be_reordered_and_shortened(filled: Project, run: RunRecord) -> None:
    job = segment_job(filled, [1], SegmentSettings(), "more")
    second, third = filled.runs.add("more", job, [1]), filled.runs.add("most", job, [1])
    filled.runs.reorder([third.id])
    assert [other.id for other in filled.runs.all()] == [third.id, run.id, second.id]
    with RunFolder(third.folder).locked(), pytest.raises(InvalidParameterError, match="being executed"):
        filled.runs.remove(third.id)
    filled.runs.remove(third.id)
    assert not third.folder.exists()
    assert filled.runs.add("next", job, [1]).id > third.id


FOLLOW = """
import sys
from pathlib import Path
from dinocell_app.project import run_events
from dinocell_app.project.project import Project
run_events.BYTES_AT_A_TIME = 2000
project = Project.open(Path(sys.argv[1]))
print("following", flush=True)
while run_events.apply_new_events(project, 1):
    pass
"""


def test_a_killed_window_takes_over_every_event_exactly_once(
    filled: Project, run: RunRecord, write_events: WriteEvents
) -> None:
    events: list[Event] = [JobStarted("segment", 1500)]
    events += [_segmented(filled, run.image_ids[n % 5], n) for n in range(1500)]
    write_events(run.folder, events)
    filled.close()
    killed = 0
    for attempt in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", FOLLOW, str(filled.folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 * (attempt + 1))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed
    with Project.open(filled.folder) as again, RunFolder(run.folder).locked():
        before = again.runs.get(run.id).n_finished
        rest = 0
        while new := apply_new_events(again, run.id):
            rest += sum(isinstance(event, ImageSegmented) for event in new)
        assert before + rest == again.runs.get(run.id).n_finished == 1500
        counts = [again.results.latest()[image_id].n_cells for image_id in run.image_ids]
        assert counts == [1495, 1496, 1497, 1498, 1499]
