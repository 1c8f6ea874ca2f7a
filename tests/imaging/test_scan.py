import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import replacing
from dinocell_app.imaging.scan import RESULT_ENDINGS, image_stem, natural_key, scan_folder, scan_inputs

IMAGES = ["a1.tif", "a2.TIFF", "a10.png", "b.jpg", "b.jpeg", "c.bmp", "d.czi", "e.lif", "f.nd2", "g.ome.tif"]
# Names that Cellpose 4 and this application write beside x.tif.
RESULTS = [
    *["x_labels.tif", "x_labels.ome.tif", "x_overlay.png", "x_rois.zip", "x_outlines.png", "X_MASKS.TIF"],
    *["x_masks.png", "x_cp_masks.png", "x_cp_masks.tif", "x_cp_output.png", "x_cp_outlines.txt", "x_seg.npy"],
    *["x_flows.tif", "x_flows_0.tif", "x_cellprob.tif", "x_dP.tif", "x_outlines_cp_masks.png"],
    *["x_flows_cp_masks.tif", "x_dP_cp_masks.tif", "x_cp_output_cp_masks.png", "x_t0001_z002_labels.tif"],
]


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names_of(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_images_are_found_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, *reversed(IMAGES))
    report = scan_folder(tmp_path)
    assert names_of(report.images) == ["a1.tif", "a2.TIFF", "a10.png", "b.jpeg", "b.jpg", *IMAGES[5:]]
    assert report.left_out == ()


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_left_out_in_folders_and_by_name(tmp_path: Path, name: str) -> None:
    fill(tmp_path, name, "x.tif")
    for report in (scan_folder(tmp_path), scan_inputs([tmp_path / name, tmp_path / "x.tif"])):
        assert names_of(report.images) == ["x.tif"]
        assert [left.path.name for left in report.left_out] == [name]
        assert report.left_out[0].reason.startswith("a result of")


def test_names_that_only_contain_an_ending_are_images(tmp_path: Path) -> None:
    fill(tmp_path, "x_masks_2.tif", "masks.tif", "unlabels.tif", "x_segment.png")
    assert len(scan_folder(tmp_path).images) == 4


def test_all_endings_are_lower_case_and_once() -> None:
    endings = [ending for ending, _ in RESULT_ENDINGS]
    assert len(set(endings)) == len(endings)
    assert all(ending == ending.lower() and ending.startswith("_") for ending in endings)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *[(".hidden.tif", "hidden"), ("._x.tif", "hidden"), ("notes.txt", "not an image (.txt)")],
        *[("Thumbs.db", "not an image (.db)"), ("readme", "not an image (no suffix)")],
    ],
)
def test_other_files_are_left_out_with_a_reason(tmp_path: Path, name: str, reason: str) -> None:
    fill(tmp_path, name)
    report = scan_folder(tmp_path)
    assert report.images == ()
    assert [left.reason for left in report.left_out] == [reason]


def test_files_that_are_being_written_are_left_out(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.tif"):
        report = scan_folder(tmp_path)
    assert report.images == ()
    assert [left.reason for left in report.left_out] == ["an unfinished file"]


def test_folders_are_searched_on_request(tmp_path: Path) -> None:
    fill(tmp_path, "b/2.tif", "a/c/3.tif", "1.tif", ".git/4.tif", "p.dinocell/5.tif")
    flat = scan_folder(tmp_path)
    assert names_of(flat.images) == ["1.tif"]
    assert {left.path.name for left in flat.left_out} == {"a", "b", ".git", "p.dinocell"}
    deep = scan_folder(tmp_path, recursive=True)
    assert names_of(deep.images) == ["1.tif", "3.tif", "2.tif"]
    assert {left.path.name for left in deep.left_out} == {".git", "p.dinocell"}


def test_ome_zarr_folders_are_images(tmp_path: Path) -> None:
    fill(tmp_path, "a.ome.zarr/.zgroup", "a.ome.zarr/0/0.0", "b/zarr.json", "c_labels.ome.zarr/.zgroup")
    report = scan_folder(tmp_path, recursive=True)
    assert names_of(report.images) == ["a.ome.zarr", "b"]
    assert [left.path.name for left in report.left_out] == ["c_labels.ome.zarr"]
    assert names_of(scan_inputs([tmp_path / "a.ome.zarr"]).images) == ["a.ome.zarr"]


def test_files_and_folders_mix_without_duplicates(tmp_path: Path) -> None:
    fill(tmp_path, "1.tif", "2.tif", "sub/3.tif")
    report = scan_inputs([tmp_path / "2.tif", tmp_path, tmp_path / "sub", tmp_path / "sub" / ".." / "1.tif"])
    assert [path.name for path in report.images] == ["2.tif", "1.tif", "3.tif"]
    reasons = [left.reason for left in report.left_out if "same file" in left.reason]
    assert len(reasons) == 2


def test_links_between_folders_end(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.tif")
    try:
        os.symlink(tmp_path, tmp_path / "a" / "up", target_is_directory=True)
    except OSError:
        pytest.skip("this file system has no links")
    report = scan_folder(tmp_path, recursive=True)
    assert names_of(report.images) == ["1.tif"]
    assert "link" in report.left_out[0].reason


def test_absent_inputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="does not exist"):
        scan_inputs([tmp_path / "absent.tif"])
    fill(tmp_path, "x.tif")
    with pytest.raises(InvalidParameterError, match="no folder"):
        scan_folder(tmp_path / "x.tif")


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_sort_by_value(numbers: list[int]) -> None:
    names = sorted((f"image{number}_z1.tif" for number in numbers), key=natural_key)
    assert names == [f"image{number}_z1.tif" for number in sorted(numbers)]


@given(
    st.lists(st.text("a1²Ⅳ٣ _", max_size=4), unique=True).flatmap(
        lambda n: st.tuples(st.just(n), st.permutations(n))
    )
)
def test_the_order_does_not_depend_on_the_listing(listings: tuple[list[str], list[str]]) -> None:
    assert sorted(listings[0], key=natural_key) == sorted(listings[1], key=natural_key)


@pytest.mark.parametrize(
    ("name", "stem"), [("x.ome.tif", "x"), ("x.OME.TIFF", "x"), ("x.y.tif", "x.y"), ("x.ome.zarr", "x")]
)
def test_stems(name: str, stem: str) -> None:
    assert image_stem(Path(name)) == stem
