"""`dinocell-app export`: what it writes equals what a run writes, or what one would write of these cells."""

from __future__ import annotations

import csv
import filecmp
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dinocell_app import api
from dinocell_app.cli import main
from dinocell_app.export.label_files import read_labels
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, NewResult


@pytest.fixture
def results(segment, pictures, tmp_path) -> Path:
    """Three images with a pixel size, segmented with few formats."""
    assert segment("--recursive", "--pixel-size", "0.5") == 0
    return tmp_path / "out"


def export(source: Path, out: Path, *words: str) -> int:
    return main(["export", str(source), "-o", str(out), *words])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_other_formats_equal_those_of_a_run(segment, results, tmp_path, capsys):
    formats = ("labels", "overlay", "csv", "roi", "geojson", "coco", "ome-zarr", "parquet")
    direct = tmp_path / "direct"
    assert segment("--recursive", "--pixel-size", "0.5", "--formats", *formats, out=direct) == 0
    assert export(results, tmp_path / "exported", "--formats", ",".join(formats)) == 0
    assert "files written" in capsys.readouterr().out
    names = {path.relative_to(direct) for path in direct.rglob("*") if path.is_file()}
    names = {name for name in names if not name.name.endswith("_segmentation.json")}
    exported = tmp_path / "exported"
    assert names == {path.relative_to(exported) for path in exported.rglob("*") if path.is_file()}
    for name in names - {Path("images.csv")}:
        assert filecmp.cmp(direct / name, exported / name, shallow=False), name
    first, second = (rows(folder / "images.csv") for folder in (direct, exported))
    for row in (*first, *second):
        del row["seconds"]
    assert first == second


def test_the_network_is_not_run(results, tmp_path, monkeypatch):
    from dinocell_app.model import model_folder

    monkeypatch.setattr(model_folder, "load_model", lambda *_: pytest.fail("a model was loaded"))
    assert export(results, tmp_path / "exported", "--formats", "roi") == 0


def test_a_filter_leaves_the_cells_it_names_everywhere(results, tmp_path):
    out = tmp_path / "exported"
    words = ("--formats", "labels,csv,geojson,coco,parquet", "--filter", "label != 2 and area_um2 > 1")
    assert export(results, out, *words) == 0
    before, after = read_labels(results / "a_labels.tif"), read_labels(out / "a_labels.tif")
    np.testing.assert_array_equal(after, np.where(before == 2, 0, before))
    assert [row for row in rows(results / "cells.csv") if row["label"] != "2"] == rows(out / "cells.csv")
    assert len(json.loads((out / "a_coco.json").read_text())["annotations"]) == 2
    assert len(json.loads((out / "a.geojson").read_text())["features"]) == 2
    assert pd.read_parquet(out / "a_cells.parquet")["label"].tolist() == [1, 3]
    assert "Cells with label != 2 and area_um2 > 1 were kept (6 in all)." in (out / "methods.txt").read_text()


def test_numbers_about_images_are_those_of_the_cells_that_are_left(results, pictures, tmp_path):
    """They are what measuring the labels that are left gives."""
    out, measured = tmp_path / "exported", tmp_path / "measured"
    assert export(results, out, "--filter", "label != 2") == 0
    words = ["-o", str(measured), "--pixel-size", "0.5"]
    assert main(["measure", str(pictures / "a.tif"), str(out / "a_labels.tif"), *words]) == 0
    (expected,) = rows(measured / "images.csv")
    found = rows(out / "images.csv")[0]
    # Neighbours are those of the run, whatever the filter leaves; confidence needs the network.
    told = ("nearest", "n_neighbours", "touching", "seconds", "path", "confidence", "flow_error")
    shared = [name for name in found if name in expected and not name.startswith(told)]
    assert len(shared) > 15
    for name in shared:
        assert found[name] == expected[name], name
    assert found["n_cells"] == "2"


def test_a_filter_that_all_cells_pass_changes_nothing(results, tmp_path):
    assert export(results, tmp_path / "plain") == 0
    assert export(results, tmp_path / "all", "--filter", "label > 0") == 0
    for name in ("cells.csv", "images.csv", "columns.csv", "a_labels.tif", "a_overlay.png"):
        assert filecmp.cmp(tmp_path / "plain" / name, tmp_path / "all" / name, shallow=False), name


def test_chosen_columns_follow_image_and_label(results, tmp_path):
    assert export(results, tmp_path / "out2", "--formats", "csv", "--columns", "area_um2,centroid_x_px") == 0
    for name in ("a_cells.csv", "cells.csv"):
        assert list(rows(tmp_path / "out2" / name)[0]) == ["image", "label", "area_um2", "centroid_x_px"]


