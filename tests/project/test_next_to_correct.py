"""What to correct next, from tables whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from dinocell_app.project.next_to_correct import Look, look_of, suggest


def look(unsure: float, area: float, n_cells: int = 10) -> Look:
    return Look(n_cells, unsure, {"area_px2": area, "eccentricity": 0.5})


def test_the_least_sure_comes_first_when_nothing_is_corrected() -> None:
    found = suggest({1: look(0.1, 100), 2: look(0.6, 100), 3: look(0.3, 100)}, [])
    assert [each.image_id for each in found] == [2, 3, 1]
    assert found[0].reason == "the model is unsure of 60% of its cells"


def test_what_is_unlike_the_corrected_ones_comes_before_what_is_alike() -> None:
    looks = {1: look(0.0, 100), 2: look(0.0, 110), 3: look(0.0, 900), 4: look(0.0, 105)}
    found = suggest(looks, [1])
    assert found[0].image_id == 3
    assert "unlike the images corrected so far, most of all in cell size" in found[0].reason
    assert found[-1].image_id == 4
    assert found[-1].reason == "it has not been corrected yet"


def test_corrected_and_empty_images_are_not_suggested() -> None:
    assert suggest({1: look(0.5, 100), 2: look(0.5, 100, n_cells=0)}, [1]) == []
    assert suggest({}, []) == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_is_read(tmp_path, form) -> None:
    cells = pd.DataFrame(
        {"label": [1, 2, 3, 4], "area_px2": [5, 7, 9, 100], "confidence": [0.9, 0.5, 0.6, None]}
    )
    path = tmp_path / f"a_cells.{form}"
    if form == "csv":
        cells.to_csv(path, index=False)
    else:
        cells.to_parquet(path)
    found = look_of(path)
    assert (found.n_cells, found.unsure) == (4, pytest.approx(2 / 3))
    assert found.medians == {"area_px2": 8.0, "confidence": 0.6}


def test_tables_without_cells_without_confidence_and_without_sense(tmp_path) -> None:
    (tmp_path / "empty.csv").write_text("label,area_px2\n")
    assert look_of(tmp_path / "empty.csv").medians == {}
    (tmp_path / "plain.csv").write_text("label,area_px2\n1,4\n")
    assert np.isnan(look_of(tmp_path / "plain.csv").unsure)
    assert look_of(tmp_path / "none.csv") is None
