"""Whole files of what the application writes down itself: jobs, runs, settings, projects, corrections."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tifffile

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.jobs.events import (
    EpochFinished,
    Event,
    ImageFailed,
    ImageSegmented,
    ImageSkipped,
    InputLeftOut,
    JobFinished,
    JobStarted,
    Notice,
    PlaneFound,
    ReferencesDoubted,
    SamplePredicted,
    StepFinished,
    TilesPredicted,
    to_json_line,
)
from tests.fuzz.fuzz_files import cells, grey


def jobs(folder: Path) -> None:
    """A job file of most kinds."""
    from dinocell_app.base.lengths import Length
    from dinocell_app.jobs.job_files import make_job, write_job

    here = str(folder)
    for name, fields in {
        "segment": {"inputs": [here], "output": here, "channel": "mean", "diameter": Length.parse("18um")},
        "measure": {"images": here, "labels": here, "output": here},
        "evaluate": {"predicted": here, "reference": here, "output": here},
        "finetune": {"data": [here], "output": here, "name": "x"},
        "adapt": {"inputs": [here], "output": here, "name": "x"},
    }.items():
        write_job(folder / f"{name}.json", make_job({"kind": name, **fields}))


EVENTS: tuple[Event, ...] = (
    JobStarted("segment", 3),
    InputLeftOut("b.txt", "not an image"),
    TilesPredicted("a.tif", 1, 4),
    ReferencesDoubted("a.tif", 0.2, "/images/a.tif"),
    ImageSegmented(
        "a.tif",
        5,
        0.5,
        (PlaneFound(PlaneAddress(0, 0), 5, ("a_labels.tif", "a_cells.csv")),),
        "/images/a.tif",
    ),
    ImageSkipped(
        "b.tif",
        3,
        tuple(
            PlaneFound(PlaneAddress(t, 0, suffix=f"_t000{t}"), 1 + t, (f"b_t000{t}_labels.tif",))
            for t in (0, 1)
        ),
        "/images/b.tif",
    ),
    ImageFailed("c.tif", "It cannot be read.", "/images/c.tif"),
    Notice("Smaller batches."),
    StepFinished(1, 10, {"total": 1.5}, 1e-4),
    EpochFinished(1, 2, {"total": 1.0}, {"total": 2.0}, 3.5),
    SamplePredicted(1, "a.tif", 4, 5, "samples/1.png", "samples/1.tif", "samples/l.png"),
    JobFinished(2, 1, 4.0, outputs=("images.csv",)),
)


def run_folder(folder: Path) -> None:
    """A run folder with events, a list of held-out pictures, a history and a verdict."""
    from dinocell_training.held_out import HeldOut, HeldOutPicture
    from dinocell_training.verdict import JudgedPicture, PictureScores, Verdict

    from dinocell_app.jobs.job_files import make_job, write_job
    from dinocell_app.run_queue.order import QueueEntry, write_queue

    run = folder / "run"
    (run / "checkpoints").mkdir(parents=True)
    write_job(run / "job.json", make_job({"kind": "segment", "inputs": ["/images"], "output": "$RUN/out"}))
    (run / "events.jsonl").write_text("".join(to_json_line(event) + "\n" for event in EVENTS))
    HeldOut((HeldOutPicture(Path("/a.tif"), "0" * 64, Path("/a_labels.tif")),), frozenset({"f" * 64})).write(
        run
    )
    history = {"schema_version": 1, "epochs": [{"epoch": 1, "values": {"total": 1.5, "flow": None}}]}
    (run / "checkpoints" / "validation.json").write_text(json.dumps(history))
    scores = PictureScores(0.5, 0.25, 0.5, 0.5, 1, 0, 0, 0)
    names = {"true_picture": "t.png", "base_picture": "b.png", "new_picture": "n.png"}
    labels = {"base_labels": "b.tif", "new_labels": "n.tif"}
    picture = JudgedPicture(path="a.tif", n_true=3, base=scores, new=scores, **names, **labels)
    Verdict("better", "Better.", "ap_0.5", 0.4, 0.5, 0.1, 0.05, 0.2, 1, 3, (picture,)).write(run)
    write_queue(run, [QueueEntry("1"), QueueEntry("2", 3)])


def settings(folder: Path) -> None:
    """Settings of the application."""
    from dinocell_app.base.settings import ApplicationSettings, write_settings

    made = ApplicationSettings(shortcuts={"open": "Ctrl+O"}, window={"geometry": "AAAA"}, recent=("/a", "/b"))
    write_settings(made, folder / "settings.json")


def libraries(folder: Path) -> None:
    """A library of reference cells."""
    from dinocell_app.references.library import write_library
    from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType

    cell = ReferenceExample(np.arange(9, dtype=np.float32), "a.tif:1", grey(dtype=np.uint8)[:7, :9], "one")
    types = [ReferenceType("round", (cell,), (cell,), "#aa00ff")]
    write_library(folder / "cells.json", KeptReferences.of("ours", "a" * 64, types))


def records(folder: Path) -> None:
    """The record beside a result, and tables of cells."""
    import pandas as pd

    from dinocell_app.export.plane_record import PlaneRecord
    from dinocell_app.export.provenance import write_sidecar

    names = {"input_path": "a.tif", "input_sha256": "0" * 64, "model_id": "x", "model_sha256": "1" * 64}
    names |= {"parameters": {}}
    known = {name: value for name, value in names.items() if name in PlaneRecord.__dataclass_fields__}
    missing = {
        name: "x"
        for name, field in PlaneRecord.__dataclass_fields__.items()
        if field.default is field.default_factory and name not in known
    }
    write_sidecar(folder / "a.json", PlaneRecord(**(missing | known)))
    table = pd.DataFrame({"label": [1, 2], "area_px": [3.5, 4.0], "edge": [True, False], "type": ["a", ""]})
    table.to_csv(folder / "a_cells.csv", index=False)
    table.to_parquet(folder / "a_cells.parquet")


def projects(folder: Path) -> None:
    """A project with something in every table."""
    from dinocell_app.jobs.job_files import make_job
    from dinocell_app.jobs.segment_settings import SegmentSettings
    from dinocell_app.project.project import Project
    from dinocell_app.project.records import FoundImage, NewResult, PixelSizeScope
    from dinocell_app.project.references import CellPlace, ReferenceCell
    from dinocell_app.references.types import ReferenceExample
    from dinocell_app.regions.region import Region

    images = folder / "images"
    images.mkdir()
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(images / name, grey())
    with Project.create(folder / "p.dinocell") as project:
        from dinocell_app.project.adding import find_images

        found = [each for each in find_images([images], recursive=True) if isinstance(each, FoundImage)]
        first, second = project.images.add(found)
        project.images.set_tags([first.id], ["wild type"])
        project.images.set_note(second.id, "blurred")
        project.images.set_pixel_size(PixelSizeScope.project(), 0.5)
        project.images.set_pixel_size(PixelSizeScope.folder(first.root_id, ""), 0.4)
        project.displays.set([first.id], project.displays.get(first.id))
        job = make_job(
            {"kind": "segment", "inputs": [str(images)], "output": str(project.results_folder / "s")}
        )
        run = project.runs.add("s", job, [first.id, second.id])  # type: ignore[arg-type]
        (project.runs_folder / str(run.id) / "events.jsonl").write_text(
            "".join(to_json_line(event) + "\n" for event in EVENTS).replace("/images/", f"{images}/")
        )
        result = project.results.record(
            NewResult(first.id, "s", run_id=run.id, n_cells=3, files=("results/s/a_labels.tif",))
        )
        project.presets.save("mine", SegmentSettings())
        project.presets.set_current(SegmentSettings(channel="mean"))
        kind = project.references.add_type("round", "#aa00ff")
        example = ReferenceExample(
            np.arange(9, dtype=np.float32), "a.tif:1", grey(dtype=np.uint8)[:7, :9], "one"
        )
        place = CellPlace(first.id, 0, 0, 12, 7)
        project.references.add(ReferenceCell(0, kind.id, True, example, "ours", "a" * 64, place))
        project.judgements.set({(result.id, 1): "correct"})
        project.regions.put(first.id, [Region("one", ((1.0, 2.0), (20.0, 2.0), (20.5, 18.0)))])


def corrections(folder: Path) -> None:
    """The history of a result that was corrected, with a version and an edit undone."""
    from dinocell_app.editing.deltas import deltas_between
    from dinocell_app.editing.edit_history import EditHistory

    history = EditHistory(folder / "edits", cells, who="me")
    for label in (1, 2, 3):
        wanted = np.where(cells() == label, 0, history.labels)
        history.apply("delete", *deltas_between(history.labels, wanted))
        history.name_version(f"without {label}")
    history.undo()
    history.close()
