"""The training set that images marked as corrected make."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.project.corrected_images import Corners
from dinocell_app.project.image_planes import HOW_TO_NAME
from dinocell_app.project.project import Project
from dinocell_app.project.records import ImageRecord
from dinocell_app.regions.region import Region, pixels_inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGES, MASKS = "images", "masks"
"""Folders of a training set, as `dinocell_training.pairing` finds them."""

SETS_NAME = "training_sets"
"""Folder of the training sets, in that of the project."""


@dataclass(frozen=True)
class CorrectedPicture:
    """A corrected plane, with all that a worker needs to write it.

    Parameters
    ----------
    region : tuple of (float, float)
        Empty for the whole plane.
    """

    image: ImageRecord
    image_path: Path
    labels_path: Path
    plane: PlaneAddress = ONLY_PLANE
    region: Corners = ()


def corrected_pictures(project: Project) -> list[CorrectedPicture]:
    """Collect what is marked as corrected and has labels.

    Returns
    -------
    list of CorrectedPicture
        Of several results of a plane the one that was corrected, or else the newest.
    """
    found = []
    for (image_id, suffix), region in project.corrected.all().items():
        results = [each for each in project.results.of_image(image_id) if each.plane.suffix == suffix]
        results.sort(key=lambda result: not result.is_corrected)
        with_labels = ((each, path) for each in results if (path := project.results.labels_path(each)))
        result, labels = next(with_labels, (None, None))
        if result is not None and labels is not None:
            image, path = project.images.get(image_id), project.images.path(image_id)
            found.append(CorrectedPicture(image, path, labels, result.plane, region))
    return found


def new_training_set_folder(project_folder: Path) -> Path:
    """Name a folder for a training set, so that one that a training uses is never changed.

    Returns
    -------
    Path
        That does not exist.
    """
    number = 1
    while (folder := project_folder / SETS_NAME / f"corrected_{number:03d}").exists():
        number += 1
    return folder


def write_training_set(pictures: Iterable[CorrectedPicture], folder: Path) -> list[Path]:
    """Write corrected planes as images and labels that a training finds; what is there already is replaced.

    Where only a region was corrected, everything else is written as a region that a training ignores.

    Parameters
    ----------
    folder : Path
        Gets the folders `images` and `masks`.

    Returns
    -------
    list of Path
        The images.

    Raises
    ------
    UserFacingError
        If an image cannot be read or a file cannot be written.
    """
    import numpy as np

    from dinocell_app.export.label_files import read_labels, write_labels
    from dinocell_app.export.labelled_image import LabelledImage

    for name in (IMAGES, MASKS):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    written = []
    for picture in pictures:
        stem = f"{Path(picture.image.name).stem}_{picture.image.id}{picture.plane.suffix}"
        written.append(_write_image(picture, folder / IMAGES, stem))
        labels = read_labels(picture.labels_path)
        write_labels(folder / MASKS / f"{stem}.tif", LabelledImage(labels, stem))
        if picture.region:
            right = pixels_inside(Region("corrected", picture.region), (labels.shape[0], labels.shape[1]))
            ignored = (~right).astype(np.uint16)
            write_labels(folder / MASKS / f"{stem}_ignore.tif", LabelledImage(ignored, stem))
    return written


def _write_image(picture: CorrectedPicture, folder: Path, stem: str) -> Path:
    """Link or copy the file; of a stack write the plane, or what planes were put together to."""
    from dinocell_app.export.names import sidecar_beside
    from dinocell_app.export.plane_record import read_record
    from dinocell_app.imaging.plane_channels import only_plane, read_channels
    from dinocell_app.imaging.planes import PlaneChoice
    from dinocell_app.imaging.reading import open_image

    image = picture.image
    if image.n_times * image.n_slices == 1 and not image.axes:
        path = folder / f"{stem}{picture.image_path.suffix}"
        try:
            os.link(picture.image_path, path)
        except OSError:
            shutil.copyfile(picture.image_path, path)
        return path
    labels = picture.labels_path
    record = read_record(sidecar_beside(labels))
    where = (record.choice if record is not None else PlaneChoice()).at(picture.plane)
    with open_image(picture.image_path, image.axes) as reader:
        channels = read_channels(reader, where, only_plane(reader, where, HOW_TO_NAME))
    return _write_plane(folder / f"{stem}.tif", list(channels.values()), image)


def _write_plane(path: Path, channels: list[NDArray[Any]], image: ImageRecord) -> Path:
    import numpy as np
    import tifffile

    from dinocell_app.base.files import replacing

    pixels = np.stack(channels, axis=-1 if image.is_rgb else 0)
    with replacing(path) as beside:
        if image.is_rgb:
            tifffile.imwrite(beside, pixels, photometric="rgb")
        else:
            axes = "CYX" if len(channels) > 1 else "YX"
            single = pixels if len(channels) > 1 else pixels[0]
            tifffile.imwrite(beside, single, photometric="minisblack", metadata={"axes": axes})
    return path
