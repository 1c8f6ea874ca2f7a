"""A folder with any mixture of odd entries gives the results of its good images."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from dinocell_training.pairing import find_pairs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dinocell_app.base.odd_files import why_unusable
from dinocell_app.jobs.events import ImageFailed, ImageSegmented, InputLeftOut
from dinocell_app.pipeline.label_pairs import pair_images
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.project.adding import find_images
from dinocell_app.project.records import FoundImage
from tests.faults.conftest import IMAGES, results

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are bytes on Linux alone")

Make = Callable[[Path, Path], None]


def entry(name: bytes | str, make: Callable[[str], object]) -> Make:
    """Put something into a folder under a name; the second folder holds good images."""

    def into(folder: Path, _good: Path) -> None:
        make(os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else os.fsencode(name)))

    return into


def good_image(name: bytes | str) -> Make:
    def into(folder: Path, good: Path) -> None:
        target = os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else os.fsencode(name))
        shutil.copy(good / IMAGES[0], os.fsdecode(target))

    return into


def write(content: bytes) -> Callable[[bytes], object]:
    def into(path: bytes) -> None:
        with open(path, "wb") as file:
            file.write(content)

    return into


def circle(path: bytes) -> None:
    os.symlink(os.path.basename(path) + b"2.tif", path)
    os.symlink(os.path.basename(path), path + b"2.tif")


def listening(path: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        # The path of a socket has to be short.
        here = os.getcwd()
        os.chdir(os.path.dirname(path))
        try:
            end.bind(os.path.basename(path))
        finally:
            os.chdir(here)


LEFT_OUT: dict[str, Make] = {
    "not UTF-8": good_image(b"10\xb5m.tif"),
    "folder not UTF-8": entry(b"caf\xe9", os.mkdir),
    "circular link": entry("round.tif", circle),
    "link to itself": entry("me.tif", lambda path: os.symlink(os.path.basename(path), path)),
    "dangling link": entry("gone.tif", lambda path: os.symlink(b"nowhere.tif", path)),
    "link to a device": entry("zero.tif", lambda path: os.symlink(b"/dev/zero", path)),
    "pipe": entry("pipe.tif", os.mkfifo),
    "socket": entry("socket.tif", listening),
    "folder named like an image": entry("folder.tif", os.mkdir),
    "link to the folder itself": entry("up.tif", lambda path: os.symlink(b".", path)),
    "second name of an image": entry("z second.tif", lambda path: os.symlink(IMAGES[0].encode(), path)),
    "hidden": good_image(".hidden.tif"),
    "text": entry("notes.txt", write(b"hello")),
    "no suffix": entry("tif", write(b"II*\x00")),
}
FAILS: dict[str, Make] = {
    "nothing in it": entry("empty.tif", write(b"")),
    "another kind": entry("word.tif", write(b"hello, this is no image at all")),
    "name of 255 bytes": good_image("n" * 251 + ".tif"),
    "name of 242 bytes": good_image("ß" * 119 + ".tif"),
}
WORKS: dict[str, Make] = {
    "carriage return": good_image("car\rriage.tif"),
    "line end": good_image("li\nne.tif"),
    "escape sequence": good_image("\x1b[2J\x1b]0;owned\x07.tif"),
    "line separator": good_image("sep\u2028\x85.tif"),
    "looks like an option": good_image("--output.tif"),
    "quotes, commas": good_image('"a",b;c.tif'),
    "blanks": good_image("   .tif"),
    "name of 230 bytes": good_image("字" * 75 + ".tif"),
    "right to left": good_image("\u202egpj.tif"),
}
ODD = {**LEFT_OUT, **FAILS, **WORKS}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def assert_good_images_are_done(make_run, pictures: Path, undisturbed, kinds: Iterable[str]) -> None:
    kinds = sorted(kinds)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = place / "in"
        shutil.copytree(pictures, folder)
        for kind in kinds:
            ODD[kind](folder, pictures)
        run = make_run(place, inputs=(folder,))
        attempt = run.attempt()

        assert "Traceback" not in attempt.said
        assert "\x1b" not in attempt.said
        found = results(run.output)
        for name, content in undisturbed.items():
            if name.endswith(("labels.tif", "overlay.png")) or (
                name.endswith("_cells.csv") and name[0] in "ab"
            ):
                assert found[name] == content, name
        told = Counter(type(event) for event in attempt.events)
        n_failing, n_working = (sum(kind in group for kind in kinds) for group in (FAILS, WORKS))
        assert attempt.code == (3 if n_failing else 0), attempt.said
        assert told[ImageFailed] == n_failing
        assert told[ImageSegmented] == len(IMAGES) + n_working
        assert told[InputLeftOut] >= sum(kind in LEFT_OUT for kind in kinds)
        for sentence in attempt.sentences:
            assert "fault of the program" not in sentence
        # Every row is a row, and every image that was done has one.
        images = rows(run.output / "images.csv")
        assert len(images) == len(IMAGES) + n_working + n_failing
        assert all(row["status"] for row in images)
        cells = rows(run.output / "cells.csv")
        assert {row["image"] for row in cells} <= {row["image"] for row in images}
        assert all(row["label"].isdigit() for row in cells)
        assert len(cells) == sum(int(row["n_cells"]) for row in images if row["status"] != "failed")

        added = list(find_images([folder], recursive=True))
        usable = {each.path.name for each in added if isinstance(each, FoundImage)}
        assert set(IMAGES) <= usable
        assert sum(isinstance(each, FoundImage) for each in added) == len(images)
        labels = place / "labels"
        labels.mkdir()
        for image in IMAGES:
            shutil.copy(run.output / f"{image[0]}_labels.tif", labels / image)
        for kind in kinds:
            ODD[kind](labels, pictures)
        pairs = pair_images(folder, labels, recursive=True).pairs
        assert set(IMAGES) <= {pair.first.name for pair in pairs}
        find_pairs(folder)


@pytest.fixture
def check(make_run, pictures, undisturbed) -> Callable[[Iterable[str]], None]:
    """Put odd entries of some kinds into a folder, segment it and look at everything."""
    return lambda kinds: assert_good_images_are_done(make_run, pictures, undisturbed, kinds)


@settings(
    max_examples=6,
    phases=[Phase.generate],  # a smaller mixture would tell no more, and each takes seconds
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(kinds=st.sets(st.sampled_from(sorted(ODD)), min_size=1, max_size=6))
def test_any_mixture(check, kinds):
    check(kinds)


def test_all_of_them_together(check):
    check(ODD)


def test_an_odd_entry_that_is_named_itself_is_left_out(make_run, pictures, tmp_path):
    circle(os.fsencode(tmp_path / "round.tif"))
    os.mkfifo(tmp_path / "pipe.tif")
    run = make_run(tmp_path / "run", inputs=(tmp_path / "round.tif", tmp_path / "pipe.tif", pictures))
    attempt = run.attempt()
    assert attempt.code == 0
    left = {Path(e.path).name: e.reason for e in attempt.events if isinstance(e, InputLeftOut)}
    assert left == {
        "round.tif": "a link that leads back to itself",
        "pipe.tif": "a pipe, not a file",
    }


def test_a_name_that_is_too_long_is_told_with_its_length(make_run, pictures, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(pictures / IMAGES[0], folder / ("n" * 240 + ".tif"))
    attempt = make_run(tmp_path / "run", inputs=(folder,)).attempt()
    (reason,) = attempt.failed.values()
    assert "the name of the image has 244 bytes" in reason
    assert "disks take 255" in reason
    assert "Shorten the name of the image by 3 or more letters" in reason
    os.rename(folder / ("n" * 240 + ".tif"), folder / ("n" * 237 + ".tif"))
    assert make_run(tmp_path / "again", inputs=(folder,)).attempt().code == 0


def test_a_path_longer_than_the_system_takes_has_a_reason(tmp_path):
    assert why_unusable(tmp_path / ("n" * 300 + ".tif")) == "its path is too long for this system"


def test_looking_for_images_can_be_stopped(make_run, pictures, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(50):
        shutil.copy(pictures / IMAGES[0], folder / f"{number}.tif")
    run = make_run(tmp_path / "run", inputs=(folder,))
    asked = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) == 5

    (ended,) = segment_images(run.job, should_stop)
    assert (ended.n_finished, ended.stopped) == (0, True)
    assert len(asked) == 5
    assert not run.output.exists()
