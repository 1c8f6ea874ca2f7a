"""Names of folders in a model's card."""

from pathlib import Path

from dinocell_training.data_names import data_names


def test_the_part_of_a_path_that_tells_is_named():
    folders = (Path("/lab/nelson_phase/train"), Path("/lab/hela cells"), Path("/lab/day 3/images"))
    assert list(data_names(folders).values()) == ["nelson_phase/train", "hela cells", "day 3/images"]


def test_folders_of_one_name_are_told_apart_and_none_is_dropped():
    folders = (Path("/lab/a/wells/train"), Path("/lab/b/wells/train"), Path("/lab/b/wells/train"))
    assert data_names(folders) == {folders[0]: "a/wells/train", folders[1]: "b/wells/train"}


def test_a_path_that_says_nothing_is_named_by_its_end():
    assert list(data_names((Path("/data/train"),)).values()) == ["train"]
    assert list(data_names((Path("/"),)).values()) == ["/"]
