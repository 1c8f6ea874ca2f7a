"""Labels of Cellpose, StarDist and ImageJ: matched by name, normalised, measured."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.cellpose_files import write_cellpose_seg
from dinocell_app.export.imagej_rois import write_imagej_rois
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.provenance import Provenance, read_sidecar
from dinocell_app.pipeline.results import all_records
from dinocell_app.project.label_import import match_labels
from dinocell_app.project.label_results import import_labels, plan_imports
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, PixelSizeScope


@pytest.fixture
def labels() -> NDArray[np.uint16]:
    """Two cells with a gap in the ids."""
    picture = np.zeros((20, 30), np.uint16)
    picture[2:8, 3:9], picture[10:18, 15:28] = 3, 7
    return picture


@pytest.mark.parametrize(
    "name",
    [
        "a2.png",
        "a2_cp_masks.png",
        "a2_cp_masks.tif",
        "A2_masks.tif",
        "a2_labels.tif",
        "a2-label.tif",
        "a2.labels.tif",
        "a2 Label Image.tif",
        "a2_seg.npy",
        "a2_stardist_labels.tif",
        "a2_rois.zip",
        "a2_RoiSet.zip",
    ],
)
def test_names_other_programs_give(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    images = [(1, Path("/d/a2.tif")), (2, Path("/d/a10.tif"))]
    (match,) = match_labels(images, [tmp_path])
    assert (match.image_id, match.problem, match.labels) == (1, "", tmp_path / name)


def test_an_image_named_like_labels_of_another_is_met_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "a_mask_labels.tif").touch()
    images = [(1, Path("/d/a.tif")), (2, Path("/d/a_mask.tif"))]
    assert match_labels(images, [tmp_path])[0].image_id == 2


def test_folders_decide_among_images_of_the_same_name(tmp_path: Path) -> None:
    images = [(number, tmp_path / name / "x.tif") for number, name in enumerate(("", "a", "b"), start=1)]
    for name in ("masks/x.tif", "b/masks/x.tif", "elsewhere/a/x.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = {match.labels.parent: match.image_id for match in match_labels(images, [tmp_path])}
    assert found == {
        tmp_path / "masks": 1,
        tmp_path / "b" / "masks": 3,
        tmp_path / "elsewhere" / "a": 2,
    }


def test_what_cannot_be_matched_says_why(tmp_path: Path) -> None:
    for name in ("a.tif", "other.tif", "a_cp_masks.png", "a_seg.npy", "a_flows.tif", "notes.txt"):
        (tmp_path / name).touch()
    matches = match_labels([(1, tmp_path / "a.tif")], [tmp_path, tmp_path / "notes.txt"])
    problems = {match.labels.name: match.problem for match in matches}
    assert problems == {
        "a_cp_masks.png": "",
        "a_seg.npy": "a_cp_masks.png is taken for the same image.",
        "other.tif": "No image of the project is named other.",
        "notes.txt": "It is neither a label image nor a file of ROIs.",
    }
    ambiguous = match_labels([(1, Path("/p/q/a.tif")), (2, Path("/r/s/a.tif"))], [tmp_path / "a_seg.npy"])
    assert ambiguous[0].image_id is None
    assert "2 images are named like it" in ambiguous[0].problem


def _write(path: Path, labels: NDArray[np.uint16]) -> None:
    image = LabelledImage(labels, "x")
    if path.suffix == ".zip":
        write_imagej_rois(path, image)
    elif path.suffix == ".npy":
        write_cellpose_seg(path, image)
    elif path.suffix == ".png":
        cv2.imwrite(str(path), labels)
    else:
        tifffile.imwrite(path, labels.astype(np.float32))


@pytest.mark.parametrize("name", ["a2_rois.zip", "a2_seg.npy", "a2_cp_masks.png", "a2_labels.tif"])
def test_imported_labels_are_results_with_a_table(
    filled: Project, tmp_path: Path, labels: NDArray[np.uint16], name: str
) -> None:
    (tmp_path / "theirs").mkdir()
    _write(tmp_path / "theirs" / name, labels)
    before = (tmp_path / "theirs" / name).read_bytes()
    filled.images.set_pixel_size(PixelSizeScope.project(), 0.5)
    images = list(filled.images.paths().items())
    (planned,) = plan_imports(filled, match_labels(images, [tmp_path / "theirs"]))
    result = filled.results.record(import_labels(planned).result)
    assert (result.status, result.name, result.n_cells, result.run_id) == ("finished", "imported", 2, None)
    labels_path, table_path = filled.results.labels_path(result), filled.results.table_path(result)
    assert labels_path == filled.results_folder / "imported" / "images" / "a2_labels.tif"
    written = read_labels(labels_path)
    assert np.array_equal(written > 0, labels > 0)
    assert table_path is not None
    table = pd.read_csv(table_path)
    assert sorted(table["label"]) == np.unique(written[written > 0]).tolist()
    assert table["area_um2"].tolist() == [9.0, 26.0]
    assert (tmp_path / "theirs" / name).read_bytes() == before
    sidecar = labels_path.with_name("a2_segmentation.json")
    assert read_sidecar(sidecar, Provenance).n_cells == 2
    assert [record.name for _, record in all_records(filled.results_folder)] == ["images/a2.tif"]


def test_labels_without_cells_are_a_result_too(filled: Project, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a2_labels.tif", np.zeros((20, 30), np.uint8))
    matches = match_labels(list(filled.images.paths().items()), [tmp_path / "a2_labels.tif"])
    assert import_labels(plan_imports(filled, matches)[0]).result.n_cells == 0


def test_labels_of_another_size_are_refused(filled: Project, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a2_labels.tif", np.zeros((20, 31), np.uint8))
    matches = match_labels(list(filled.images.paths().items()), [tmp_path / "a2_labels.tif"])
    with pytest.raises(InvalidParameterError, match="20 x 31 pixels"):
        import_labels(plan_imports(filled, matches)[0])
    assert list(filled.results_folder.rglob("*.tif")) == []


def test_results_of_the_same_set_are_not_replaced_unasked(
    filled: Project, tmp_path: Path, labels: NDArray[np.uint16]
) -> None:
    tifffile.imwrite(tmp_path / "a2_labels.tif", labels)
    matches = match_labels(list(filled.images.paths().items()), [tmp_path / "a2_labels.tif"])
    import_labels(plan_imports(filled, matches)[0])
    with pytest.raises(InvalidParameterError, match="another name"):
        import_labels(plan_imports(filled, matches)[0])
    assert import_labels(plan_imports(filled, matches, overwrite=True)[0]).result.n_cells == 2


def test_labels_of_a_stack_name_their_plane(
    project: Project, tmp_path: Path, labels: NDArray[np.uint16]
) -> None:
    path = tmp_path / "data" / "stack.tif"
    path.parent.mkdir()
    pixels = np.zeros((3, 20, 30), np.uint16)
    pixels[1] = 50
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZYX"})
    project.images.add([FoundImage(path, path.parent, n_slices=3, height=20, width=30)])
    for name in ("stack_z1_labels.tif", "stack_labels.tif"):
        tifffile.imwrite(tmp_path / name, labels)
        (match,) = match_labels([(1, path)], [tmp_path / name])
        (planned,) = plan_imports(project, [match])
        if name == "stack_labels.tif":
            with pytest.raises(InvalidParameterError, match="3 planes"):
                import_labels(planned)
            continue
        result = project.results.record(import_labels(planned).result)
        assert result.plane == PlaneAddress(0, 1, suffix="_z001")
        table_path = project.results.table_path(result)
        assert table_path is not None
        assert table_path.name == "stack_z001_cells.csv"
        means = pd.read_csv(table_path).filter(like="mean").iloc[:, 0]
        assert (means == 50).all()
