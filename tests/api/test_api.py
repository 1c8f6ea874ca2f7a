"""`dinocell_app.api`: what a notebook gets is what the shell writes."""

from __future__ import annotations

import filecmp
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from dinocell_app import api
from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.resource_files import resource_path
from dinocell_app.cli import main
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.plane_record import read_record
from dinocell_app.reexport.labelled_results import read_saved

FIXED = {"diameter": "14px", "flow_threshold": 0, "device": "cpu"}


@pytest.fixture
def model(tiny_model):
    """The small network, loaded once."""
    return api.load_model(tiny_model, "cpu")


@pytest.fixture
def cells() -> np.ndarray:
    """Three bright spots on black, uint8, (40, 56)."""
    rows, columns = np.mgrid[:40, :56]
    spots = sum(
        np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 32.0)
        for row, column in ((12, 12), (12, 40), (29, 26))
    )
    return (spots * 200).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, cells) -> Path:
    """Two images, one of them in a folder inside."""
    folder = tmp_path / "images"
    (folder / "inner").mkdir(parents=True)
    tifffile.imwrite(folder / "a.tif", cells)
    tifffile.imwrite(folder / "inner" / "b.tif", cells[:, ::-1].astype(np.uint16) * 20)
    return folder


def shell(model: Path, *words: str) -> None:
    fixed = ["--model", str(model), "--device", "cpu", "--flow-threshold", "0", "--diameter", "14px"]
    assert main(["segment", *words, *fixed]) == 0


def without_times(record: Path) -> dict:
    content = json.loads(record.read_text(encoding="utf-8"))
    return {name: value for name, value in content.items() if name not in ("seconds", "created")}


def test_a_sample_gives_what_the_shell_writes_to_the_last_digit(tiny_model, tmp_path):
    sample = resource_path("samples") / "nuclei_fluorescence.tif"
    shell(tiny_model, str(sample), "-o", str(tmp_path / "shell"), "--formats", "labels,parquet,csv")
    result = api.segment(sample, model=tiny_model, **FIXED)
    item_labels = read_labels(tmp_path / "shell" / "nuclei_fluorescence_labels.tif")
    assert item_labels.max() > 1
    np.testing.assert_array_equal(result.labels, item_labels)
    written = pd.read_parquet(tmp_path / "shell" / "nuclei_fluorescence_cells.parquet")
    pd.testing.assert_frame_equal(result.table, written, check_exact=True)


def test_saving_writes_the_files_of_the_shell(tiny_model, folder, tmp_path):
    formats = ("labels", "overlay", "csv", "roi", "geojson", "coco", "parquet", "cellpose")
    shell(tiny_model, str(folder / "a.tif"), "-o", str(tmp_path / "shell"), "--formats", ",".join(formats))
    written = api.segment(folder / "a.tif", model=tiny_model, **FIXED).save(tmp_path / "api", formats)
    assert [path.name for path in written][:3] == ["a_labels.tif", "a_overlay.png", "a_cells.csv"]
    names = {path.name for path in (tmp_path / "shell").iterdir()}
    assert names == {path.name for path in (tmp_path / "api").iterdir()}
    # These say when something was made or how long it took.
    timed = {"images.csv", "a_segmentation.json"}
    for name in names - timed - {"a_rois.zip"}:
        assert filecmp.cmp(tmp_path / "shell" / name, tmp_path / "api" / name, shallow=False), name
    assert without_times(tmp_path / "shell" / "a_segmentation.json") == without_times(
        tmp_path / "api" / "a_segmentation.json"
    )


def test_results_of_something_else_are_replaced_only_when_asked(model, cells, tmp_path):
    first = api.segment(cells, model=model, **FIXED)
    (labels,) = first.save(tmp_path, ["labels"])
    stamp = labels.stat().st_mtime_ns
    first.save(tmp_path, ["labels"])
    assert labels.stat().st_mtime_ns == stamp
    other = api.segment(cells[::-1].copy(), model=model, **FIXED)
    with pytest.raises(UserFacingError, match="another image file"):
        other.save(tmp_path, ["labels"])
    other.save(tmp_path, ["labels"], overwrite=True)
    np.testing.assert_array_equal(read_labels(labels), other.labels)


