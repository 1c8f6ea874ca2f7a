"""Zarr arrays and groups in format 2, written without the zarr library.

Format 2 is a few JSON files beside compressed chunks, and every zarr library reads it. Writing it here
keeps the files the same whichever version of that library is installed, or none.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 1024
"""Rows and columns of a chunk."""

_COMPRESSION_LEVEL = 1  # labels shrink by a factor of some hundreds already


def write_group(folder: Path, attributes: Mapping[str, Any] | None = None) -> None:
    """Make a group.

    Parameters
    ----------
    folder : Path
        Made when missing.
    attributes : mapping, optional
        What to say about it; JSON values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / ".zgroup", {"zarr_format": 2})
    if attributes is not None:
        _write_json(folder / ".zattrs", attributes)


def write_array(folder: Path, values: NDArray[Any]) -> None:
    """Write an array in chunks of `CHUNK` along its last two axes.

    Chunks of zeros are left out; they are the fill value.

    Parameters
    ----------
    folder : Path
        Made when missing.
    values : ndarray of shape (..., M, N)
        Numbers or booleans.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    height, width = (max(1, min(CHUNK, length)) for length in values.shape[-2:])
    chunks = (1,) * (values.ndim - 2) + (height, width)
    description = {
        "zarr_format": 2,
        "shape": list(values.shape),
        "chunks": list(chunks),
        "dtype": values.dtype.str,
        "compressor": {"id": "zlib", "level": _COMPRESSION_LEVEL},
        "fill_value": False if values.dtype.kind == "b" else 0,
        "order": "C",
        "filters": None,
        "dimension_separator": "/",
    }
    _write_json(folder / ".zarray", description)
    counts = [-(-length // chunk) for length, chunk in zip(values.shape, chunks, strict=True)]
    for index in np.ndindex(*counts):
        part = values[tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, chunks, strict=True))]
        if not part.any():
            continue
        whole = np.zeros(chunks, values.dtype)  # chunks at the edge are stored in full size
        whole[tuple(slice(0, length) for length in part.shape)] = part
        file = folder.joinpath(*map(str, index))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(zlib.compress(whole.tobytes(), _COMPRESSION_LEVEL))


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")
