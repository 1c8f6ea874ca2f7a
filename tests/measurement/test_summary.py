"""One row an image."""

import numpy as np
import pytest

from dinocell_app.measurement.summary import SummaryContext, summarise_image, summary_columns, summary_table
from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells


def three_cells():
    labels = np.zeros((20, 50), np.uint16)
    labels[0:4, 0:4], labels[6:9, 6:9], labels[12:17, 20:25] = 1, 2, 3
    return labels


def summarise(labels, pixel_size_um=None, **context):
    request = MeasurementRequest(labels, {"c": labels}, pixel_size_um=pixel_size_um)
    columns = columns_of(request)
    row = summarise_image(
        measure_cells(request), columns, SummaryContext("a.tif", labels.shape, pixel_size_um, **context)
    )
    assert list(row) == [
        column.name for column in summary_columns(columns, pixel_size_known=pixel_size_um is not None)
    ]
    return row


def test_counts_cover_all_cells_and_means_those_inside():
    row = summarise(three_cells(), seconds=1.5)
    assert (row["n_cells"], row["n_cells_touching_border"], row["n_cells_in_means"]) == (3, 1, 2)
    assert row["confluency"] == pytest.approx((16 + 9 + 25) / 1000)
    assert row["area_px2_mean"] == row["area_px2_median"] == 17
    assert row["intensity_mean_c_mean"] == 2.5
    assert (row["image"], row["status"], row["seconds"]) == ("a.tif", "done", 1.5)
    assert not [name for name in row if "_um" in name or "mm2" in name]


def test_border_cells_take_part_when_asked():
    row = summarise(three_cells(), border_cells_in_means=True)
    assert row["n_cells_in_means"] == 3
    assert row["area_px2_mean"] == pytest.approx(50 / 3)
    assert row["area_px2_median"] == 16


def test_density_is_per_square_millimetre():
    row = summarise(three_cells(), pixel_size_um=2.0)
    assert row["image_area_um2"] == 4000
    assert row["density_per_mm2"] == pytest.approx(3 / (1000 * 4e-6))
    assert row["area_um2_mean"] == 68


def test_an_image_without_cells_has_counts_and_no_means():
    row = summarise(np.zeros((20, 50), np.uint16), pixel_size_um=1.0)
    assert (row["n_cells"], row["confluency"], row["density_per_mm2"]) == (0, 0, 0)
    assert np.isnan(row["area_px2_mean"])
    assert np.isnan(row["area_px2_median"])


def test_images_that_failed_stand_in_the_table_without_counts():
    table = summary_table([summarise(three_cells()), {"image": "b.tif", "status": "failed", "seconds": 0.1}])
    assert table["status"].tolist() == ["done", "failed"]
    assert table["n_cells"].isna().tolist() == [False, True]
    assert str(table["n_cells"].dtype) == "Int64"
    assert np.isnan(table.loc[1, "area_px2_mean"])
    assert list(summary_table([]).columns[:2]) == ["image", "status"]
