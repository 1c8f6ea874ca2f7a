"""A model that comes while the window is open is offered in the dock."""

from __future__ import annotations

import shutil

import pytest

from dinocell_app.model.catalogue import MODELS_VARIABLE
from dinocell_app.ui.segment.segment_panel import SegmentPanel
from tests.ui.segment.segment_stand_ins import Picture, Session, ViewerPanel


@pytest.mark.parametrize("is_there", [True, False])
def test_a_model_that_was_trained_elsewhere_is_offered(qtbot, tmp_path, tiny_model, monkeypatch, is_there):
    folder = tmp_path / "own" / "models"
    monkeypatch.setenv(MODELS_VARIABLE, str(folder))
    if is_there:
        folder.mkdir(parents=True)
    session, viewer_panel = Session([Picture()]), ViewerPanel()
    qtbot.addWidget(viewer_panel)
    panel = SegmentPanel(session, viewer_panel)
    qtbot.addWidget(panel)
    models = panel.form.model.list

    def offered():
        return [models.itemText(row) for row in range(models.count())]

    qtbot.waitUntil(lambda: panel.form.model.card() is not None, timeout=20_000)
    before = offered()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(tiny_model, folder / "mine")
    qtbot.waitUntil(lambda: len(offered()) == len(before) + 1, timeout=20_000)
