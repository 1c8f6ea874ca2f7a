"""ImageJ ROI archives: regions along pixel edges, which ImageJ fills back to the same pixels.

A cell of one part without holes is a traced polygon with whole coordinates, what ImageJ's own "Create
Selection" makes. A cell of several parts or with holes is one composite region, a path of all its rings
that ImageJ fills by the even-odd rule. Either way one cell is one region, named by its label.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from roifile import ROI_TYPE, ImagejRoi

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.labelled_image import LabelledImage, compact_labels
from dinocell_app.export.polygons import CellOutline, pixels_inside, trace_outlines
from dinocell_app.export.writing import write_bytes

MOST_BYTES_OF_ONE, MOST_BYTES = 16 << 20, 1 << 30
"""Of one region and of all in an archive, unpacked: more is no outline but meant to fill the memory."""

_LARGEST_SHORT = 60_535  # ImageJ takes 16-bit coordinates above this for negative numbers
_MOST_VERTICES = 65_535
_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # segments of a composite path, numbered as in java.awt.geom
_PATH_LENGTHS = {0: 3, 1: 3, 4: 1}
_NOWHERE = (0, 0, 0)
_AREAS = {ROI_TYPE.POLYGON, ROI_TYPE.RECT, ROI_TYPE.OVAL, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED}


def write_imagej_rois(path: Path, image: LabelledImage) -> None:
    """Write one region a cell into a zip that ImageJ's ROI Manager opens.

    Parameters
    ----------
    path : Path
        The file to create or replace; regions of an older file do not stay.
    image : LabelledImage
        The labels are used. Without cells the archive is empty.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for outline in trace_outlines(image.labels):
            # A fixed date makes the same labels give the same file.
            entry = zipfile.ZipInfo(f"{outline.label}.roi", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, region_of(outline).tobytes())
    write_bytes(path, buffer.getvalue())


def region_of(outline: CellOutline) -> ImagejRoi:
    """Make the region of one cell.

    Parameters
    ----------
    outline : CellOutline
        Its rings.

    Returns
    -------
    ImagejRoi
        A traced polygon or a composite.
    """
    corners = np.vstack([polygon.exterior for polygon in outline.polygons])
    region = ImagejRoi()
    region.name = str(outline.label)
    region.top, region.left = (int(v) for v in corners.min(axis=0))
    region.bottom, region.right = (int(v) for v in corners.max(axis=0))
    ring = outline.polygons[0].exterior
    if outline.is_simple and len(ring) <= _MOST_VERTICES and corners.max() <= _LARGEST_SHORT:
        region.roitype = ROI_TYPE.TRACED
        region.n_coordinates = len(ring)
        region.integer_coordinates = (ring - (region.top, region.left))[:, ::-1].astype(np.int32)
        return region
    region.roitype = ROI_TYPE.RECT
    region.multi_coordinates = _path(outline.rings)
    region.shape_roi_size = len(region.multi_coordinates)
    return region


