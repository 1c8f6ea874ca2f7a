"""Searching folders for images: what is found, left out, in which order, and that it can be ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.scan import LeftOut
from dinocell_app.project.adding import SearchProgress, find_images
from dinocell_app.project.records import FoundImage
from tests.imaging.test_scenes import write_set


def _images(inputs: list[Path], *, recursive: bool = True) -> list[str]:
    found = find_images(inputs, recursive=recursive)
    return [image.path.name for image in found if isinstance(image, FoundImage)]


def test_folders_are_searched_one_after_the_other(image_folder: Path) -> None:
    found = list(find_images([image_folder], recursive=True))
    assert [image.path.name for image in found if isinstance(image, FoundImage)] == [
        "a2.tif",
        "a10.tif",
        "b.tif",
        "c.tif",
        "d.tif",
    ]
    progress = [(step.folder.name, step.n_found) for step in found if isinstance(step, SearchProgress)]
    assert progress == [("images", 0), ("day 2", 2), ("day 10", 3), ("deep", 4)]


def test_without_searching_inside_the_folders_are_left_out(image_folder: Path) -> None:
    found = list(find_images([image_folder], recursive=False))
    assert sum(isinstance(image, FoundImage) for image in found) == 2
    assert [left.path.name for left in found if isinstance(left, LeftOut)] == ["day 2", "day 10"]


def test_what_a_file_says_is_read(image_folder: Path) -> None:
    path = image_folder / "stack.tif"
    stack = np.zeros((3, 2, 8, 9), np.uint16)
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "ZCYX", "unit": "um"}, resolution=(2, 2))
    (image,) = (i for i in find_images([path], recursive=False) if isinstance(i, FoundImage))
    assert (image.n_slices, image.n_channels, image.height, image.width) == (3, 2, 8, 9)
    assert (image.dtype, image.pixel_size_um, image.root, image.problem) == ("uint16", 0.5, image_folder, "")


def test_an_image_that_cannot_be_read_is_found_with_its_problem(image_folder: Path) -> None:
    path = image_folder / "broken.tif"
    path.touch()
    (image,) = (i for i in find_images([path], recursive=False) if isinstance(i, FoundImage))
    assert image.problem == "broken.tif is empty (0 bytes). Copy or export it again."


def test_what_the_project_has_is_not_read_again(image_folder: Path) -> None:
    known = frozenset({image_folder / "a2.tif"})
    found = list(find_images([image_folder], recursive=False, known=known))
    assert LeftOut(image_folder / "a2.tif", "in the project already") in found
    assert [image.path.name for image in found if isinstance(image, FoundImage)] == ["a10.tif"]


def test_a_file_named_twice_is_found_once(image_folder: Path) -> None:
    assert _images([image_folder / "a2.tif", image_folder / "a2.tif", image_folder], recursive=False) == [
        "a2.tif",
        "a10.tif",
    ]


def test_files_of_a_set_that_are_named_each_are_one_image(tmp_path: Path) -> None:
    files = write_set(tmp_path, np.zeros((2, 2, 8, 9), np.uint16))
    found = list(find_images(files, recursive=False))
    assert [image.path for image in found if isinstance(image, FoundImage)] == files[:1]
    left = [one for one in found if isinstance(one, LeftOut)]
    assert [one.path for one in left] == files[1:]
    assert all(one.reason == f"a part of the same data set as {files[0].name}" for one in left)


def test_further_images_of_a_file_are_told(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "fields.ome.tif", ome=True) as writer:
        for _ in range(3):
            writer.write(np.zeros((8, 9), np.uint8), metadata={"axes": "YX"})
    found = list(find_images([tmp_path], recursive=False))
    assert [image.n_scenes for image in found if isinstance(image, FoundImage)] == [3]
    (left,) = [one for one in found if isinstance(one, LeftOut)]
    assert left.reason == "2 further images in this file; its first is taken"


def test_projects_results_and_hidden_files_are_left_out(image_folder: Path) -> None:
    (image_folder / "old.dinocell").mkdir()
    for name in ("old.dinocell/x.tif", "a2_labels.tif", ".hidden.tif", "notes.docx"):
        (image_folder / name).touch()
    found = list(find_images([image_folder], recursive=True))
    assert sum(isinstance(image, FoundImage) for image in found) == 5
    left = {item.path.name for item in found if isinstance(item, LeftOut)}
    assert left == {"old.dinocell", "a2_labels.tif", ".hidden.tif", "notes.docx"}


def test_a_link_upwards_is_not_followed(image_folder: Path) -> None:
    (image_folder / "day 2" / "loop").symlink_to(image_folder, target_is_directory=True)
    assert len(_images([image_folder])) == 5


def test_a_search_can_be_ended(image_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dinocell_app.project import adding

    read: list[Path] = []
    original = adding.read_metadata
    monkeypatch.setattr(adding, "read_metadata", lambda path, axes="": read.append(path) or original(path))
    search = find_images([image_folder], recursive=True)
    while not isinstance(next(search), FoundImage):
        pass
    search.close()  # type: ignore[attr-defined] # a generator
    assert [path.name for path in read] == ["a2.tif"]


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="does not exist"):
        list(find_images([tmp_path / "nowhere"], recursive=True))
