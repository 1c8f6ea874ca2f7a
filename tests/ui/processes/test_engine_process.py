"""Previews through the real process: what they find, what goes wrong, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.jobs.preview_messages import PreviewRequest
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.ui.processes.engine import Engine

WAIT_MS = 120_000


@pytest.fixture
def picture(tmp_path):
    rows, columns = np.mgrid[:96, :128]
    image = np.zeros((96, 128))
    for row, column in ((20, 20), (20, 60), (60, 40), (70, 100)):
        image += np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 5.0**2))
    path = tmp_path / "four.tif"
    tifffile.imwrite(path, (image * 200).astype(np.uint8))
    return path


@pytest.fixture
def settings(tiny_model):
    return SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where temporary folders go during the test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def engine(qapp, temporary):
    engine = Engine()
    yield engine
    engine.shut_down()


def ask(path, settings, region=None) -> PreviewRequest:
    return PreviewRequest(path, 0, 0, "grey", region, settings)


def finish(qtbot, engine, ask_for):
    """Ask, and wait for what becomes of the request."""
    answers = []
    engine.previewed.connect(lambda number, result: answers.append((number, result)))
    engine.failed.connect(lambda number, sentence: answers.append((number, sentence)))
    number = ask_for()
    qtbot.waitUntil(lambda: any(answer[0] == number for answer in answers), timeout=WAIT_MS)
    return next(answer for given, answer in answers if given == number)


def test_preview_and_decoding_through_the_process(qtbot, qtlog, engine, picture, settings, temporary):
    states, progress = [], []
    engine.state_changed.connect(states.append)
    engine.progressed.connect(lambda *numbers: progress.append(numbers))
    whole = finish(qtbot, engine, lambda: engine.preview(ask(picture, settings)))
    assert (whole.n_cells, whole.labels.shape, whole.device) == (4, (96, 128), "cpu")
    assert progress[-1][1] == progress[-1][2] > 1
    assert states == ["starting", "busy", "ready"]
    progress.clear()
    none = finish(qtbot, engine, lambda: engine.decode(SegmentSettings(min_size="5000px")))
    assert none.n_cells == 0
    assert not progress
    part = finish(qtbot, engine, lambda: engine.preview(ask(picture, settings, (40, 80, 100, 100))))
    assert (part.n_cells, part.region, part.labels.shape) == (1, (40, 80, 56, 48), (56, 48))
    assert not list(temporary.rglob("*.npy"))
    missing = finish(qtbot, engine, lambda: engine.preview(ask(picture.with_name("gone.tif"), settings)))
    assert "gone.tif" in missing
    again = finish(qtbot, engine, lambda: engine.preview(ask(picture, settings)))
    np.testing.assert_array_equal(again.labels, whole.labels)
    drawn = []
    engine.features_drawn.connect(lambda *answer: drawn.append(answer))
    number = engine.draw_features(ask(picture, settings, (0, 0, 50, 60)))
    qtbot.waitUntil(lambda: bool(drawn), timeout=WAIT_MS)
    assert drawn[0][0] == number
    assert drawn[0][1].shape == (50, 60, 3)
    assert tuple(drawn[0][2]) == (0, 0, 50, 60)
    assert not list(temporary.rglob("*.npy"))
    engine.shut_down()
    assert engine.state == "off"
    assert not list(temporary.iterdir())
    assert [record.message for record in qtlog.records] == []


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_killed_process_is_a_sentence_and_the_next_preview_starts_another(
    qtbot, engine, picture, settings, temporary
):
    finish(qtbot, engine, lambda: engine.preview(ask(picture, settings)))

    def ask_and_kill() -> int:
        os.kill(engine._process.processId(), signal.SIGKILL)
        return engine.preview(ask(picture, settings))

    sentence = finish(qtbot, engine, ask_and_kill)
    assert "ended unexpectedly" in sentence
    assert engine.state == "failed"
    assert not list(temporary.iterdir())
    assert finish(qtbot, engine, lambda: engine.preview(ask(picture, settings))).n_cells == 4


def test_a_program_that_is_missing_is_a_sentence(qtbot, engine, picture, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert "cannot be started" in finish(qtbot, engine, lambda: engine.preview(ask(picture, settings)))


def test_requests_that_are_given_up_are_said_to_be(qtbot, engine, tmp_path, settings):
    large = tmp_path / "large.tif"
    tifffile.imwrite(large, np.tile(np.arange(64, dtype=np.uint8), (640, 10)))
    cancelled, previewed = [], []
    engine.cancelled.connect(cancelled.append)
    engine.previewed.connect(lambda number, result: previewed.append(number))
    first = engine.preview(ask(large, settings))
    with qtbot.waitSignal(engine.progressed, timeout=WAIT_MS):
        pass
    engine.cancel()
    qtbot.waitUntil(lambda: first in cancelled, timeout=WAIT_MS)
    assert not previewed
    assert engine.state == "ready"


def test_a_process_whose_window_is_gone_ends_and_clears_up(tmp_path, picture, settings):
    import subprocess

    from dinocell_app.jobs.preview_messages import PreviewAsked, message_from_line, message_to_line
    from dinocell_app.run_queue.processes import application_command, application_environment

    folder = tmp_path / "arrays"
    process = subprocess.Popen(
        application_command("engine", "--folder", str(folder)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=application_environment(),
        cwd=Path.home(),
    )
    with process:
        process.stdin.write(message_to_line(PreviewAsked(1, ask(picture, settings))).encode() + b"\n")
        process.stdin.flush()
        kinds = []
        while "Previewed" not in kinds:
            kinds.append(type(message_from_line(process.stdout.readline())).__name__)
        assert folder.exists()
        process.stdin.close()
        assert process.wait(60) == 0
    assert not folder.exists()
