import csv

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.tables import (
    ascii_headers,
    combine_csv,
    combine_parquet,
    write_cells_csv,
    write_cells_parquet,
    write_data_dictionary,
    write_table,
)

LABELS = np.array([[1, 2]], np.uint16)
TABLE = pd.DataFrame(
    {
        "label": np.array([1, 2], np.int64),
        "area_px": [0.1 + 0.2, 1e-17],
        "touches_border": [True, False],
        "mean_é_µ": [np.nan, 2.5],
        "note": ["a,b", 'ü "q"'],
    }
)


def test_csv_is_utf8_with_dots_and_ascii_headers_and_gives_the_same_numbers(tmp_path):
    write_cells_csv(tmp_path / "x.csv", LabelledImage(LABELS, "x", table=TABLE))
    content = (tmp_path / "x.csv").read_bytes()
    assert content.split(b"\n")[0] == b"label,area_px,touches_border,mean_e_u,note"
    assert b"\r" not in content
    assert b"0.30000000000000004" in content
    back = pd.read_csv(tmp_path / "x.csv")
    assert_frame_equal(back, TABLE.rename(columns={"mean_é_µ": "mean_e_u"}))


def test_headers_stay_different():
    assert ascii_headers(["é", "e", "e", "α-tubulin", "面積", "ok"]) == [
        "e",
        "e_2",
        "e_3",
        "alpha-tubulin",
        "__",
        "ok",
    ]


def test_a_table_without_rows_keeps_columns_and_types(tmp_path):
    image = LabelledImage(LABELS * 0, "x", table=TABLE.iloc[:0])
    write_cells_csv(tmp_path / "x.csv", image)
    write_cells_parquet(tmp_path / "x.parquet", image)
    assert len((tmp_path / "x.csv").read_text("utf-8").splitlines()) == 1
    back = pd.read_parquet(tmp_path / "x.parquet")
    assert len(back) == 0
    assert back.dtypes.tolist()[:4] == TABLE.dtypes.tolist()[:4]


def test_parquet_keeps_types(tmp_path):
    write_cells_parquet(tmp_path / "x.parquet", LabelledImage(LABELS, "x", table=TABLE))
    back = pd.read_parquet(tmp_path / "x.parquet")
    assert_frame_equal(back, TABLE.rename(columns={"mean_é_µ": "mean_e_u"}))


@pytest.mark.parametrize("write", [write_cells_csv, write_cells_parquet])
def test_an_image_that_was_not_measured_has_no_table(tmp_path, write):
    with pytest.raises(ValueError, match="no table"):
        write(tmp_path / "x", LabelledImage(LABELS, "x"))
    assert not list(tmp_path.iterdir())


def parts_of(tmp_path, suffix, write):
    tables = {
        "sub/a.tif": pd.DataFrame({"label": [1, 2], "area_px": [4.0, 5.0], "area_um2": [1.0, 1.25]}),
        "b.tif": pd.DataFrame({"label": np.array([], int), "area_px": np.array([], float)}),
        "c,d.tif": pd.DataFrame({"label": [7], "area_px": [9.5]}),
    }
    parts = []
    for number, (name, table) in enumerate(tables.items()):
        path = tmp_path / f"{number}{suffix}"
        write(path, LabelledImage(LABELS, name, table=table))
        parts.append((name, path))
    return parts


@pytest.mark.parametrize(
    ("suffix", "write", "combine", "read"),
    [
        (".csv", write_cells_csv, combine_csv, pd.read_csv),
        (".parquet", write_cells_parquet, combine_parquet, pd.read_parquet),
    ],
)
def test_tables_of_a_run_are_put_below_each_other(tmp_path, suffix, write, combine, read):
    combine(tmp_path / f"all{suffix}", parts_of(tmp_path, suffix, write))
    back = read(tmp_path / f"all{suffix}")
    assert list(back.columns) == ["image", "label", "area_px", "area_um2"]
    assert back["image"].tolist() == ["sub/a.tif", "sub/a.tif", "c,d.tif"]
    assert back["label"].tolist() == [1, 2, 7]
    assert back["area_um2"].isna().tolist() == [False, False, True]
    combine(tmp_path / f"none{suffix}", [])
    assert (tmp_path / f"none{suffix}").exists()


def test_an_image_column_of_the_parts_is_not_doubled(tmp_path):
    write_table(tmp_path / "a.csv", pd.DataFrame({"image": ["own"], "label": [1]}))
    combine_csv(tmp_path / "all.csv", [("given", tmp_path / "a.csv")])
    assert (tmp_path / "all.csv").read_text("utf-8") == "image,label\nown,1\n"


def test_the_data_dictionary_says_what_columns_mean(tmp_path):
    rows = [
        {
            "name": "area_um2",
            "unit": "µm²",
            "dtype": "float64",
            "description": "Area, of pixels",
            "source": "—",
        }
    ]
    write_data_dictionary(tmp_path / "columns.csv", rows)
    with (tmp_path / "columns.csv").open(encoding="utf-8", newline="") as lines:
        assert list(csv.DictReader(lines)) == rows
    write_data_dictionary(tmp_path / "columns.csv", [])
    assert (tmp_path / "columns.csv").read_text("utf-8").startswith("name,unit,")
