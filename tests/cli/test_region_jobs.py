"""Regions of interest in the shell: a GeoJSON file decides which cells are counted, left out or kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.__main__ import main
from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.regions.region import Region
from dinocell_app.regions.region_files import read_regions, regions_of, write_regions

LEFT = Region("left; half", ((0.0, 0.0), (20.0, 0.0), (20.0, 30.0), (0.0, 30.0)), "count", "#4477aa")
TOP = Region("top", ((0.0, 0.0), (40.0, 0.0), (40.0, 15.0), (0.0, 15.0)), "exclude", "#aa3377")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One picture with four cells, one in each quarter."""
    labels = np.zeros((30, 40), np.uint16)
    for number, (row, column) in enumerate([(4, 6), (4, 26), (19, 6), (19, 26)], start=1):
        labels[row : row + 6, column : column + 6] = number
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", (labels > 0).astype(np.uint16) * 900)
    tifffile.imwrite(tmp_path / "masks" / "a_labels.tif", labels)
    return tmp_path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _measure(folder: Path, *more: str) -> int:
    words = ["measure", str(folder / "images"), str(folder / "masks"), "-o", str(folder / "out")]
    return main([*words, "--pixel-size", "0.5", *more])


def test_measuring_counts_in_regions_and_leaves_cells_out(folder: Path) -> None:
    write_regions(folder / "regions.geojson", {"a.tif": [LEFT, TOP]})
    assert _measure(folder, "--regions", str(folder / "regions.geojson")) == 0
    cells = _rows(folder / "out" / "cells.csv")
    assert {row["label"]: row["region"] for row in cells} == {"3": "left; half", "4": ""}
    (region,) = _rows(folder / "out" / "regions.csv")
    assert (region["region"], region["n_cells"], region["region_area_px2"]) == ("left; half", "1", "300")
    assert float(region["density_per_mm2"]) == pytest.approx(1 / 75 * 1e6)
    described = {(row["table"], row["name"]) for row in _rows(folder / "out" / "columns.csv")}
    assert {("cells", "region"), ("regions", "n_cells"), ("regions", "density_per_mm2")} <= described


def test_other_regions_are_other_results_and_none_change_nothing(folder: Path) -> None:
    assert _measure(folder) == 0
    assert len(_rows(folder / "out" / "cells.csv")) == 4
    assert "region" not in _rows(folder / "out" / "cells.csv")[0]
    assert not (folder / "out" / "regions.csv").exists()
    write_regions(folder / "regions.geojson", {"other.tif": [TOP]})
    assert _measure(folder, "--regions", str(folder / "regions.geojson")) == 0  # not for this image
    write_regions(folder / "regions.geojson", {"a": [TOP]})
    assert _measure(folder, "--regions", str(folder / "regions.geojson")) != 0
    assert _measure(folder, "--regions", str(folder / "regions.geojson"), "--overwrite") == 0
    assert len(_rows(folder / "out" / "cells.csv")) == 2


def test_regions_are_read_back_as_written(tmp_path: Path) -> None:
    regions = {"day 1/a.tif": (LEFT, TOP), "": (LEFT,)}
    write_regions(tmp_path / "regions.geojson", regions)
    read = read_regions(tmp_path / "regions.geojson")
    assert read == regions
    assert regions_of(read, Path("/data/day 1/a.tif")) == (LEFT, TOP, LEFT)
    assert regions_of(read, Path("/data/day 2/a.tif")) == (LEFT,)


def test_annotations_of_qupath_are_regions(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [9, 2], [9, 8], [1, 2]]]},
        "properties": {"objectType": "annotation", "classification": {"name": "Tumor", "color": [200, 0, 0]}},
    }
    path = tmp_path / "annotations.geojson"
    path.write_text(json.dumps([feature]), encoding="utf-8")
    assert read_regions(path) == {"": (Region("Tumor", ((1.0, 2.0), (9.0, 2.0), (9.0, 8.0))),)}


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "3",
        '[{"geometry": {"type": "Point", "coordinates": [1, 2]}}]',
        '[{"geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}}]',
        '[{"geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 9]]]}, '
        '"properties": {"kind": "x"}}]',
    ],
)
def test_what_are_no_regions_is_refused_with_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "regions.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="regions cannot be read"):
        read_regions(path)


def test_segmenting_leaves_cells_out_of_masks_and_tables(segment, pictures, tmp_path: Path) -> None:
    assert segment("--recursive") == 0
    before = {row["label"]: row for row in _rows(tmp_path / "out" / "cells.csv") if row["image"] == "a.tif"}
    first = before["1"]
    x, y = float(first["centroid_x_px"]) + 0.5, float(first["centroid_y_px"]) + 0.5
    box = ((x - 1, y - 1), (x + 1, y - 1), (x + 1, y + 1), (x - 1, y + 1))
    everything = ((0.0, 0.0), (99.0, 0.0), (99.0, 99.0), (0.0, 99.0))
    regions = [Region("debris", box, "exclude"), Region("dish", everything)]
    write_regions(tmp_path / "regions.geojson", {"a.tif": regions})
    assert segment("--recursive", "--overwrite", "--regions", str(tmp_path / "regions.geojson")) == 0
    cells = _rows(tmp_path / "out" / "cells.csv")
    kept = [row for row in cells if row["image"] == "a.tif"]
    assert {row["label"] for row in kept} == set(before) - {"1"}
    assert {row["region"] for row in kept} == {"dish"}
    labels = tifffile.imread(tmp_path / "out" / "a_labels.tif")
    assert set(np.unique(labels)) - {0} == {int(row["label"]) for row in kept}
    assert len([row for row in cells if row["image"] == "b.tif"]) == 3
    (region,) = _rows(tmp_path / "out" / "regions.csv")
    assert (region["image"], region["n_cells"]) == ("a.tif", "2")
