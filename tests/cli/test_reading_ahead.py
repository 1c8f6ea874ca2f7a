"""The next image is read while the network works, and its checksum is that of what is in the file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dinocell_app.export.provenance import file_sha256
from dinocell_app.pipeline import reading_ahead
from dinocell_app.pipeline.reading_ahead import ReadingAhead


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.tif" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 1000)
    return paths


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Which file was read on which thread."""
    seen: list[tuple[str, str]] = []

    def read(path: Path) -> str:
        seen.append((path.name, threading.current_thread().name))
        return file_sha256(path)

    monkeypatch.setattr(reading_ahead, "file_sha256", read)
    return seen


def test_each_file_is_read_once_and_all_but_the_first_ahead(
    files: list[Path], readers: list[tuple[str, str]]
) -> None:
    ahead = ReadingAhead(files)
    assert [ahead.checksum(path) for path in files] == [file_sha256(path) for path in files]
    assert [name for name, _ in readers] == ["0.tif", "1.tif", "2.tif"]
    assert [thread == "reading ahead" for _, thread in readers] == [False, True, True]


def test_a_file_that_changed_meanwhile_is_read_again(files: list[Path]) -> None:
    ahead = ReadingAhead(files)
    ahead.checksum(files[0])
    assert ahead._reading is not None
    ahead._reading.ended.wait()
    files[1].write_bytes(b"something longer than before" * 100)
    assert ahead.checksum(files[1]) == file_sha256(files[1])


def test_another_order_and_missing_files_do_no_harm(files: list[Path]) -> None:
    ahead = ReadingAhead([*files, files[0].with_name("missing.tif")])
    assert ahead.checksum(files[2]) == file_sha256(files[2])
    assert ahead.checksum(files[0]) == file_sha256(files[0])
    files[1].unlink()
    with pytest.raises(FileNotFoundError):
        ahead.checksum(files[1])


def test_folders_are_read_in_their_turn(
    tmp_path: Path, files: list[Path], readers: list[tuple[str, str]]
) -> None:
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    (folder / "0").write_bytes(b"chunk")
    ahead = ReadingAhead([files[0], folder])
    ahead.checksum(files[0])
    assert ahead.checksum(folder) == file_sha256(folder)
    assert readers[-1] == ("a.zarr", threading.current_thread().name)
