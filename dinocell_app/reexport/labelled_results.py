"""A result read back from disk so that it can be written in another format."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.plane_record import PlaneRecord, read_record
from dinocell_app.reexport.export_items import ExportItem
from dinocell_app.reexport.filtered_cells import counted_again, keep_labels, passing_cells

if TYPE_CHECKING:
    import pandas as pd

    from dinocell_app.export.labelled_image import LabelledImage
    from dinocell_app.export.plane_record import PlaneRecord

NEED_PIXELS = ("overlay", "ome-zarr")
NEED_TABLE = ("csv", "parquet", "geojson")


def read_result(item: ExportItem, kinds: frozenset[str]) -> LabelledImage:
    """Read a result with what writing these formats needs.

    Parameters
    ----------
    kinds : frozenset of str
        Formats.

    Raises
    ------
    UserFacingError
        If labels, image or table cannot be read.
    """
    from dinocell_app.export.label_files import read_labels
    from dinocell_app.export.labelled_image import LabelledImage

    record = read_record(item.file("sidecar"))
    image = LabelledImage(
        labels=read_labels(item.file("labels")),
        name=record.name if record is not None else item.stem.as_posix(),
        pixel_size_um=record.pixel_size_um if record is not None else item.pixel_size_um,
        source=item.image,
        diameter_px=record.diameter_px if record is not None else None,
    )
    if kinds.intersection(NEED_PIXELS):
        image = replace(image, pixels=_pixels(item, record))
    if item.cells or kinds.intersection(NEED_TABLE):
        image = replace(image, table=read_table(item))
    if item.cells and image.table is not None:
        image = replace(image, labels=keep_labels(image.labels, image.table["label"].tolist()))
    return image


def record_of(item: ExportItem) -> PlaneRecord | None:
    """Read the record of a result, with the numbers of the cells that are exported.

    Returns
    -------
    PlaneRecord or None
        None for a result that carries none.

    Raises
    ------
    UserFacingError
        If there is a filter, and it or the table of cells cannot be read.
    """
    record = read_record(item.file("sidecar"))
    if record is None or not item.cells:
        return record
    # Without regions, of which the item knows the place with the shape, the shape counts as area alone.
    shape = item.shape if item.regions else (int(record.summary.get("image_area_px2") or 0), 1)
    return counted_again(record, read_table(item), item.regions, shape)


def read_saved(folder: Path, stem: PurePosixPath, kinds: frozenset[str]) -> tuple[LabelledImage, PlaneRecord]:
    """Read a result that carries its record, whoever's folder it is in.

    Parameters
    ----------
    stem : PurePosixPath
        Of its files below the folder, the suffix of the plane included.
    kinds : frozenset of str
        Formats that the result is to be written in.

    Raises
    ------
    UserFacingError
        If record, labels, image or table cannot be read.
    """
    item = ExportItem(stem, folder, Path())
    record = read_record(item.file("sidecar"))
    if record is None:
        raise UnreadableFileError(
            "there is no record of a result", path=item.file("sidecar"), remedy="Segment the image again"
        )
    return read_result(replace(item, image=Path(record.input_path)), kinds), record


def read_table(item: ExportItem) -> pd.DataFrame:
    """Read the table of cells of a result, to the last digit and with the types it was made with.

    Returns
    -------
    pandas.DataFrame
        Of the cells that pass the filter.

    Raises
    ------
    UnreadableFileError
        If there is none that can be read.
    InvalidParameterError
        If the filter does not fit it.
    """
    table = _whole_table(item)
    return passing_cells(table, item.cells) if item.cells else table


def _whole_table(item: ExportItem) -> pd.DataFrame:
    import pandas as pd

    path = item.file("parquet")
    try:
        if path.is_file():
            return pd.read_parquet(path)
        path = item.file("csv")
        with path.open(encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
        record = read_record(item.file("sidecar"))
        types = _types(record.channels if record is not None else ())
        values = zip(*rows, strict=True) if rows else ([] for _ in header)
        columns = zip(header, values, strict=True)
        return pd.DataFrame({name: typed(list(texts), types.get(name, "")) for name, texts in columns})
    except (OSError, ValueError) as error:
        raise UnreadableFileError(
            f"the table of cells cannot be read ({error})", path=path, remedy="Segment the image again"
        ) from error


def typed(texts: Sequence[str], dtype: str) -> pd.Series:
    """Turn the texts of a column into values.

    Parameters
    ----------
    texts : sequence of str
        Empty for what is missing.
    dtype : str
        As `measurement.column.Column` names it; empty to go by the texts.
    """
    import pandas as pd

    if not dtype:
        try:
            dtype = "float64" if [float(text) for text in texts if text] else "string"
        except ValueError:
            dtype = "string"
    if dtype == "bool":
        return pd.Series([text == "True" for text in texts], dtype="bool")
    if dtype.startswith("float"):
        # Python reads every decimal to the nearest double, which pandas does in some versions only.
        return pd.Series([float(text) if text else float("nan") for text in texts], dtype=dtype)
    if dtype.startswith(("int", "uint")):
        return pd.Series([int(text) for text in texts], dtype=dtype)
    return pd.Series(texts, dtype="string" if dtype == "string" else dtype)


def _types(channels: Sequence[str]) -> dict[str, str]:
    from dinocell_app.measurement.columns import every_column

    return {column.name: column.dtype for column in every_column(channels)}


def _pixels(item: ExportItem, record: PlaneRecord | None) -> NDArray[Any]:
    """Read the plane that was segmented; colours where the image has them."""
    from dinocell_app.imaging.plane_channels import only_plane, read_channels, shown_pixels
    from dinocell_app.imaging.planes import PlaneChoice
    from dinocell_app.imaging.reading import open_image

    where = record.choice.at(record.plane) if record is not None else PlaneChoice()
    channel = record.channel if record is not None else None
    axes = str(record.image_selection.get("axes", "")) if record is not None else ""
    with open_image(Path(item.image), axes) as reader:
        plane = only_plane(reader, where, "Segment the image again", channel)
        channels = read_channels(reader, where, plane) if reader.metadata.is_rgb else {}
        return shown_pixels(reader.metadata, plane, channels)
