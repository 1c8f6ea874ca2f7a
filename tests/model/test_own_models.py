"""One's own models renamed, copied and removed; shipped ones left alone; lineages that stay right."""

import shutil

import pytest

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.base.files import write_json
from dinocell_app.cli import main
from dinocell_app.model.catalogue import list_models, models_folder
from dinocell_app.model.lineage import lineage_of_child, made_from, parent_of
from dinocell_app.model.manifest import read_manifest
from dinocell_app.model.model_folder import load_model
from dinocell_app.model.own_models import (
    consequences_of_deleting,
    delete_model,
    duplicate_model,
    rename_model,
)


def put(tiny_model, folder, **changes):
    shutil.copytree(tiny_model, folder)
    changed = read_manifest(folder).model_copy(update={"id": folder.name, "name": folder.name, **changes})
    write_json(folder / "manifest.json", changed.model_dump(mode="json"))
    return changed


@pytest.fixture
def models(tmp_path, tiny_model, monkeypatch):
    """A shipped model, one's own, and one made from that."""
    monkeypatch.setattr("dinocell_app.model.catalogue.resource_path", lambda *_: tmp_path / "shipped")
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "own"))
    put(tiny_model, tmp_path / "shipped" / "general")
    first = put(tiny_model, models_folder() / "first", sha256="1" * 64)
    put(tiny_model, models_folder() / "second", sha256="2" * 64, lineage=lineage_of_child(first))
    return models_folder()


def entry(name):
    return next(each for each in list_models()[0] if each.manifest.id == name)


def names():
    return [each.manifest.id for each in list_models()[0]]


def test_lineages_stay_right_when_a_model_is_renamed(models):
    assert rename_model("first", "base-2026") == models / "base-2026"
    assert names() == ["general", "base-2026", "second"]
    entries = list_models()[0]
    parent = parent_of(entry("second").manifest, entries)
    assert parent is not None
    assert (parent.manifest.id, parent.manifest.name) == ("base-2026", "base-2026")
    assert made_from(parent.manifest, entries) == (entry("second"),)
    assert parent_of(parent.manifest, entries) is None


def test_a_name_may_have_blanks_and_its_id_has_none(models):
    assert rename_model("first", "HeLa cells, 20×") == models / "HeLa-cells-20"
    assert entry("HeLa-cells-20").manifest.name == "HeLa cells, 20×"
    assert duplicate_model("general", "our own") == models / "our-own"
    with pytest.raises(ModelError, match="there already"):
        rename_model("second", "our own")
    with pytest.raises(InvalidParameterError):
        rename_model("second", "  × ")


def test_a_copy_works_and_the_first_stays(models, tiny_model):
    duplicate_model("general", "mine")
    assert names() == ["general", "first", "mine", "second"]
    assert load_model(models / "mine").manifest.sha256 == read_manifest(tiny_model).sha256
    assert not [path for path in models.iterdir() if path.name.startswith(".")]


def test_what_is_removed_is_gone_and_what_was_made_from_it_stays(models, capsys):
    assert "go on working: second" in consequences_of_deleting("first")
    assert main(["models", "delete", "first"]) == 2
    assert "Nothing was removed" in capsys.readouterr().out
    assert "first" in names()
    assert main(["models", "delete", "first", "--yes"]) == 0
    assert names() == ["general", "second"]
    assert sorted(path.name for path in models.iterdir()) == ["second"]
    assert "Models made from it" not in consequences_of_deleting("second")


@pytest.mark.parametrize("change", [delete_model, lambda name: rename_model(name, "other")])
def test_shipped_models_stay_as_they_are(models, change):
    with pytest.raises(ModelError, match="models duplicate general"):
        change("general")
    with pytest.raises(ModelError, match="no model named 'nothing'"):
        change("nothing")


@pytest.mark.parametrize("name", ["general", "second"])
def test_a_name_that_is_taken_is_refused(models, name):
    with pytest.raises(ModelError, match="is there already"):
        rename_model("first", name)
    assert "first" in names()


@pytest.mark.parametrize("name", ["", "../away", ".hidden", "a\nb"])
def test_a_name_that_cannot_be_one_is_refused(models, name):
    with pytest.raises(InvalidParameterError, match="cannot be named"):
        duplicate_model("first", name)


def test_the_shell_renames_and_copies(models, capsys):
    assert main(["models", "rename", "first", "renamed"]) == 0
    assert main(["models", "duplicate", "renamed", "copy"]) == 0
    assert names() == ["general", "copy", "renamed", "second"]
    assert "The copy copy is in" in capsys.readouterr().out
