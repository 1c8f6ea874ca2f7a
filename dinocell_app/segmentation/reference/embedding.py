"""What the network sees within the outline of each cell, as one vector of unit length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dinocell_app.segmentation.reference.feature_grid import FeatureGrid


def embed_cells(
    labels: NDArray[np.integer], ids: NDArray[np.integer], grid: FeatureGrid
) -> NDArray[np.float32]:
    """Pool the features of an image over its cells (paper on personalised segmentation, section 3.2).

    Each pixel of a cell counts once with the grid cell it lies in. The last feature block alone is used: it
    tells types of cells apart better than all blocks together do, because the earlier ones keep more of where
    a patch lies (measured with ``tests/benchmarks/reference_cells.py``).

    Parameters
    ----------
    labels : ndarray of shape (M, N), int
        In the frame of the image; 0 is background.
    ids : ndarray of shape (K,), int
        Cells to embed, ascending.
    grid : FeatureGrid
        Of the same image.

    Returns
    -------
    ndarray of shape (K, D), float32
        Of unit length; 0 for an id without a pixel.
    """
    n_rows, n_columns = grid.values.shape[1:]
    rows, columns = np.nonzero(labels)
    places = [
        np.minimum(((index + 0.5) * (network / edge) / grid.spacing_px).astype(np.intp), count - 1)
        for index, network, edge, count in zip(
            (rows, columns), grid.network_shape, labels.shape, (n_rows, n_columns), strict=True
        )
    ]
    found = labels[rows, columns]
    position = np.searchsorted(ids, found)
    asked = position < len(ids)
    asked[asked] = ids[position[asked]] == found[asked]
    where = (position[asked], (places[0] * n_columns + places[1])[asked])
    counts = sparse.coo_matrix(
        (np.ones(len(where[0]), np.float32), where), shape=(len(ids), n_rows * n_columns)
    ).tocsr()
    width = grid.block_widths[-1]
    embeddings = np.asarray(counts @ grid.values[-width:].reshape(width, -1).T, np.float32)
    length = np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.divide(embeddings, length, out=embeddings, where=length > 0)
    return embeddings