def test_arrays_of_every_kind_give_what_the_file_gives(model, folder, cells):
    dask = pytest.importorskip("dask.array")
    zarr = pytest.importorskip("zarr")
    expected = api.segment(folder / "a.tif", model=model, **FIXED)

    class Wrapped:
        """Nothing but `__array__`, as many libraries have it."""

        def __array__(self, dtype=None, copy=None):
            return np.array(cells, dtype)

    stored = zarr.create_array({}, shape=cells.shape, dtype=cells.dtype, chunks=(16, 16))
    stored[:] = cells
    for array in (cells, cells.tolist(), dask.from_array(cells, chunks=(20, 20)), stored, Wrapped()):
        result = api.segment(array, model=model, **FIXED)
        np.testing.assert_array_equal(result.labels, expected.labels)
        if getattr(array, "dtype", None) == np.uint8:
            pd.testing.assert_frame_equal(
                result.table.drop(columns="image"), expected.table.drop(columns="image"), check_exact=True
            )
        assert set(result.table["image"]) == {"image"}


def test_named_dimensions_say_what_the_axes_are(cells):
    class Named:
        """Like an xarray.DataArray: named dimensions, sliced by position."""

        dims = ("c", "x", "y")
        name = "plate 1"
        dtype = np.dtype(np.uint8)
        shape = (2, 56, 40)

        def __getitem__(self, index):
            return np.stack([cells.T, cells.T // 2])[index]

    with api.open_image(Named()) as reader:
        assert (reader.metadata.n_channels, reader.metadata.height, reader.metadata.width) == (2, 40, 56)
        np.testing.assert_array_equal(reader.read_plane(c=1), cells // 2)
        assert reader.metadata.path.name == "plate 1"


def test_a_lazy_array_computes_the_planes_that_are_asked_for(model, cells):
    class Lazy:
        """Notes what is asked for."""

        dtype, shape = np.dtype(np.uint8), (5, 2, 40, 56)
        asked: list[tuple] = []  # noqa: RUF012 - one test

        def __getitem__(self, index):
            self.asked.append(index[:2])
            return cells

    result = api.segment(Lazy(), model=model, axes="ZCYX", plane="3", channel=0, **FIXED)
    assert set(Lazy.asked) == {(3, 0), (3, 1)}
    assert result.n_cells == 3


def test_several_planes_are_stacked_and_stand_below_each_other_in_the_table(model, cells):
    stack = np.stack([cells, cells * 0, cells[::-1]])
    result = api.segment(stack, model=model, axes="ZYX", **FIXED)
    assert result.labels.shape == result.probability.shape == (3, 40, 56)
    assert list(result.table["image"].unique()) == ["image_z000", "image_z002"]
    assert [record.n_cells for record in result.records] == [3, 0, 3]
    np.testing.assert_array_equal(
        result.labels[2], api.segment(np.ascontiguousarray(cells[::-1]), model=model, **FIXED).labels
    )


def test_colours_and_probability(model, cells):
    colours = np.dstack([cells] * 3)
    result = api.segment(colours, model=model, **FIXED)
    assert result.labels.shape == (40, 56)
    assert result.probability.dtype == np.float32
    assert 0 <= result.probability.min() < 0.5 < result.probability[12, 12] <= 1


def test_units_follow_the_pixel_size(model, cells):
    plain = api.segment(cells, model=model, **FIXED).table
    known = api.segment(cells, model=model, pixel_size_um=0.5, **FIXED).table
    assert not any(unit in ("um", "um2") for unit in plain.attrs["units"].values())
    assert set(known.attrs["units"]) == set(known.columns)
    assert known.attrs["units"]["area_um2"] == "um2"
    assert known.attrs["units"]["area_px2"] == "px2"
    np.testing.assert_allclose(known["area_um2"], known["area_px2"] * 0.25)


def test_lengths_are_numbers_of_pixels_or_have_a_unit(model, cells):
    by_number = api.segment(cells, model=model, **FIXED | {"diameter": 7})
    by_unit = api.segment(cells, model=model, pixel_size_um=0.5, **FIXED | {"diameter": "3.5 um"})
    assert by_number.records[0].diameter_px == by_unit.records[0].diameter_px == 7
    assert api.segment(cells, model=model, min_size=10_000, **FIXED).n_cells == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"diametre": 20}, "diametre"),
        ({"cell_probability": 2}, "cell_probability"),
        ({"channel": "DAPI"}, "no channel DAPI"),
        ({"diameter": "wide"}, "not a length"),
        ({"references": ["nowhere.tif:1"]}, "nowhere"),
    ],
)
def test_a_wrong_setting_is_named(model, cells, settings, words):
    with pytest.raises(UserFacingError, match=words):
        api.segment(cells, model=model, **FIXED | settings)


