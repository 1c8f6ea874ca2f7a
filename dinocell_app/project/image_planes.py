"""Addresses of the planes of a project's images."""

from __future__ import annotations

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.plane_address import PlaneAddress, plane_suffix
from dinocell_app.project.records import ImageRecord

HOW_TO_NAME = "Name the labels after their plane, as in image_t0000_z001_labels.tif"


def completed(image: ImageRecord, address: PlaneAddress) -> PlaneAddress:
    """Complete the address of a plane: an image of one time or slice has no other.

    Raises
    ------
    InvalidParameterError
        If the image has several planes and the address says not which.
    """
    if (address.t is None and image.n_times > 1) or (address.z is None and image.n_slices > 1):
        n_planes = image.n_times * image.n_slices
        raise InvalidParameterError(
            f"{image.name} has {n_planes} planes and the labels are for one", remedy=HOW_TO_NAME
        )
    return address_in(image, address.t or 0, address.z or 0)


def address_in(image: ImageRecord, t: int, z: int) -> PlaneAddress:
    """Say which plane of an image is at a time and a slice."""
    suffix = plane_suffix(t if image.n_times > 1 else None, z if image.n_slices > 1 else None)
    return PlaneAddress(t, z, suffix=suffix)


def planes_of(image: ImageRecord) -> list[PlaneAddress]:
    """List the planes of an image in the order of its file."""
    return [address_in(image, t, z) for t in range(image.n_times) for z in range(image.n_slices)]
