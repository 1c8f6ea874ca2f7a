"""Models by name: shipped ones, the user's own, and those that cannot be used."""

import shutil

import pytest

from dinocell_app.base.errors import ModelError
from dinocell_app.model.catalogue import describe, find_model, list_models, models_folder
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, Score, TrainingSet, read_manifest
from dinocell_app.model.segmenter_config import DINOCELL_S8


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """An installation of its own: nothing shipped, and nothing of the user's."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr("dinocell_app.model.catalogue.resource_path", lambda *_: folder)
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "own"))
    return folder


def put(tiny_model, folder, **changes):
    shutil.copytree(tiny_model, folder)
    manifest = read_manifest(folder).model_copy(update={"id": folder.name, **changes})
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(), "utf-8")
    return folder


def test_models_are_listed_shipped_ones_first(shipped, tiny_model):
    for folder in (models_folder() / "a", shipped / "z", shipped / "y", models_folder() / ".import-1"):
        put(tiny_model, folder, id=folder.name.strip("."))
    (models_folder() / "notes").mkdir()
    (models_folder() / "file").write_text("x")
    entries, errors = list_models()
    assert [(entry.manifest.id, entry.origin) for entry in entries] == [
        ("y", "shipped"),
        ("z", "shipped"),
        ("a", "own"),
    ]
    assert errors == []
    assert [find_model(entry.manifest.id) for entry in entries] == [entry.folder for entry in entries]


def test_an_own_model_comes_before_a_shipped_one_of_its_name(shipped, tiny_model):
    put(tiny_model, shipped / "cells")
    own = put(tiny_model, models_folder() / "cells")
    assert find_model("cells") == own
    assert len(list_models()[0]) == 1


def test_an_installation_without_models_works(shipped, monkeypatch):
    def missing(*_):
        raise FileNotFoundError

    monkeypatch.setattr("dinocell_app.model.catalogue.resource_path", missing)
    assert list_models() == ([], [])
    with pytest.raises(ModelError, match="Choose one of these: none"):
        find_model("cells")


def test_a_damaged_model_is_reported_and_hides_no_other(shipped, tiny_model):
    put(tiny_model, shipped / "sound")
    damaged = put(tiny_model, models_folder() / "damaged")
    (damaged / MANIFEST_NAME).write_text("{", "utf-8")
    entries, errors = list_models()
    assert [entry.manifest.id for entry in entries] == ["sound"]
    assert [error.path for error in errors] == [damaged / MANIFEST_NAME]
    with pytest.raises(ModelError, match="manifest cannot be read"):
        find_model("damaged")


def test_a_model_is_found_by_its_folder(shipped, tiny_model, monkeypatch):
    assert find_model(tiny_model) == tiny_model
    monkeypatch.chdir(tiny_model.parent)
    assert find_model(f"./{tiny_model.name}").samefile(tiny_model)
    monkeypatch.chdir(tiny_model)
    assert find_model(".").samefile(tiny_model)
    with pytest.raises(ModelError):
        find_model("")


def test_what_is_not_there_is_answered_with_what_is(shipped, tiny_model, tmp_path):
    put(tiny_model, shipped / "cells")
    with pytest.raises(ModelError, match=r"'nuclei'.*Choose one of these: cells;"):
        find_model("nuclei")
    (tmp_path / "model.zip").write_text("x")
    with pytest.raises(ModelError, match=r"dinocell-app models import model\.zip"):
        find_model(tmp_path / "model.zip")


def test_the_users_folder_may_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path))
    assert models_folder() == tmp_path
    monkeypatch.delenv("DINOCELL_APP_MODELS")
    assert models_folder().name == "models"
    assert "dinocell-app" in models_folder().parts


def test_a_description_says_what_matters():
    text = describe(
        Manifest.for_network(
            DINOCELL_S8,
            id="cells",
            name="Cells",
            description="For cells.",
            recommended_pixel_size_um=0.65,
            cell_diameter_range_px=(12, 60),
            training_data=(TrainingSet(name="Pictures", licence="CC0-1.0", use="fine-tuning"),),
            scores=(Score(data_set="Pictures", metric="AP 0.5", value=0.8125),),
            lineage=("DINOv2 ViT-S/14", "cells"),
            licence="BSD-3-Clause",
            attributions=("Someone",),
        )
    )
    for part in (
        "Cells (cells, version 1)",
        "For cells.",
        "12 to 60 pixels",
        "0.65 um",
        "DINOv2 ViT-S/14 -> cells",
        "Pictures (CC0-1.0) fine-tuning",
        "Pictures test: AP 0.5 0.812",
        "Licence: BSD-3-Clause",
        "Someone",
    ):
        assert part in text
    assert "\n\n" not in text


def test_what_comes_with_the_application_can_be_used():
    entries, errors = list_models()
    assert errors == []
    for entry in entries:
        assert entry.manifest.id == entry.folder.name
        assert entry.manifest.licence
