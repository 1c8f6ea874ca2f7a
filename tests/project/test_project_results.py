"""Results: the newest, what replaces what, and their files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, NewResult

_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
_NEW = st.builds(
    NewResult,
    image_id=st.just(1),
    name=_TEXT,
    status=st.sampled_from(["finished", "failed"]),
    plane=st.sampled_from([PlaneAddress(), PlaneAddress(3, 1, 2, "_t0003_z001")]),
    n_cells=st.integers(0, 10**9),
    seconds=st.floats(0, 1e6),
    reason=_TEXT,
    files=st.lists(_TEXT, max_size=3).map(tuple),
)


@given(new=_NEW)
@settings(max_examples=8)
def test_what_was_recorded_comes_back(new: NewResult) -> None:
    with tempfile.TemporaryDirectory() as folder, Project.create(Path(folder) / "x") as project:
        project.images.add([FoundImage(Path("/d/x.tif"), Path("/d"))])
        record = project.results.record(new)
        assert project.results.get(record.id) == record
        for name in ("image_id", "name", "status", "plane", "n_cells", "seconds", "reason", "files"):
            assert getattr(record, name) == getattr(new, name)


def test_the_newest_comes_first(filled: Project) -> None:
    first = filled.results.record(NewResult(1, "one", n_cells=1))
    second = filled.results.record(NewResult(1, "two", n_cells=2))
    other = filled.results.record(NewResult(2, "one"))
    assert filled.results.of_image(1) == [second, first]
    assert filled.results.latest() == {1: second, 2: other}
    assert filled.results.set_names() == ["one", "two"]
    assert filled.results.in_set("one") == [first, other]


def test_a_newer_result_of_the_same_image_and_set_replaces_the_older(filled: Project) -> None:
    filled.results.record(NewResult(1, "cells", n_cells=1))
    newer = filled.results.record(NewResult(1, "cells", n_cells=2))
    assert filled.results.in_set("cells") == [newer]


def test_planes_of_an_image_stand_side_by_side_and_the_first_is_the_newest(filled: Project) -> None:
    planes = [
        NewResult(1, "cells", plane=PlaneAddress(0, z, suffix=f"_z{z:03d}"), n_cells=z) for z in range(3)
    ]
    recorded = filled.results.record_image(planes)
    assert [result.plane.suffix for result in recorded] == ["_z000", "_z001", "_z002"]
    assert filled.results.of_image(1) == recorded
    assert filled.results.latest()[1].plane.suffix == "_z000"
    filled.results.record_image(planes[:2])
    assert len(filled.results.of_image(1)) == 3


def test_a_failure_does_not_hide_the_files_of_an_earlier_success(filled: Project) -> None:
    good = filled.results.record(NewResult(1, "cells", n_cells=5))
    filled.results.record(NewResult(1, "cells", status="failed", reason="The disk was away."))
    failed = filled.results.record(NewResult(1, "cells", status="failed", reason="Again."))
    assert filled.results.of_image(1) == [failed, good]
    assert filled.results.latest()[1].reason == "Again."
    better = filled.results.record(NewResult(1, "cells", n_cells=6))
    assert filled.results.of_image(1) == [better]


def test_removing_results_or_images_keeps_files(filled: Project) -> None:
    path = filled.results_folder / "cells" / "a_labels.tif"
    path.parent.mkdir()
    path.write_bytes(b"labels")
    record = filled.results.record(NewResult(1, "cells", files=("results/cells/a_labels.tif",)))
    filled.results.record(NewResult(2, "cells"))
    assert filled.results.labels_path(record) == path
    filled.results.remove([record.id])
    filled.images.remove([2])
    assert filled.results.in_set("cells") == []
    assert path.read_bytes() == b"labels"
    with pytest.raises(KeyError):
        filled.results.get(record.id)


def test_files_are_found_by_what_they_are(filled: Project) -> None:
    names = ("a_labels.tif", "a_cells.csv", "a_overlay.png")
    record = filled.results.record(NewResult(1, "cells", files=tuple(f"results/{name}" for name in names)))
    assert filled.results.labels_path(record) is None  # the file is gone
    for name in names:
        (filled.results_folder / name).touch()
    assert filled.results.labels_path(record) == filled.results_folder / "a_labels.tif"
    assert filled.results.table_path(record) == filled.results_folder / "a_cells.csv"
    both = filled.results.record(NewResult(1, "both", files=(*record.files, "results/a_cells.parquet")))
    (filled.results_folder / "a_cells.parquet").touch()
    assert filled.results.table_path(both) == filled.results_folder / "a_cells.parquet"
