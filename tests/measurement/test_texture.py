"""Haralick texture, compared with scikit-image's matrices of grey-level pairs."""

import numpy as np
import pytest
from skimage.feature import graycomatrix, graycoprops

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.measurement.columns import TEXTURE
from dinocell_app.measurement.table import MeasurementRequest, measure_cells
from dinocell_app.measurement.texture import TextureParameters

ANGLES = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]


def measure_one(labels, grey, parameters):
    return measure_cells(MeasurementRequest(labels, {"c": grey}, texture=parameters)).iloc[0]


def test_features_equal_those_of_scikit_image():
    levels = np.random.default_rng(6).integers(0, 8, (15, 18)).astype(np.uint8)
    levels[0, 0], levels[0, 1] = 0, 7
    cell = measure_one(np.ones((15, 18), int), levels, TextureParameters(distance_px=1, n_levels=8))
    pairs = graycomatrix(levels, [1], ANGLES, levels=8, symmetric=True, normed=True)
    for ours, theirs in [
        ("angular_second_moment", "ASM"),
        ("contrast", "contrast"),
        ("correlation", "correlation"),
        ("inverse_difference_moment", "homogeneity"),
    ]:
        assert cell[f"texture_{ours}_c"] == pytest.approx(graycoprops(pairs, theirs).mean()), ours
    shares = pairs[:, :, 0, :]
    with np.errstate(divide="ignore"):
        logs = np.where(shares > 0, np.log2(np.where(shares > 0, shares, 1)), 0)
    assert cell["texture_entropy_c"] == pytest.approx(-(shares * logs).sum(axis=(0, 1)).mean())
    marginal = shares.sum(axis=0)
    mean = (np.arange(8)[:, None] * marginal).sum(axis=0)
    variance = ((np.arange(8)[:, None] - mean) ** 2 * marginal).sum(axis=0)
    assert cell["texture_variance_c"] == pytest.approx(variance.mean())
    assert cell["texture_sum_average_c"] == pytest.approx(2 * mean.mean())
    # Var(i + j) + Var(i - j) = 4 Var(i) for pairs counted both ways, whose mean difference is 0.
    total = cell["texture_sum_variance_c"] + cell["texture_contrast_c"]
    assert total == pytest.approx(4 * cell["texture_variance_c"])


def test_a_checkerboard_is_known_exactly():
    board = np.indices((8, 8)).sum(axis=0) % 2
    cell = measure_one(np.ones((8, 8), int), board, TextureParameters(n_levels=2))
    # Rows and columns always differ, diagonals never.
    assert cell["texture_contrast_c"] == pytest.approx(0.5)
    assert cell["texture_correlation_c"] == pytest.approx(0)
    assert cell["texture_sum_entropy_c"] == pytest.approx(0.5, abs=0.01)
    assert cell["texture_information_1_c"] == pytest.approx(-1, abs=0.01)
    assert cell["texture_information_2_c"] == pytest.approx(np.sqrt(1 - 2.0**-2), abs=0.01)


def test_pairs_with_other_cells_do_not_count():
    labels = np.array([[1, 2] * 4] * 8)
    striped = np.where(labels == 1, 10, 200)
    cells = measure_cells(MeasurementRequest(labels, {"c": striped}, texture=TextureParameters()))
    assert (cells["texture_contrast_c"] == 0).all()
    assert (cells["texture_angular_second_moment_c"] == 1).all()
    assert cells["texture_correlation_c"].isna().all()


def test_one_pixel_has_no_texture():
    labels = np.zeros((4, 4), int)
    labels[1, 1] = 1
    cell = measure_one(labels, np.eye(4), TextureParameters())
    assert all(np.isnan(cell[f"{feature.stem}_c"]) for feature in TEXTURE)


@pytest.mark.parametrize("wrong", [{"distance_px": 0}, {"n_levels": 1}, {"n_levels": 1000}])
def test_parameters_that_cannot_be_used_are_refused(wrong):
    with pytest.raises(InvalidParameterError):
        TextureParameters(**wrong)
