"""What a Zarr array says about its chunks, checked before one is decoded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dinocell_app.base.errors import UnreadableFileError

PACKINGS = frozenset(
    {
        *("adler32", "astype", "bitround", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta", "endian"),
        *("fixedscaleoffset", "fletcher32", "gzip", "lz4", "lzma", "packbits", "quantize"),
        *("sharding_indexed", "shuffle", "transpose", "zfpy", "zlib", "zstd"),
    }
)
"""Ways of packing that give numbers back. Others, such as pickle, may run what a chunk contains."""

MOST_CHUNK_BYTES = 2 << 30
MOST_CHUNKS_OF_PLANE = 1_000_000


def check_chunks(path: Path, array: Any, plane: tuple[int, int], axes: tuple[int, int]) -> None:  # noqa: ANN401
    """Refuse an array whose chunks are packed in unknown ways, enormous, or without number.

    Parameters
    ----------
    path : Path
        The folder of the image.
    plane : tuple of int
        Rows and columns.
    axes : tuple of int
        Which axes of the array these are.

    Raises
    ------
    UnreadableFileError
        If the chunks cannot be read safely.
    """
    unknown = sorted(set(_packings(array)) - PACKINGS)
    if unknown:
        raise UnreadableFileError(
            f"is packed with {', '.join(unknown)[:100]}, which is not read here",
            path=path,
            remedy=f"Pack it with one of {', '.join(sorted({'blosc', 'gzip', 'zlib', 'zstd'}))}",
        )
    chunk = tuple(int(length) for length in getattr(array, "shards", None) or array.chunks)
    n_bytes = math.prod(chunk) * np.dtype(array.dtype).itemsize
    if n_bytes > MOST_CHUNK_BYTES or min(chunk, default=1) < 1:
        raise UnreadableFileError(
            f"declares chunks of {n_bytes >> 20:,} MiB",
            path=path,
            remedy="If it is not corrupt, save it in smaller chunks",
        )
    n_chunks = math.prod(-(-length // chunk[axis]) for length, axis in zip(plane, axes, strict=True))
    if n_chunks > MOST_CHUNKS_OF_PLANE:
        raise UnreadableFileError(
            f"declares {n_chunks:,} chunks in a plane",
            path=path,
            remedy="If it is not corrupt, save it in larger chunks",
        )


def _packings(array: Any) -> Iterator[str]:  # noqa: ANN401
    """Names of all codecs, those within shards included."""
    described = getattr(getattr(array, "metadata", None), "to_dict", None)
    if described is None:  # zarr 2
        codecs = [array.compressor, *(array.filters or ())]
        yield from (str(codec.codec_id).lower() for codec in codecs if codec is not None)
    else:
        content = described()
        for key in ("compressor", "filters", "codecs"):
            yield from _named(content.get(key))


def _named(codec: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(codec, Mapping):
        name = str(codec.get("id", codec.get("name", ""))).lower()
        yield name.removeprefix("numcodecs.")
        inside = codec.get("configuration") or {}
        for key in ("codecs", "index_codecs"):
            yield from _named(inside.get(key))
    elif isinstance(codec, list | tuple):
        for each in codec:
            yield from _named(each)
    elif codec is not None:
        yield str(getattr(codec, "codec_id", type(codec).__name__)).lower()
