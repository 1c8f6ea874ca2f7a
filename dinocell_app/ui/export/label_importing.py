"""Label images made elsewhere become results: read, measured and written as a run would write them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from dinocell_app.errors import InvalidParameterError, UserFacingError
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.ui.export.export_items import ExportItem

if TYPE_CHECKING:
    from dinocell_app.imaging.image_reader import ImageReader

_FORMATS = ("labels", "csv")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelImport:
    """A label image that is to become a result.

    Parameters
    ----------
    image_id : int
    labels : Path
    item : ExportItem
        The image, its pixel size and where its results go.
    plane : str
        Such as "_t0003_z001"; empty for an image of one plane.
    """

    image_id: int
    labels: Path
    item: ExportItem
    plane: str = ""


@dataclass(frozen=True)
class LabelsImported:
    """What became of a label image.

    Parameters
    ----------
    given : LabelImport
    n_cells : int
    seconds : float
    files : tuple of Path
    problem : str
        Why it failed; empty when it did not.
    """

    given: LabelImport
    n_cells: int = 0
    seconds: float = 0.0
    files: tuple[Path, ...] = ()
    problem: str = ""


def import_labels(given: Sequence[LabelImport]) -> Iterator[LabelsImported]:
    """Import label images one after the other; one that fails does not end the rest.

    Parameters
    ----------
    given : sequence of LabelImport

    Yields
    ------
    LabelsImported
        One for each.
    """
    for one in given:
        started = time.monotonic()
        try:
            n_cells, files = _import(one)
        except UserFacingError as error:
            yield LabelsImported(one, problem=str(error))
        except Exception as error:
            _logger.exception("%s could not be imported", one.labels)
            fault = UserFacingError(f"{type(error).__name__}: {error}", path=one.labels)
            yield LabelsImported(one, problem=str(fault))
        else:
            yield LabelsImported(one, n_cells, time.monotonic() - started, files)


def _import(one: LabelImport) -> tuple[int, tuple[Path, ...]]:
    from dinocell_app.export.formats import FORMATS
    from dinocell_app.export.labelled_image import LabelledImage
    from dinocell_app.export.provenance import file_sha256, write_sidecar
    from dinocell_app.imaging.reading import open_image
    from dinocell_app.measurement.summary import SummaryContext, summarise_image
    from dinocell_app.measurement.table import MeasurementRequest, columns_of, measure_cells

    item, started = one.item, time.monotonic()
    name = (item.stem.parent / item.image.name).as_posix() + one.plane
    with open_image(item.image) as reader:
        shape = (reader.metadata.height, reader.metadata.width)
        channels = _with_different_names(_channels(reader, one))
    labels = _read(one.labels, shape)
    if labels.shape != shape:
        raise InvalidParameterError(
            f"the labels have {_size(labels.shape)} pixels, the image {item.image.name} has {_size(shape)}",
            path=one.labels,
            remedy="Export the labels at the size of the image",
        )
    request = MeasurementRequest(labels, channels, name, item.pixel_size_um)
    table = measure_cells(request)
    summary = summarise_image(table, columns_of(request), SummaryContext(name, shape, item.pixel_size_um))
    record = PlaneRecord(
        model_id="",
        model_sha256="",
        parameters={"texture": False},
        input_path=str(item.image),
        input_sha256=file_sha256(item.image),
        device="",
        precision="",
        pixel_size_um=item.pixel_size_um,
        pixel_size_source="unknown" if item.pixel_size_um is None else "given",
        image_selection={"labels": str(one.labels), "labels_sha256": file_sha256(one.labels)},
        n_cells=len(table),
        name=name,
        summary={k: None if isinstance(v, float) and math.isnan(v) else v for k, v in summary.items()},
        channels=tuple(channels),
    )
    labelled = LabelledImage(labels, name, item.pixel_size_um, table=table, source=item.image)
    files = {kind: item.file(kind) for kind in _FORMATS}
    for kind, path in files.items():
        FORMATS[kind].write(path, labelled)
    outputs = {kind: path.name for kind, path in files.items()}
    seconds = round(time.monotonic() - started, 3)
    write_sidecar(item.file("sidecar"), replace(record, outputs=outputs, seconds=seconds))
    return len(table), tuple(files.values())


def result_place(home: str, relative_path: str, plane: str) -> PurePosixPath:
    """Choose where the results of imported labels go.

    Parameters
    ----------
    home : str
        Folder of the root the image belongs to.
    relative_path : str
        Of the image below it.
    plane : str

    Returns
    -------
    PurePosixPath
        With the whole name of the image, so that images that differ in their suffix only stay apart.
    """
    image = PurePosixPath(home, relative_path)
    return image.with_name(image.name.replace(".", "_") + plane)


def _read(path: Path, shape: tuple[int, int]) -> NDArray[Any]:
    from dinocell_app.export.imagej_rois import read_imagej_rois
    from dinocell_app.export.label_files import read_labels

    return read_imagej_rois(path, shape) if path.suffix.lower() in (".zip", ".roi") else read_labels(path)


def _channels(reader: ImageReader, one: LabelImport) -> dict[str, NDArray[Any]]:
    """Read every channel of the plane that the labels are for."""
    from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
    from dinocell_app.ui.export.labelled_results import plane_of

    metadata = reader.metadata
    where = plane_of(PlaneChoice(), one.plane)
    n_planes = (1 if where.t != "each" else metadata.n_times) * (
        1 if where.z != "each" else metadata.n_slices
    )
    if n_planes > 1:
        raise InvalidParameterError(
            f"the image has {n_planes} planes and the labels are for one",
            path=one.labels,
            remedy="Name the labels after the plane, as in cells_t0003_z001_labels.tif",
        )
    return {
        name: next(select_planes(reader, where, ChannelChoice(index))).pixels
        for index, name in enumerate(metadata.channel_names)
    }


def _with_different_names(channels: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Add numbers to channel names that would be the same in ASCII, such as two in Japanese."""
    from dinocell_app.measurement.channel_names import ascii_channel_name

    endings = [ascii_channel_name(name) for name in channels]
    return {
        name if endings.count(ending) == 1 else f"{ending}_{index}": pixels
        for index, ((name, pixels), ending) in enumerate(zip(channels.items(), endings, strict=True))
    }


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)