@pytest.mark.parametrize(
    ("array", "axes", "words"),
    [
        (np.zeros((5, 40, 56)), "", "5 x 40 x 56"),
        (np.zeros((5, 40, 56)), "YX", "names 2"),
        (np.zeros((5, 40, 56)), "QYX", "no axis is called Q"),
        (np.zeros((2, 2, 40, 56)), "ZZYX", "twice"),
        (np.zeros((40, 56), complex), "", "complex"),
        (np.array([["a", "b"]]), "", "type"),
        (np.zeros((0, 56)), "", "no pixels"),
    ],
)
def test_an_array_that_is_no_image_is_named(array, axes, words):
    with pytest.raises(UserFacingError, match=words):
        api.open_image(array, axes)


def test_references_are_those_of_the_shell(tiny_model, folder, tmp_path):
    api.segment(folder / "a.tif", model=tiny_model, **FIXED).save(tmp_path / "labels", ["labels"])
    spec = f"{folder / 'a.tif'}@{tmp_path / 'labels' / 'a_labels.tif'}:1"
    shell(tiny_model, str(folder / "a.tif"), "-o", str(tmp_path / "shell"), "--reference", spec)
    result = api.segment(folder / "a.tif", model=tiny_model, references=[spec], **FIXED)
    saved, _ = read_saved(tmp_path / "shell", result.planes[0].stem, frozenset({"csv"}))
    assert saved.table["reference_score"].max() > 0.5
    pd.testing.assert_frame_equal(result.table, saved.table, check_exact=True)


def test_a_folder_gives_the_files_of_the_shell_one_image_after_the_other(tiny_model, folder, tmp_path):
    shell(tiny_model, str(folder), "-r", "-o", str(tmp_path / "shell"))
    images = api.segment_folder(folder, tmp_path / "api", model=tiny_model, recursive=True, **FIXED)
    first = next(images)
    assert (first.name, first.done, first.total, first.n_cells, first.error) == ("a.tif", 1, 2, 3, "")
    assert all(file.is_file() for file in first.files)
    assert not (tmp_path / "api" / "inner" / "b_labels.tif").exists()
    (second,) = images
    assert (second.name, second.done) == ("inner/b.tif", 2)
    names = {path.relative_to(tmp_path / "shell") for path in (tmp_path / "shell").rglob("*.*")}
    assert names == {path.relative_to(tmp_path / "api") for path in (tmp_path / "api").rglob("*.*")}
    for name in (name for name in names if name.suffix != ".json" and name.name != "images.csv"):
        assert filecmp.cmp(tmp_path / "shell" / name, tmp_path / "api" / name, shallow=False), name


