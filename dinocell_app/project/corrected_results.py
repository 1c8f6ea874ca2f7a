"""Files of a result as people corrected it: labels, table and the others that the model's result has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export.names import SUFFIXES, output_path, result_stem
from dinocell_app.project.image_planes import HOW_TO_NAME
from dinocell_app.project.records import ImageRecord, ResultRecord
from dinocell_app.regions.region import Region, checksum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dinocell_app.export.plane_record import PlaneRecord

CORRECTED_NAME = "corrected"
"""Folder of corrected results, in that of the project; below it the sets, as in `results`."""

_OF_THE_MODEL = ("confidence", "flow_error", "reference_score", "cell_type")
"""What only the network knows of a cell; a corrected one has none of it."""

_SAME_CELL = ("bbox_x_min", "bbox_y_min", "bbox_x_max", "bbox_y_max", "area_px2")
"""Columns by which a cell is known whatever its number is."""

_KNOWN_SOURCES = {"file": "file", "unknown": "unknown"}
"""Who says a pixel size, as records put it; all others are people."""


@dataclass(frozen=True, eq=False)
class Correction:
    """A state of the labels to be written, with all that a worker needs to know.

    Parameters
    ----------
    result : ResultRecord
        Without `has_newer` where the labels are those of a newer result that is taken over now.
    labels : ndarray of shape (M, N), uint32
        Not changed meanwhile.
    edited : frozenset of int
        Cells that people corrected or drew.
    regions : tuple of Region
        Regions of interest of the image in the project.
    """

    result: ResultRecord
    image: ImageRecord
    image_path: Path
    project_folder: Path
    labels: NDArray[np.uint32]
    edited: frozenset[int]
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class CorrectedFiles:
    """What was written, for `ResultTable.publish`.

    Parameters
    ----------
    files : tuple of str
        Relative to the project folder.
    """

    files: tuple[str, ...]
    n_cells: int
    n_edited: int


def write_corrected(correction: Correction) -> CorrectedFiles:
    """Measure the cells and write the files; those of the model stay as they are.

    All cells are measured anew, because neighbours and distances change around a corrected one; what only
    the network knows is kept for the cells that nobody touched.

    Raises
    ------
    UserFacingError
        If the image cannot be read, has another size by now, or a file cannot be written.
    """
    from dinocell_app.export.formats import write_formats
    from dinocell_app.export.labelled_image import LabelledImage
    from dinocell_app.export.plane_record import read_record
    from dinocell_app.export.provenance import write_sidecar
    from dinocell_app.imaging.plane_channels import only_plane, read_channels, shown_pixels
    from dinocell_app.imaging.planes import PlaneChoice
    from dinocell_app.imaging.reading import open_image
    from dinocell_app.measurement.plane import measure_plane
    from dinocell_app.measurement.regions import add_region_column
    from dinocell_app.measurement.table import MeasurementRequest
    from dinocell_app.measurement.texture import TextureParameters

    result, image = correction.result, correction.image
    model = correction.project_folder / _sidecar_of(_origin(result))
    record = read_record(model)
    where = (record.choice if record is not None else PlaneChoice()).at(result.plane)
    with open_image(correction.image_path, image.axes) as reader:
        shape = (reader.metadata.height, reader.metadata.width)
        if correction.labels.shape != shape:
            raise InvalidParameterError(
                f"is {shape[1]} x {shape[0]} pixels now, and the corrected cells are of "
                f"{correction.labels.shape[1]} x {correction.labels.shape[0]}",
                path=correction.image_path,
                remedy="Put the image back that was corrected; the corrections are kept",
            )
        plane = only_plane(reader, where, HOW_TO_NAME, record.channel if record is not None else None)
        channels = read_channels(reader, where, plane)
        shown = shown_pixels(reader.metadata, plane, channels)
    folder, stem = _place(correction)
    name = record.name if record is not None and record.name else f"{image.name}{result.plane.suffix}"
    has_texture = record is not None and bool(record.parameters.get("texture"))
    measured = measure_plane(
        MeasurementRequest(
            correction.labels,
            channels,
            name,
            image.pixel_size_um,
            texture=TextureParameters() if has_texture else None,
            edited=correction.edited,
        )
    )
    table = _with_model_columns(measured.table, _model_table(correction), correction.edited)
    table = add_region_column(table, correction.regions)
    labelled = LabelledImage(
        correction.labels, name, image.pixel_size_um, shown, table, source=correction.image_path
    )
    formats = tuple(
        kind
        for kind, suffix in SUFFIXES.items()
        if kind != "sidecar" and any(file.endswith(suffix) for file in result.model_files or result.files)
    )
    known = frozenset(correction.edited & set(table["label"].tolist()))
    written = write_formats(labelled, folder, stem, "", formats or ("labels", "csv"))
    if record is not None:
        corrected = replace(
            record,
            n_cells=len(table),
            n_edited=len(known),
            pixel_size_um=image.pixel_size_um,
            pixel_size_source=_KNOWN_SOURCES.get(image.pixel_size_source, "given"),
            summary={**record.summary, **measured.summary},
            outputs={kind: path.name for kind, path in written.items()},
            **_by_region(correction, record, table),
        )
        write_sidecar(output_path(folder, stem, "", "sidecar"), corrected)
    files = tuple(path.relative_to(correction.project_folder).as_posix() for path in written.values())
    return CorrectedFiles(files, len(table), len(known))


def _by_region(correction: Correction, record: PlaneRecord, table: Any) -> dict[str, Any]:  # noqa: ANN401 - pandas
    """Give what the record says of regions: those that the project has by now, counted in the new table."""
    from dinocell_app.measurement.regions import count_again

    chosen = {key: value for key, value in record.image_selection.items() if key != "regions"}
    regions = correction.regions
    if not regions:
        return {"image_selection": chosen, "regions": ()}
    counted = count_again(
        table, regions, record.name, correction.labels.shape, correction.image.pixel_size_um
    )
    return {"image_selection": {**chosen, "regions": checksum(regions)}, "regions": tuple(counted)}


def _place(correction: Correction) -> tuple[Path, PurePosixPath]:
    """Give the folder and the stem that mirror those of the model's files."""
    result = correction.result
    folder = correction.project_folder / CORRECTED_NAME / result.name
    files = [PurePosixPath(file) for file in result.model_files or result.files]
    home = PurePosixPath("results", result.name)
    for file in files:
        if (stem := result_stem(file.name)) != file.name and file.is_relative_to(home):
            return folder, file.relative_to(home).with_name(stem)
    return folder, PurePosixPath(
        str(result.image_id), f"{Path(correction.image.name).stem}{result.plane.suffix}"
    )


