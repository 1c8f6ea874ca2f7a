"""Read the tables of a result set into one store of cells; for a worker thread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import replacing
from dinocell_app.tables.cell_store import CellColumn, CellSource, CellStore

LARGEST_IN_FULL = 512 * 2**20
"""Bytes of numbers kept as they are; larger sets are kept with seven significant digits, which is half."""

FEWEST_FOR_CACHE = 20
"""Tables from which on putting them together is worth a file of its own."""

N_CACHES_KEPT = 4

_SOURCE = "__source"
_FROM_IMAGES = ("image", "folder", "plane", "tags")


@dataclass(frozen=True)
class StoreRequest:
    """What to read.

    Parameters
    ----------
    sources : tuple of CellSource
        The images in the order of the table.
    cache : Path or None
        Folder for the tables put together; None keeps nothing.
    """

    sources: tuple[CellSource, ...]
    cache: Path | None = None


@dataclass(frozen=True)
class ReadStore:
    """What was read.

    Parameters
    ----------
    store : CellStore
        The cells of the tables that could be read.
    problems : tuple of str
        One sentence for each table that could not.
    """

    store: CellStore
    problems: tuple[str, ...] = ()


def read_store(request: StoreRequest, cancelled: Callable[[], bool] = lambda: False) -> ReadStore | None:
    """Read the cells of all images.

    Parameters
    ----------
    cancelled : callable, optional
        Asked between two tables.

    Returns
    -------
    ReadStore or None
        None when it was cancelled.
    """
    cached = _cache_path(request)
    if cached is not None and cached.exists():
        try:
            return ReadStore(_store_of(request.sources, _read_parquet(cached)))
        except (OSError, ValueError, KeyError, UnreadableFileError):
            cached.unlink(missing_ok=True)  # made anew below
    tables: list[Any] = []
    problems: list[str] = []
    schema = None
    for place, source in enumerate(request.sources):
        if cancelled():
            return None
        if source.table is None:
            continue
        try:
            table = _with_source(_read_table(source.table), place)
            schema = _joined_schema(schema, table.schema, source.table)
            tables.append(table)
        except UnreadableFileError as error:
            problems.append(str(error))
    if not tables:
        starts = np.zeros(len(request.sources) + 1, np.int64)
        labels = {"label": CellColumn(np.zeros(0, np.int64))}
        return ReadStore(CellStore(request.sources, starts, labels), tuple(problems))
    together = _below_each_other(tables)
    if cached is not None and not problems:
        _keep(together, cached)
    return ReadStore(_store_of(request.sources, together), tuple(problems))


def _read_table(path: Path) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa
    from pyarrow import csv

    try:
        if path.suffix.lower() == ".parquet":
            table = _read_parquet(path)
        else:
            table = csv.read_csv(
                path,
                read_options=csv.ReadOptions(use_threads=False),
                convert_options=csv.ConvertOptions(
                    true_values=["True", "true"], false_values=["False", "false"], strings_can_be_null=True
                ),
            )
        names = table.column_names
        _check_values(table)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFileError(
            "the table of cells cannot be read", path=path, remedy="Measure the image again"
        ) from error
    if "label" not in names:
        raise UnreadableFileError(
            "the table has no column named label", path=path, remedy="Measure the image again"
        )
    return table


def _check_values(table: Any) -> None:  # noqa: ANN401 - pyarrow has no types
    """Find what is neither number nor text now, rather than when a column of it is shown."""
    import pyarrow as pa

    table.validate(full=True)
    for column in table.schema:
        kind = column.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise ValueError(f"the column {column.name} is of type {kind}")


def _joined_schema(schema: Any, further: Any, path: Path) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    try:
        return pa.unify_schemas([schema or further, further], promote_options="permissive")
    except pa.ArrowException as error:
        raise UnreadableFileError(
            "a column holds text here and numbers in other tables",
            path=path,
            remedy="Measure the image again",
        ) from error


def _below_each_other(tables: Sequence[Any]) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    return pa.concat_tables(tables, promote_options="permissive")


def _read_parquet(path: Path) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read(use_threads=False)


def _with_source(table: Any, place: int) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    kept = table.select([name for name in table.column_names if name not in _FROM_IMAGES])
    sources = pa.array(np.full(table.num_rows, place, np.int32))
    return kept.append_column(_SOURCE, sources)


def _store_of(sources: Sequence[CellSource], table: Any) -> CellStore:  # noqa: ANN401 - pyarrow has no types
    places = table.column(_SOURCE).to_numpy()
    counts = np.bincount(places, minlength=len(sources))
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    n_numbers = max(1, table.num_columns)
    exact = table.num_rows * n_numbers * 8 <= LARGEST_IN_FULL
    columns = {
        name: _column(table.column(name), exact=exact) for name in table.column_names if name != _SOURCE
    }
    return CellStore(sources, starts, columns)


def _column(chunked: Any, *, exact: bool) -> CellColumn:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa

    kind = chunked.type
    if pa.types.is_boolean(kind) and chunked.null_count == 0:
        return CellColumn(np.asarray(chunked.to_numpy(), np.bool_))
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        chunked, kind = chunked.cast(pa.float64()), pa.float64()
    if pa.types.is_integer(kind) and chunked.null_count == 0:
        return CellColumn(chunked.to_numpy())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values: NDArray[Any] = chunked.cast(pa.float64()).to_numpy()
        return CellColumn(values if exact else values.astype(np.float32))
    encoded = chunked.cast(pa.string()).fill_null("").combine_chunks().dictionary_encode()
    return CellColumn(
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), tuple(encoded.dictionary.to_pylist())
    )


def _cache_path(request: StoreRequest) -> Path | None:
    """Name of the kept table: it changes with each file's size and time, so it is never out of date."""
    tables = [
        (place, source.table) for place, source in enumerate(request.sources) if source.table is not None
    ]
    if request.cache is None or len(tables) < FEWEST_FOR_CACHE:
        return None
    digest = hashlib.sha256()
    for place, table in tables:
        try:
            state = table.stat()
        except OSError:
            return None
        digest.update(json.dumps((place, table.name, str(table), state.st_size, state.st_mtime_ns)).encode())
    return request.cache / f"cells-{digest.hexdigest()[:32]}.parquet"


def _keep(table: Any, path: Path) -> None:  # noqa: ANN401 - pyarrow has no types
    import pyarrow.parquet as pq

    try:
        with replacing(path) as beside:
            pq.write_table(table, beside)
        kept = sorted(path.parent.glob("cells-*.parquet"), key=lambda old: old.stat().st_mtime_ns)
        for old in kept[:-N_CACHES_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # a full disk or a read-only project costs only the time to read the tables again