def read_imagej_rois(
    path: Path,
    shape: tuple[int, int],
    plane: PlaneAddress | None = None,
    planes: Sequence[PlaneAddress] = (),
) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Draw the regions of an ImageJ `.zip` or `.roi` file into a label image.

    A pixel belongs to a region when its centre lies inside. Regions that enclose no area, such as lines
    and points, are left out; where regions overlap the later one wins.

    Parameters
    ----------
    path : Path
        A file written by `write_imagej_rois` or by ImageJ.
    shape : tuple of int
        Rows and columns of the image the regions were drawn on.
    plane : PlaneAddress, optional
        Only regions that were drawn on this plane, or on no plane in particular, are taken.
    planes : sequence of PlaneAddress
        All planes of the image, in the order of its file.

    Returns
    -------
    ndarray of shape `shape`, uint16 or uint32
        Labels are the names of the regions when these are different whole numbers above 0, else the
        regions are numbered from 1 in the order of the file.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, holds a curved composite region, or regions of several planes where none
        is chosen.
    """
    path = Path(path)
    labels = np.zeros(shape, np.uint32)
    try:
        regions = [(name, region) for name, region in _read_regions(path) if region.roitype in _AREAS]
        regions = _of_plane(regions, plane, planes, path)
        rings = [_rings_of(region) for _, region in regions]
        for label, region_rings in zip(_labels_of([name for name, _ in regions]), rings, strict=True):
            labels.flat[pixels_inside(region_rings, shape)] = label
    except UnreadableFileError:
        raise
    # Damaged regions and archives fail in as many ways as there are fields and ways of packing.
    except Exception as error:
        raise UnreadableFileError(
            f"the regions cannot be read ({str(error)[:160]})",
            path=path,
            remedy="Save them again with ImageJ's ROI Manager",
        ) from error
    return compact_labels(labels)


def _of_plane(
    regions: list[tuple[str, ImagejRoi]],
    plane: PlaneAddress | None,
    planes: Sequence[PlaneAddress],
    path: Path,
) -> list[tuple[str, ImagejRoi]]:
    drawn_on = {_position(region) for _, region in regions} - {_NOWHERE}
    if len(drawn_on) < 2 and (plane is None or len(planes) < 2):
        return regions
    if plane is None or len(planes) < 2:
        raise UnreadableFileError(
            f"the regions lie on {len(drawn_on)} slices or times, and one plane is asked for",
            path=path,
            remedy="Use them with the whole stack, or save those of one slice",
        )
    number = list(planes).index(plane) + 1
    return [(name, region) for name, region in regions if _lies_on(region, plane, number)]


def _position(region: ImagejRoi) -> tuple[int, int, int]:
    """Slice of the stack, and Z and T of a hyperstack, each counted from 1; 0 where nothing is said."""
    return int(region.position), int(region.z_position), int(region.t_position)


def _lies_on(region: ImagejRoi, plane: PlaneAddress, number: int) -> bool:
    position, z, t = _position(region)
    if z or t:
        return z in (0, (plane.z or 0) + 1) and t in (0, (plane.t or 0) + 1)
    return position in (0, number)


def _path(rings: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
    segments: list[NDArray[np.float32]] = []
    for ring in rings:
        lines = np.full((len(ring), 3), _LINE, np.float32)
        lines[0, 0] = _MOVE
        lines[:, 1:] = ring[:, ::-1]
        segments += [lines.ravel(), np.array([_CLOSE], np.float32)]
    return np.concatenate(segments)


def _read_regions(path: Path) -> list[tuple[str, ImagejRoi]]:
    content = path.read_bytes()
    if content[:4] == b"Iout":
        return [(path.stem, ImagejRoi.frombytes(content))]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [member for member in archive.infolist() if member.filename.lower().endswith(".roi")]
        sizes = [member.file_size for member in members]
        if max(sizes, default=0) > MOST_BYTES_OF_ONE or sum(sizes) > MOST_BYTES:
            raise ValueError(f"the archive claims to hold {sum(sizes) >> 20} MiB of outlines")
        return [(Path(member.filename).stem, ImagejRoi.frombytes(archive.read(member))) for member in members]


def _labels_of(names: Sequence[str]) -> Sequence[int]:
    numbers = [int(name) for name in names if name.isascii() and name.isdigit()]
    named = len(numbers) == len(names) == len(set(numbers)) and all(0 < n < 2**32 for n in numbers)
    return numbers if named else range(1, len(names) + 1)


def _rings_of(region: Any) -> list[NDArray[np.number]]:  # noqa: ANN401 - roifile has no types
    """Rings of a region as (row, column) vertices, pixel corners at integers."""
    if region.multi_coordinates is not None:
        return _path_rings(region.multi_coordinates)
    if region.roitype == ROI_TYPE.RECT:
        top, left, bottom, right = region.top, region.left, region.bottom, region.right
        return [np.array([[top, left], [top, right], [bottom, right], [bottom, left]], np.float64)]
    if region.roitype == ROI_TYPE.OVAL:
        centre = np.array([region.top + region.bottom, region.left + region.right]) / 2
        radii = np.array([region.bottom - region.top, region.right - region.left]) / 2
        angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
        return [centre + radii * np.column_stack([np.sin(angles), np.cos(angles)])]
    return [np.asarray(region.coordinates(), np.float64)[:, ::-1]]


def _path_rings(path: NDArray[np.float32]) -> list[NDArray[np.number]]:
    rings: list[list[tuple[float, float]]] = []
    values = path.tolist()
    position = 0
    while position < len(values):
        segment = int(values[position])
        if segment not in _PATH_LENGTHS:
            raise ValueError("a composite region has curves; convert it to a polygon in ImageJ")
        if segment == int(_MOVE):
            rings.append([])
        if segment != int(_CLOSE):
            rings[-1].append((values[position + 2], values[position + 1]))
        position += _PATH_LENGTHS[segment]
    return [np.array(ring, np.float64) for ring in rings if ring]