def _origin(result: ResultRecord) -> tuple[str, ...]:
    """Give the files that say how the labels were made.

    Those of a newer result of the model, which was not taken over yet, speak of other labels.
    """
    return result.files if result.has_newer else result.model_files or result.files


def _sidecar_of(files: Sequence[str]) -> str:
    labels = SUFFIXES["labels"]
    return next((f.removesuffix(labels) + SUFFIXES["sidecar"] for f in files if f.endswith(labels)), "none")


def _model_table(correction: Correction) -> Any:  # noqa: ANN401 - a table of pandas, which is not imported here
    """Read the table that says what the network knows; None without one."""
    import pandas as pd

    files = _origin(correction.result)
    for kind, read in (("parquet", pd.read_parquet), ("csv", pd.read_csv)):
        for file in files:
            path = correction.project_folder / file
            if file.endswith(SUFFIXES[kind]) and path.is_file():
                try:
                    return read(path)
                except (OSError, ValueError):
                    continue
    return None


def _with_model_columns(table: Any, model: Any, edited: frozenset[int]) -> Any:  # noqa: ANN401 - tables of pandas
    """Add what the network said of the cells that nobody touched, in the places of its table.

    A cell is known by its box and area: a newer result has other numbers for the same cells.
    """
    if model is None or not {"label", *_SAME_CELL} <= set(model.columns):
        return table
    known = model.drop_duplicates(list(_SAME_CELL), keep=False).set_index(list(_SAME_CELL))
    cells = [tuple(row) for row in table[list(_SAME_CELL)].to_numpy().tolist()]
    doubtful = table.duplicated(list(_SAME_CELL), keep=False) | table["label"].isin(sorted(edited))
    for name in (name for name in _OF_THE_MODEL if name in model):
        said = known[name].to_dict()
        values = table["label"].astype(object)
        values[:] = [said.get(cell) for cell in cells]
        values = values.where(~doubtful)
        values = values.astype("float64") if name != "cell_type" else values.where(values.notna(), "")
        after = [other for other in model.columns[: list(model.columns).index(name)] if other in table]
        place = list(table.columns).index(after[-1]) + 1 if after else len(table.columns)
        table.insert(place, name, values)
    return table


def sidecar_record(result: ResultRecord, project_folder: Path) -> PlaneRecord | None:
    """Read how a result was made."""
    from dinocell_app.export.plane_record import read_record

    return read_record(project_folder / _sidecar_of(result.files))
