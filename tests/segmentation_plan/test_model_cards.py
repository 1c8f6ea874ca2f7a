"""What is said of a model that brings no card of its own."""

from __future__ import annotations

import json
import shutil

from dinocell_app.model.catalogue import MODELS_VARIABLE, describe
from dinocell_app.model.manifest import read_manifest
from dinocell_app.segmentation_plan.model_cards import read_model_cards

SCORES = [("wells", "ap_0.5", 0.8125), ("wells", "seg", 0.75), ("slides", "ap_0.5", 0.5)]


def test_scores_stand_in_one_row_for_each_data_set(tiny_model, tmp_path, monkeypatch):
    folder = tmp_path / "models" / "mine"
    shutil.copytree(tiny_model, folder)
    (folder / "card.md").unlink(missing_ok=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["scores"] = [{"data_set": data, "metric": name, "value": value} for data, name, value in SCORES]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setenv(MODELS_VARIABLE, str(folder.parent))
    page = read_model_cards().find(manifest["id"]).page
    assert "| data | part | ap_0.5 | seg |" in page
    assert "| wells | test | 0.812 | 0.750 |" in page
    assert "| slides | test | 0.500 |  |" in page
    assert "wells test: ap_0.5 0.812, seg 0.750" in describe(read_manifest(folder))
