import os

from dinocell_app.project import starting_projects
from dinocell_app.project.starting_projects import copy_samples, project_folder_for, unused
from tests.ui.shell.shell_pictures import write_pictures


def test_a_project_stands_beside_its_folder_and_has_its_name(tmp_path):
    folder = write_pictures(tmp_path / "My plate 1.2")
    assert project_folder_for([folder]) == tmp_path / "My plate 1.2.dinocell"


def test_files_make_a_project_named_after_their_folder(tmp_path):
    folder = write_pictures(tmp_path / "plate")
    assert project_folder_for([folder / "a.tif", folder / "b.tif"]) == folder / "plate.dinocell"


def test_a_project_that_exists_is_left_alone(tmp_path):
    (tmp_path / "plate.dinocell").mkdir()
    (tmp_path / "plate 2.dinocell").mkdir()
    assert unused(tmp_path, "plate") == tmp_path / "plate 3.dinocell"


def test_a_place_that_cannot_be_written_is_not_chosen(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "plate")
    # The tests may run as root, who may write anywhere.
    monkeypatch.setattr(
        starting_projects.os, "access", lambda path, mode: not (path == tmp_path and mode == os.W_OK)
    )
    assert project_folder_for([folder]) is None


def test_samples_are_copied_once_and_changes_are_kept(own_folders):
    images, project = copy_samples()
    assert own_folders in images.parents
    assert not project.exists()
    names = sorted(path.name for path in images.iterdir())
    assert "nuclei_fluorescence.tif" in names
    (images / names[0]).write_bytes(b"changed")
    assert copy_samples() == (images, project)
    assert (images / names[0]).read_bytes() == b"changed"
