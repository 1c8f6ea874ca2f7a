"""What measuring needs from an open image: its pixel size, and every channel at the place of a plane."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.metadata import ImageMetadata, what_is_missing
from dinocell_app.imaging.picture_rows import PictureRows
from dinocell_app.imaging.planes import Plane, PlaneChoice, channel_at
from dinocell_app.jobs.job_kinds import SegmentJob


@dataclass(frozen=True)
class PixelSize:
    """Edge of a pixel and who said so.

    Parameters
    ----------
    um : float or None
        None when unknown.
    source : str
        "given", "file" or "unknown".
    """

    um: float | None
    source: str


def pixel_size(given_um: float | None, metadata: ImageMetadata) -> PixelSize:
    """Choose the pixel size: what the user gave, else what the file says."""
    if given_um is not None:
        return PixelSize(given_um, "given")
    if metadata.pixel_size_um is not None:
        return PixelSize(metadata.pixel_size_um, "file")
    return PixelSize(None, "unknown")


def given_pixel_size(job: SegmentJob, path: Path) -> float | None:
    """Find the pixel size that the user gave for an image.

    Parameters
    ----------
    path : Path
        The image, as the job names it.

    Returns
    -------
    float or None
        That of the image, else that of the job; None when neither is given.
    """
    return job.image_pixel_sizes_um.get(str(path), job.pixel_size_um)


def given_axes(job: SegmentJob, path: Path) -> str:
    """Find what the user says the stored axes of an image are.

    Parameters
    ----------
    path : Path
        The image, as the job names it.

    Returns
    -------
    str
        That of the image, else that of the job; "" where the file is believed.
    """
    return job.image_axes.get(str(path), job.axes)


def remarks(metadata: ImageMetadata, name: str) -> list[str]:
    """Say what a person should know of an image before its results are believed.

    Parameters
    ----------
    metadata : ImageMetadata
    name : str
        How the image is called.
    """
    said = []
    if missing := what_is_missing(metadata):
        said.append(f"{name}: {missing}")
    if metadata.n_scenes > 1:
        said.append(f"{name} holds {metadata.n_scenes} images; number {metadata.scene + 1} is read")
    if metadata.left_out:
        said.append(f"{name}: left out beside the image: {', '.join(metadata.left_out)}")
    return said


def channel_rows(
    reader: ImageReader, choice: PlaneChoice, plane: Plane, should_stop: Callable[[], bool]
) -> dict[str, PictureRows]:
    """Give what `plane_channels.read_channels` reads, to be read by rows.

    Parameters
    ----------
    choice : PlaneChoice
        That gave the plane.
    should_stop : callable
        Asked while rows are read.

    Returns
    -------
    dict of str to PictureRows
        By channel name, in the order of the file.
    """
    names = reader.metadata.channel_names
    if len(names) == 1:
        return {names[0]: plane_rows(reader, plane, should_stop)}
    where = choice.at(plane.address)
    return {
        name: plane_rows(reader, channel_at(reader, where, index), should_stop)
        for index, name in enumerate(names)
    }


def plane_rows(reader: ImageReader, plane: Plane, should_stop: Callable[[], bool]) -> PictureRows:
    """Give a plane to be read by rows.

    Parameters
    ----------
    plane : Plane
        Of its image.
    should_stop : callable
        Asked while rows are read.
    """
    metadata = reader.metadata
    together = reader.rows_together if reader.rows_together < metadata.height else 1
    return PictureRows((metadata.height, metadata.width), plane.read_rows, together, should_stop)


def checksum_of(channels: Mapping[str, NDArray[Any]]) -> str:
    """Checksum of the pixels of a plane, for images that are no files.

    Parameters
    ----------
    channels : mapping of str to ndarray of shape (M, N)

    Returns
    -------
    str
        SHA-256 in hexadecimal digits, of names, types, shapes and pixels.
    """
    digest = hashlib.sha256()
    for name, pixels in channels.items():
        digest.update(f"{name} {pixels.dtype.str} {pixels.shape}".encode())
        digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
