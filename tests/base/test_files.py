"""Files are whole or absent; errors name the file and the remedy."""

import json
import os
import time

import pytest

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.files import remove_leftovers, replacing, write_json
from dinocell_app.base.resource_files import resource_path
from dinocell_app.export.writing import whole_folder


def test_a_file_appears_only_when_the_block_ends_well(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with replacing(target) as beside:
        beside.write_text("whole")
        assert beside.suffix == ".txt"
        assert not target.exists()
    assert target.read_text() == "whole"


def _write_half(target):
    with replacing(target) as beside:
        beside.write_text("half")
        raise RuntimeError("interrupted")


def test_an_interrupted_write_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="interrupted"):
        _write_half(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_utf8_and_without_nan(tmp_path):
    write_json(tmp_path / "a.json", {"unit": "µm"})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"unit": "µm"}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"value": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_errors_say_what_where_and_what_to_do(tmp_path):
    error = UserFacingError("The file is cut short", path=tmp_path / "a.tif", remedy="Copy it again")
    assert str(error) == f"{tmp_path / 'a.tif'}: The file is cut short. Copy it again."


def test_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        resource_path("nowhere", "nothing.txt")


def test_what_a_killed_process_had_begun_is_removed_once_it_is_old(tmp_path):
    folder = tmp_path / "run" / "plate 1"
    folder.mkdir(parents=True)
    with replacing(folder / "cells.v2.csv") as beside:
        name = beside.name
    with whole_folder(folder / "image.zarr") as room:
        room_name = room.parent.name
    (folder / "image.zarr").rename(tmp_path / "away")
    (folder / "cells.v2.csv").unlink()
    (folder / name).write_text("half")
    (folder / room_name / "new").mkdir(parents=True)
    (folder / room_name / "new" / "0").write_text("half")
    ours = (".hidden.csv", "cells.partial.csv", ".notes-partial.csv", ".a-b.partial.csv")
    for other in ours:
        (folder / other).write_text("of a person")
    assert remove_leftovers(tmp_path / "run") == 0, "somebody may be writing them"
    long_ago = time.time() - 7200
    for path in (folder / name, folder / room_name / "new" / "0", *(folder / other for other in ours)):
        os.utime(path, (long_ago, long_ago))
    assert remove_leftovers(tmp_path / "run") == 1, "the folder was changed just now"
    for path in (folder / room_name / "new", folder / room_name):
        os.utime(path, (long_ago, long_ago))
    assert remove_leftovers(tmp_path / "run") == 1
    assert sorted(path.name for path in folder.iterdir()) == sorted(ours)
    assert remove_leftovers(tmp_path / "nowhere") == 0