def test_leaving_the_loop_keeps_what_is_finished(tiny_model, folder, tmp_path):
    for image in api.segment_folder(folder, tmp_path / "out", model=tiny_model, recursive=True, **FIXED):
        assert image.done == 1
        break
    stamp = (tmp_path / "out" / "a_labels.tif").stat().st_mtime_ns
    again = api.segment_folder(folder, tmp_path / "out", model=tiny_model, recursive=True, **FIXED)
    assert [image.n_cells for image in again] == [3, 3]
    assert (tmp_path / "out" / "a_labels.tif").stat().st_mtime_ns == stamp


def test_a_finished_image_is_read_back(model, folder, tmp_path):
    expected = api.segment(folder / "a.tif", model=model, pixel_size_um=0.5, **FIXED)
    (image,) = api.segment_folder(folder, tmp_path / "out", model=model, pixel_size_um=0.5, **FIXED)
    found = image.read()
    np.testing.assert_array_equal(found.labels, expected.labels)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
    assert found.table.attrs == expected.table.attrs
    assert found.probability is None
    assert found.records == (read_record(tmp_path / "out" / "a_segmentation.json"),)
    found.save(tmp_path / "again", ["overlay", "roi"])
    assert filecmp.cmp(tmp_path / "again" / "a_overlay.png", tmp_path / "out" / "a_overlay.png", False)


def test_an_image_that_fails_leaves_the_others(model, folder, tmp_path):
    (folder / "broken.tif").write_bytes(b"II*\0 and nothing else")
    done = api.segment_folder(folder, tmp_path / "out", model=model, **FIXED)
    images = {image.name: image for image in done}
    assert images["a.tif"].n_cells == 3
    assert "broken.tif" in images["broken.tif"].error
    with pytest.raises(UserFacingError, match="broken"):
        images["broken.tif"].read()


def test_measuring_equals_the_table_of_a_segmentation(model, cells, folder, tmp_path):
    result = api.segment(folder / "a.tif", model=model, pixel_size_um=0.5, **FIXED)
    result.save(tmp_path, ["labels"])
    by_path = api.measure(folder / "a.tif", tmp_path / "a_labels.tif", pixel_size_um=0.5)
    by_array = api.measure(cells, result.labels, pixel_size_um=0.5)
    shared = [name for name in by_path.columns if name != "image"]
    pd.testing.assert_frame_equal(by_path[shared], result.table[shared], check_exact=True)
    pd.testing.assert_frame_equal(by_array[shared], by_path[shared], check_exact=True)
    assert by_array.attrs["units"] == by_path.attrs["units"]
    assert main(["measure", str(folder / "a.tif"), str(tmp_path / "a_labels.tif"), "-o", str(tmp_path / "m"),
                 "--pixel-size", "0.5", "--formats", "parquet"]) == 0  # fmt: skip
    pd.testing.assert_frame_equal(
        by_path, pd.read_parquet(tmp_path / "m" / "a_cells.parquet"), check_exact=True
    )
    with pytest.raises(UserFacingError, match="40 x 55"):
        api.measure(cells, result.labels[:, 1:])


def test_evaluating_gives_the_scores_of_the_shell(tmp_path):
    truth = np.zeros((40, 40), np.uint16)
    truth[2:12, 2:12], truth[20:30, 20:30] = 1, 2
    found = np.zeros_like(truth)
    found[2:12, 4:12] = 7  # IoU 0.8 with the first
    scores = api.evaluate(found, truth)
    assert (scores["n_reference"], scores["n_predicted"]) == (2, 1)
    assert scores["ap_0.5"] == scores["ap_0.75"] == pytest.approx(1 / 2)
    assert scores["ap_0.9"] == 0
    for name, labels in (("found", found), ("truth", truth)):
        tifffile.imwrite(tmp_path / f"{name}.tif", labels)
    assert api.evaluate(tmp_path / "found.tif", str(tmp_path / "truth.tif")) == scores


def test_importing_takes_neither_torch_nor_qt_nor_pandas():
    heavy = "torch", "timm", "pandas", "PySide6", "numba", "skimage", "cv2"
    code = f"import sys, dinocell_app.api; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
