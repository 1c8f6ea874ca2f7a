"""Images that moved are found again by naming one folder, and copied disks bring their own."""

from __future__ import annotations

import shutil
from pathlib import Path

from dinocell_app.project.moved_folders import find_moved
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage


def locate(project: Project, place: Path) -> int:
    found = find_moved(project.roots.known_folders(), 1, place)
    project.roots.move(found)
    return sum(folder.n_images for folder in found)


def test_one_folder_named_finds_all_images_again(filled: Project, image_folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "archive" / "microscope"
    elsewhere.parent.mkdir()
    image_folder.rename(elsewhere)
    assert [root.path for root in filled.roots.missing()] == [image_folder]
    assert locate(filled, elsewhere) == 5
    assert filled.roots.missing() == []
    assert all(path.is_file() for path in filled.images.paths().values())
    filled.close()
    with Project.open(filled.folder) as again:
        assert again.roots.missing() == []


def test_the_folder_around_may_be_named_too(filled: Project, image_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    image_folder.rename(tmp_path / "archive" / "images")
    assert locate(filled, tmp_path / "archive") == 5
    assert filled.roots.path(1) == tmp_path / "archive" / "images"


def test_a_folder_without_the_images_changes_nothing(
    filled: Project, image_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "wrong").mkdir()
    image_folder.rename(tmp_path / "archive")
    assert locate(filled, tmp_path / "wrong") == 0
    assert filled.roots.path(1) == image_folder


def test_other_folders_that_moved_along_are_found_too(project: Project, tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / "disk" / name / "x.tif"
        path.parent.mkdir(parents=True)
        path.touch()
        project.images.add([FoundImage(path, path.parent)])
    (tmp_path / "disk").rename(tmp_path / "other disk")
    assert len(project.roots.missing()) == 2
    assert locate(project, tmp_path / "other disk" / "one") == 2
    assert project.roots.missing() == []
    assert project.roots.path(2) == tmp_path / "other disk" / "two"


def test_a_folder_that_is_where_it_was_is_not_moved_along(project: Project, tmp_path: Path) -> None:
    for name in ("one", "two"):
        for disk in ("disk", "copy"):
            path = tmp_path / disk / name / "x.tif"
            path.parent.mkdir(parents=True)
            path.touch()
        project.images.add([FoundImage(tmp_path / "disk" / name / "x.tif", tmp_path / "disk" / name)])
    shutil.rmtree(tmp_path / "disk" / "one")
    assert locate(project, tmp_path / "copy" / "one") == 1
    assert project.roots.path(2) == tmp_path / "disk" / "two"


def test_a_copy_of_everything_uses_its_own_images(filled: Project, tmp_path: Path) -> None:
    filled.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("images", "trial.dinocell"):
        shutil.copytree(tmp_path / name, copy / name)
    with Project.open(copy / "trial.dinocell") as copied:
        assert copied.read_only_reason is None
        assert copied.images.path(1).is_relative_to(copy / "images")


def test_a_project_that_moved_alone_still_finds_its_images(filled: Project, tmp_path: Path) -> None:
    filled.close()
    (tmp_path / "desk").mkdir()
    moved = filled.folder.rename(tmp_path / "desk" / "trial.dinocell")
    with Project.open(moved) as again:
        assert again.roots.missing() == []
        assert again.images.path(1).is_file()