def test_cellprofiler_names(results, tmp_path):
    out = tmp_path / "exported"
    assert export(results, out, "--formats", "csv", "--cellprofiler", "--filter", "label < 3") == 0
    table = pd.read_csv(out / "cellprofiler.csv")
    assert table["ImageNumber"].tolist() == [1, 1, 2, 2, 3, 3]
    assert table["Metadata_Image"].unique().tolist() == ["a.tif", "b.tif", "inner/c.tif"]
    cells = pd.read_csv(out / "cells.csv")
    assert table["ObjectNumber"].tolist() == cells["label"].tolist()
    assert table["AreaShape_Area"].tolist() == cells["area_px2"].tolist()
    theirs = [name for name in table if name.startswith("Intensity_MeanIntensity_")]
    assert theirs
    for name in theirs:
        ours = name.replace("Intensity_MeanIntensity_", "intensity_mean_")
        np.testing.assert_array_equal(table[name], cells[ours])


def test_existing_files_stay_unless_told(results, tmp_path, capsys):
    out = tmp_path / "exported"
    out.mkdir()
    (out / "a_cells.csv").write_text("mine")
    assert export(results, out, "--formats", "csv") == 0
    assert "1 kept" in capsys.readouterr().out
    assert (out / "a_cells.csv").read_text() == "mine"
    assert export(results, out, "--formats", "csv", "--overwrite") == 0
    assert filecmp.cmp(out / "a_cells.csv", results / "a_cells.csv", shallow=False)


def test_images_that_failed_stay_in_the_table(segment, pictures, tmp_path):
    (pictures / "broken.tif").write_bytes(b"II*\0 and nothing else")
    assert segment() == 3
    assert export(tmp_path / "out", tmp_path / "exported") == 0
    assert filecmp.cmp(tmp_path / "out" / "images.csv", tmp_path / "exported" / "images.csv", shallow=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--formats", "xml"], "xml is no output format"),
        (["--columns", "volume"], "no table has a column volume"),
        (["--filter", "area_px2 >"], "cannot be understood"),
        (["--filter", "volume > 3"], "no column 'volume'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(results, tmp_path, capsys, words, said):
    assert export(results, tmp_path / "exported", *words) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "exported").exists()


def test_a_folder_without_results_or_that_is_the_target_is_refused(results, pictures, tmp_path, capsys):
    assert export(pictures, tmp_path / "exported") == 2
    assert "holds no results" in capsys.readouterr().err
    assert export(results, results / "again") == 2
    assert "another folder" in capsys.readouterr().err
    assert export(tmp_path / "nowhere", tmp_path / "exported") == 2
    assert "does not exist" in capsys.readouterr().err


def test_what_fails_is_told_and_the_rest_is_written(results, tmp_path, capsys):
    (results / "a_labels.tif").unlink()
    assert export(results, tmp_path / "exported", "--formats", "labels,csv") == 3
    assert "a_labels.tif" in capsys.readouterr().err
    assert (tmp_path / "exported" / "a_cells.csv").is_file()
    assert (tmp_path / "exported" / "b_labels.tif").is_file()


@pytest.fixture
def project(tiny_model, pictures, tmp_path) -> Path:
    """A project whose two sets hold results of one of two images."""
    folder = tmp_path / "trial.dinocell"
    with Project.create(folder) as project:
        found = find_images([pictures], recursive=False)
        project.images.add([image for image in found if isinstance(image, FoundImage)])
        image = next(image for image in project.images.all() if image.relative_path.endswith("a.tif"))
        settings = {"model": tiny_model, "diameter": 14, "flow_threshold": 0, "device": "cpu"}
        for name in ("first", "second"):
            home = project.results_folder / name
            (done,) = api.segment_folder(pictures / "a.tif", home, **settings)
            files = [path.relative_to(folder).as_posix() for path in done.files]
            project.results.record(NewResult(image.id, name, n_cells=done.n_cells, files=tuple(files)))
    return folder


def test_a_project_is_exported_set_by_set(project, tmp_path, capsys):
    assert export(project, tmp_path / "exported") == 2
    assert "first, second" in capsys.readouterr().err
    assert export(project, tmp_path / "exported", "--set", "second", "--formats", "labels,roi") == 0
    source = project / "results" / "second"
    assert filecmp.cmp(source / "a_labels.tif", tmp_path / "exported" / "a_labels.tif", shallow=False)
    assert (tmp_path / "exported" / "a_rois.zip").is_file()
    assert export(project / "project.sqlite", tmp_path / "third", "--set", "third") == 2
    assert "no results called third" in capsys.readouterr().err
