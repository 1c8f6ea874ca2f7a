"""The formats results can be written in, by the names used in the shell and in jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.export import names
from dinocell_app.export.cellpose_files import write_cellpose_seg
from dinocell_app.export.coco import combine_coco, write_coco
from dinocell_app.export.geojson import write_geojson
from dinocell_app.export.imagej_rois import write_imagej_rois
from dinocell_app.export.label_files import write_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.ome_zarr import write_ome_zarr
from dinocell_app.export.overlay import write_overlay
from dinocell_app.export.tables import combine_csv, combine_parquet, write_cells_csv, write_cells_parquet

Writer = Callable[[Path, LabelledImage], None]
Combiner = Callable[[Path, Sequence[tuple[str, Path]]], None]


@dataclass(frozen=True)
class ExportFormat:
    """One kind of result.

    Parameters
    ----------
    name : str
        As typed by users; also the key of its suffix in `names.SUFFIXES`.
    description : str
        For help texts.
    write : callable
        Writes one image to a path.
    combined_name : str
        File for the whole run in the output folder; empty where there is none.
    combine : callable, optional
        Makes that file from the names and files of all images. It reads files, so a run that was
        interrupted and resumed ends with all of its images in it.
    needs_table : bool
        Whether the image must have been measured.
    """

    name: str
    description: str
    write: Writer
    combined_name: str = ""
    combine: Combiner | None = None
    needs_table: bool = False


FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            ExportFormat("labels", "label image, TIFF with pixel size", write_labels),
            ExportFormat("overlay", "cells drawn on the image, PNG", write_overlay),
            ExportFormat(
                "csv", "one row a cell, CSV", write_cells_csv, names.CELLS_CSV, combine_csv, needs_table=True
            ),
            ExportFormat("roi", "regions for ImageJ's ROI Manager, zip", write_imagej_rois),
            ExportFormat("geojson", "detections for QuPath, GeoJSON", write_geojson),
            ExportFormat("coco", "instance masks, COCO JSON", write_coco, names.COCO_JSON, combine_coco),
            ExportFormat("cellpose", "masks and flows for Cellpose, _seg.npy", write_cellpose_seg),
            ExportFormat("ome-zarr", "labels with the image, OME-Zarr (NGFF 0.4)", write_ome_zarr),
            ExportFormat(
                "parquet",
                "one row a cell, Parquet",
                write_cells_parquet,
                names.CELLS_PARQUET,
                combine_parquet,
                needs_table=True,
            ),
        )
    }
)
"""Every format by name, in the order in which help texts list them."""

DEFAULT_FORMATS = ("labels", "overlay", "csv")


def parse_formats(text: str) -> tuple[str, ...]:
    """Read a list of formats as users type it.

    Parameters
    ----------
    text : str
        Names separated by commas, in any case; "all" for every format.

    Returns
    -------
    tuple of str
        Keys of `FORMATS`, each once, in the order of `FORMATS`.

    Raises
    ------
    InvalidParameterError
        If a name is unknown or there is none.
    """
    asked = {name.strip().lower() for name in text.split(",")} - {""}
    unknown = sorted(asked - set(FORMATS) - {"all"})
    if unknown or not asked:
        raise InvalidParameterError(
            f"{', '.join(unknown)} is no output format" if unknown else "no output format was named",
            remedy=f"Choose from {', '.join(FORMATS)} or all",
        )
    return tuple(name for name in FORMATS if name in asked or "all" in asked)


def write_formats(
    image: LabelledImage, folder: Path, stem: PurePosixPath, plane_suffix: str, formats: Iterable[str]
) -> dict[str, Path]:
    """Write one image in several formats.

    Parameters
    ----------
    image : LabelledImage
        What to write.
    folder : Path
        The output folder.
    stem : PurePosixPath
        From `names.output_stems`.
    plane_suffix : str
        Such as "_t0003_z001"; empty for an image of one plane.
    formats : iterable of str
        Keys of `FORMATS`.

    Returns
    -------
    dict of str to Path
        The file of each format.

    Raises
    ------
    UserFacingError
        If a file cannot be written; those before it are complete.
    """
    written = {}
    for name in formats:
        path = names.output_path(folder, stem, plane_suffix, name)
        FORMATS[name].write(path, image)
        written[name] = path
    return written
