"""Models as files: out, in again, and archives that mean harm."""

import os
import shutil
import zipfile

import pytest

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.model.catalogue import CARD_NAME, find_model, models_folder
from dinocell_app.model.manifest import MANIFEST_NAME, read_manifest
from dinocell_app.model.model_archive import HELD_OUT_NAME, VERDICT_NAME, export_model, import_model
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.model.weights_file import WEIGHTS_NAME


@pytest.fixture(autouse=True)
def _own_models(tmp_path, monkeypatch):
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "own"))


@pytest.fixture
def archive(tiny_model, tmp_path):
    export_model(tiny_model, tmp_path / "tiny.zip")
    return tmp_path / "tiny.zip"


@pytest.fixture
def other_tiny(tiny_model, tmp_path):
    """Another model of the same id."""
    model = load_model(tiny_model)
    model.network.neck[0].weight.add_(1)
    save_model(model.network, model.manifest, tmp_path / "other")
    return tmp_path / "other"


def repack(archive, path, change):
    """Write the archive again, each member (name, content) as `change` gives it back."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.infolist():
            for name, content in change(member.filename, old.read(member)):
                new.writestr(name, content)
    return path


def nothing_was_left(folder):
    return not folder.exists() or list(folder.iterdir()) == []


def test_an_exported_model_comes_back_whole(tiny_model, tmp_path):
    source = shutil.copytree(tiny_model, tmp_path / "source")
    (source / CARD_NAME).write_text("a card")
    (source / HELD_OUT_NAME).write_text("pictures that are never taught")
    (source / VERDICT_NAME).write_text("better")
    (source / "secret.txt").write_text("not part of the model")
    os.utime(source / CARD_NAME, (0, 0))
    export_model(source, tmp_path / "deep" / "model.zip")
    folder = import_model(tmp_path / "deep" / "model.zip")
    assert folder == models_folder() / "tiny" == find_model("tiny")
    whole = [CARD_NAME, HELD_OUT_NAME, MANIFEST_NAME, VERDICT_NAME, WEIGHTS_NAME]
    assert sorted(path.name for path in folder.iterdir()) == sorted(whole)
    for path in folder.iterdir():
        assert path.read_bytes() == (source / path.name).read_bytes()
    assert [path.name for path in models_folder().iterdir()] == ["tiny"]


def test_the_pictures_of_a_verdict_go_with_it_and_nothing_else_there(tiny_model, tmp_path):
    source = shutil.copytree(tiny_model, tmp_path / "source")
    (source / "verdict" / "deep").mkdir(parents=True)
    for name in ("000_a_true.png", "000_a_true_labels.tif", "run.exe", "deep/b.png"):
        (source / "verdict" / name).write_bytes(b"x")
    export_model(source, tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip", "a") as archive:
        for name in ("verdict/../out.png", "verdict/sub/c.png", "verdict/c.sh"):
            archive.writestr(name, b"x")
    folder = import_model(tmp_path / "model.zip")
    assert sorted(path.name for path in (folder / "verdict").iterdir()) == [
        "000_a_true.png",
        "000_a_true_labels.tif",
    ]
    assert not list(tmp_path.rglob("out.png"))


def test_the_folder_of_a_training_done_elsewhere_can_be_imported(tiny_model, tmp_path):
    run = tmp_path / "001_ours"
    run.mkdir()
    (run / "job.json").write_text("{}")
    shutil.copytree(tiny_model, run / "model")
    assert read_manifest(import_model(run, name="ours")).id == "ours"


def test_a_folder_can_be_imported(tiny_model):
    assert load_model(import_model(tiny_model)).manifest == read_manifest(tiny_model)


def test_an_archive_with_a_folder_around_it_is_taken(archive, tmp_path):
    packed = repack(archive, tmp_path / "packed.zip", lambda name, content: [(f"my model/{name}", content)])
    assert import_model(packed) == models_folder() / "tiny"


def test_importing_twice_changes_nothing(archive):
    first = import_model(archive)
    inode = (first / WEIGHTS_NAME).stat().st_ino
    assert import_model(archive) == first
    assert import_model(first) == first
    assert (first / WEIGHTS_NAME).stat().st_ino == inode


def test_another_model_of_the_same_name_needs_a_word(archive, other_tiny):
    import_model(archive)
    with pytest.raises(ModelError, match="Another model named 'tiny'"):
        import_model(other_tiny)
    second = import_model(other_tiny, name="tiny-2")
    assert read_manifest(second).id == "tiny-2"
    assert load_model(second).manifest.sha256 == read_manifest(other_tiny).sha256
    replaced = import_model(other_tiny, overwrite=True)
    assert read_manifest(replaced) == read_manifest(other_tiny)
    assert sorted(path.name for path in models_folder().iterdir()) == ["tiny", "tiny-2"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a\\b", ".hidden", "a" * 101, "end\n"])
def test_names_are_names_and_no_paths(archive, name):
    with pytest.raises(InvalidParameterError, match="cannot be named"):
        import_model(archive, name=name)
    assert nothing_was_left(models_folder())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda name, content: [(f"../{name}", content)], "holds no model"),
        (lambda name, content: [(f"../../{name}", content)], "holds no model"),
        (lambda name, content: [(f"/{name}", content)], "holds no model"),
        (lambda name, content: [(f"a/b/{name}", content)], "holds no model"),
        (lambda name, content: [(f"a/{name}", content), (f"b/{name}", content)], "more than one"),
        (lambda name, content: [] if name == MANIFEST_NAME else [(name, content)], "holds no model"),
        (lambda name, content: [] if name == WEIGHTS_NAME else [(name, content)], "weights are missing"),
        (lambda name, content: [(name, content[:-1])], "manifest|not those"),
        (lambda name, content: [(name, b"{}" if name == MANIFEST_NAME else content)], "manifest"),
    ],
)
def test_archives_that_are_no_models_leave_nothing(archive, tmp_path, change, sentence):
    other = repack(archive, tmp_path / "other.zip", change)
    with pytest.raises(ModelError, match=sentence) as caught:
        import_model(other)
    assert caught.value.path == other
    assert nothing_was_left(models_folder())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.zip", "own", "tiny.zip"]


def test_what_else_is_in_an_archive_stays_there(archive, tmp_path):
    def with_more(name, content):
        return [(name, content), (f"../{name}.evil", b"x"), ("run.sh", b"x")]

    with pytest.warns(UserWarning, match="Duplicate"):
        packed = repack(archive, tmp_path / "packed.zip", with_more)
    folder = import_model(packed)
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST_NAME, WEIGHTS_NAME]
    assert not list(tmp_path.rglob("*.evil"))


def test_a_bomb_is_not_unpacked(archive, tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(MANIFEST_NAME, "{}")
        with packed.open(WEIGHTS_NAME, "w") as member:
            for _ in range(20):
                member.write(bytes(1 << 20))
    with pytest.raises(ModelError, match="claims 20 MiB, which no model has"):
        import_model(bomb)
    assert nothing_was_left(models_folder())


def test_a_full_disk_is_named(archive, monkeypatch):
    usage = shutil.disk_usage(archive.parent)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1 << 10))
    with pytest.raises(ModelError, match="0 MiB are free"):
        import_model(archive)


def test_a_broken_archive_is_named(archive, tmp_path):
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(content)
    (tmp_path / "cut.zip").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.zip").write_text("no archive")
    for name, sentence in (
        ("flipped", "damaged or locked"),
        ("cut", "not a model"),
        ("text", "not a model"),
        ("nowhere", "no such file"),
    ):
        with pytest.raises(ModelError, match=sentence):
            import_model(tmp_path / f"{name}.zip")
    assert nothing_was_left(models_folder())


def test_only_sound_models_are_exported(tiny_model, tmp_path):
    damaged = shutil.copytree(tiny_model, tmp_path / "damaged")
    with (damaged / WEIGHTS_NAME).open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelError, match="not those that the manifest names"):
        export_model(damaged, tmp_path / "damaged.zip")
    assert not (tmp_path / "damaged.zip").exists()
