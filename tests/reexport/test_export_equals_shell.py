"""What the window exports is what the shell writes, file for file."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import tifffile

from dinocell_app.export.names import SUFFIXES
from dinocell_app.reexport.export_choice import ExportChoice
from dinocell_app.reexport.export_items import ExportItem, ExportItems
from dinocell_app.reexport.export_plan import plan_export
from dinocell_app.reexport.export_writing import write_export

ALL = tuple(name for name in SUFFIXES if name != "sidecar")
WITH_FLOWS = "cellpose"
"""The flows of the network are not kept, so this format comes without them unless the run wrote it."""


def blobs(shape, centres, radius=5):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    picture = np.zeros(shape)
    for row, column in centres:
        picture += np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * radius**2))
    return (picture / picture.max() * 4000).astype(np.uint16)


@pytest.fixture(scope="module", params=["plain", "guided"])
def runs(tiny_model, tmp_path_factory, request):
    """A folder segmented by the shell with every format, and with the formats a window keeps.

    Guided by a reference cell, results have columns of their own.
    """
    from dinocell_app.cli import main

    home = tmp_path_factory.mktemp("export")
    pictures = home / "pictures"
    (pictures / "day 1").mkdir(parents=True)
    tifffile.imwrite(
        pictures / "day 1" / "a.tif",
        blobs((48, 56), [(14, 14), (32, 38)]),
        imagej=True,
        resolution=(2, 2),
        metadata={"unit": "um"},
    )
    stack = np.stack([blobs((40, 40), [(12, 20)]), blobs((40, 40), [(20, 12), (30, 30)])])
    tifffile.imwrite(pictures / "b.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(pictures / "empty.tif", np.zeros((32, 32), np.uint16))
    words = ["segment", str(pictures), "-r", "--model", str(tiny_model), "--device", "cpu"]
    words += ["--diameter", "12px", "--min-confidence", "0"]
    if request.param == "guided":
        assert main([*words, "-o", str(home / "plain"), "--formats", "labels"]) == 0
        labels = home / "plain" / "day 1" / "a_labels.tif"
        words += ["--reference", f"{pictures / 'day 1' / 'a.tif'}@{labels}:1"]
    for name, formats in (("shell", ALL), ("window", ("labels", "overlay", "csv"))):
        done = main([*words, "-o", str(home / name), "--formats", *formats])
        assert done == 0
    return home


def items_of(folder: Path, pictures: Path) -> ExportItems:
    """The results in a folder, as a project would list them."""
    items = []
    for sidecar in sorted(folder.rglob(f"*{SUFFIXES['sidecar']}")):
        place = PurePosixPath(sidecar.relative_to(folder).as_posix())
        stem = place.with_name(place.name.removesuffix(SUFFIXES["sidecar"]))
        items.append(ExportItem(stem, folder, Path(json.loads(sidecar.read_text())["input_path"])))
    assert len(items) == 4
    return ExportItems(tuple(items))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def without_times(name: str, content: bytes) -> object:
    """What a file says without what differs between any two runs."""
    if name.endswith("images.csv"):
        header, *rows = [line.split(",") for line in content.decode().splitlines()]
        place = header.index("seconds")
        return [header, *[row[:place] + row[place + 1 :] for row in rows]]
    return content


def test_files_made_from_kept_results_equal_the_shells(runs, tmp_path):
    formats = tuple(name for name in ALL if name != WITH_FLOWS)
    choice = ExportChoice(formats=formats, folder=str(tmp_path / "out"))
    plan = plan_export(items_of(runs / "window", runs / "pictures"), choice)
    outcomes = list(write_export(plan))
    assert {(done.outcome, done.reason) for done in outcomes} == {("written", "")}
    exported, expected = contents(tmp_path / "out"), contents(runs / "shell")
    expected = {
        name: content
        for name, content in expected.items()
        if not name.endswith((SUFFIXES["sidecar"], SUFFIXES[WITH_FLOWS]))
    }
    assert sorted(exported) == sorted(expected)
    different = [
        name
        for name in expected
        if without_times(name, exported[name]) != without_times(name, expected[name])
    ]
    assert different == []


def test_files_that_a_run_wrote_are_copied(runs, tmp_path):
    choice = ExportChoice(formats=(*ALL, "sidecar"), folder=str(tmp_path / "out"))
    plan = plan_export(items_of(runs / "shell", runs / "pictures"), choice)
    assert all(done.outcome == "written" for done in write_export(plan))
    assert contents(tmp_path / "out") == contents(runs / "shell")
