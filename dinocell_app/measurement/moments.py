"""Moments of the cells up to third order, their inertia ellipses and Hu's invariants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dinocell_app.measurement.cells import Cells

ROUNDING = 1e-13
"""Differences of second moments below this share of their sum are rounding, not shape."""

_ORDERS = ((0, 2), (1, 1), (2, 0), (0, 3), (1, 2), (2, 1), (3, 0))
"""Powers (row, column) of the central moments `_central_moments` returns, in its order."""


@dataclass(frozen=True)
class Ellipses:
    """The ellipses that have the second moments of the cells.

    Parameters
    ----------
    major_axis, minor_axis : ndarray of shape (n,), float64
        Full lengths in pixels; 0 where the pixels have no extent along the axis.
    eccentricity : ndarray of shape (n,), float64
        0 for a circle, 1 for a line.
    orientation : ndarray of shape (n,), float64
        Degrees from the downward row axis to the major axis, counter-clockwise as seen on the screen,
        -90 to 90; -45 where no axis is the longer one, as in scikit-image.
    """

    major_axis: NDArray[np.float64]
    minor_axis: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    orientation: NDArray[np.float64]


@dataclass(frozen=True)
class CellMoments:
    """Centroids and central moments of cells.

    Parameters
    ----------
    areas : ndarray of shape (n,), int64
        Pixels of each cell.
    centroids : ndarray of shape (n, 2), float64
        Row and column in pixels; the centre of the upper left pixel is (0, 0).
    central : ndarray of shape (n, 4, 4), float64
        `central[k, i, j]` is the sum of (row - centroid)**i (column - centroid)**j over cell k, for
        i + j <= 3; the others are 0.
    """

    areas: NDArray[np.int64]
    centroids: NDArray[np.float64]
    central: NDArray[np.float64]

    def ellipses(self) -> Ellipses:
        """Ellipses with the same second central moments.

        Returns
        -------
        Ellipses
            Axes are 4 times the square root of the eigenvalues of the covariance (Jähne 1993, ch. 8), as
            in scikit-image.
        """
        areas = np.maximum(self.areas, 1)
        rows, columns = self.central[:, 2, 0] / areas, self.central[:, 0, 2] / areas
        mixed = self.central[:, 1, 1] / areas
        total = rows + columns
        noise = ROUNDING * total
        difference = np.where(np.abs(rows - columns) <= noise, 0.0, rows - columns)
        mixed = np.where(np.abs(mixed) <= noise, 0.0, mixed)
        larger = (total + np.hypot(difference, 2 * mixed)) / 2
        # The product of the eigenvalues keeps digits that the difference would lose for thin cells.
        product = np.maximum(rows * columns - mixed**2, 0.0)
        smaller = np.divide(product, larger, out=np.zeros_like(larger), where=larger > 0)
        smaller = np.where(smaller <= noise, 0.0, np.minimum(smaller, larger))
        ratio = np.divide(smaller, larger, out=np.ones_like(larger), where=larger > 0)
        angle = np.where(
            difference == 0,
            np.where(mixed > 0, np.pi / 4, -np.pi / 4),
            np.arctan2(2 * mixed, difference) / 2,
        )
        return Ellipses(4 * np.sqrt(larger), 4 * np.sqrt(smaller), np.sqrt(1 - ratio), np.degrees(angle))

    def hu(self) -> NDArray[np.float64]:
        """Hu's seven moment invariants.

        Returns
        -------
        ndarray of shape (n, 7), float64
            Unchanged by translation, scale and rotation, the seventh changes sign in a mirror (Hu 1962).
        """
        areas = np.maximum(self.areas, 1).astype(np.float64)
        second, third = areas**2, areas**2.5
        n20, n02 = self.central[:, 2, 0] / second, self.central[:, 0, 2] / second
        n11 = self.central[:, 1, 1] / second
        n30, n03 = self.central[:, 3, 0] / third, self.central[:, 0, 3] / third
        n21, n12 = self.central[:, 2, 1] / third, self.central[:, 1, 2] / third
        sum_row, sum_column = n30 + n12, n21 + n03
        skew_row, skew_column = n30 - 3 * n12, 3 * n21 - n03
        cubic_row = sum_row * (sum_row**2 - 3 * sum_column**2)
        cubic_column = sum_column * (3 * sum_row**2 - sum_column**2)
        squares = sum_row**2 - sum_column**2
        return np.stack(
            [
                n20 + n02,
                (n20 - n02) ** 2 + 4 * n11**2,
                skew_row**2 + skew_column**2,
                sum_row**2 + sum_column**2,
                skew_row * cubic_row + skew_column * cubic_column,
                (n20 - n02) * squares + 4 * n11 * sum_row * sum_column,
                skew_column * cubic_row - skew_row * cubic_column,
            ],
            axis=1,
        )


def cell_moments(cells: Cells) -> CellMoments:
    """Centroids and central moments of every cell.

    Parameters
    ----------
    cells : Cells
        From `group_cells`.

    Returns
    -------
    CellMoments
        Sums over centred coordinates, so that a cell far from the origin loses no digits.
    """
    centroids, sums = _central_moments(cells.pixels, cells.starts, cells.shape[1])
    central = np.zeros((len(cells.ids), 4, 4))
    central[:, 0, 0] = cells.areas
    for place, (row_power, column_power) in enumerate(_ORDERS):
        central[:, row_power, column_power] = sums[:, place]
    return CellMoments(cells.areas, centroids, central)


@njit(cache=True, nogil=True)
def _central_moments(
    pixels: NDArray[np.int64], starts: NDArray[np.int64], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = len(starts) - 1
    centroids = np.empty((n, 2))
    sums = np.zeros((n, 7))
    for cell in range(n):
        first, end = starts[cell], starts[cell + 1]
        row_sum, column_sum = 0, 0
        for place in range(first, end):
            row_sum += pixels[place] // width
            column_sum += pixels[place] % width
        middle_row, middle_column = row_sum / (end - first), column_sum / (end - first)
        centroids[cell, 0], centroids[cell, 1] = middle_row, middle_column
        cc = rc = rr = ccc = rcc = rrc = rrr = 0.0
        for place in range(first, end):
            r = pixels[place] // width - middle_row
            c = pixels[place] % width - middle_column
            cc += c * c
            rc += r * c
            rr += r * r
            ccc += c * c * c
            rcc += r * c * c
            rrc += r * r * c
            rrr += r * r * r
        sums[cell] = np.array([cc, rc, rr, ccc, rcc, rrc, rrr])
    return centroids, sums
