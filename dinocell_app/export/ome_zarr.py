"""OME-Zarr: labels in the layout of NGFF 0.4, with the image they belong to when it is at hand.

The folder is an image group with the group `labels` below it. Without pixels the root has no image, and
viewers open `labels/cells` instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.export.cell_colours import PALETTE, colour_indices
from dinocell_app.export.labelled_image import LabelledImage, compact_labels, label_ids
from dinocell_app.export.writing import whole_folder
from dinocell_app.export.zarr_arrays import write_array, write_group

NGFF_VERSION = "0.4"
LABELS_NAME = "cells"
_SMALLEST_LEVEL = 256  # pixels along the longer side below which no further level is made


def write_ome_zarr(path: Path, image: LabelledImage) -> None:
    """Write labels, and pixels when there are any, as an OME-Zarr folder.

    Labels keep their ids at every level: levels take every second pixel instead of averaging.

    Parameters
    ----------
    path : Path
        The folder to create or replace.
    image : LabelledImage
        Labels, pixels and pixel size are used.

    Raises
    ------
    UserFacingError
        If the folder cannot be written.
    """
    labels = compact_labels(image.labels)
    with whole_folder(path) as folder:
        if image.pixels is None:
            write_group(folder, {})
        else:
            pixels = image.pixels if image.pixels.ndim == 2 else np.moveaxis(image.pixels, -1, 0)
            _write_levels(folder, pixels, image, {})
        write_group(folder / "labels", {"labels": [LABELS_NAME]})
        about = {"image-label": _image_label(labels, image.pixels is not None)}
        _write_levels(folder / "labels" / LABELS_NAME, labels, image, about)


def _write_levels(
    folder: Path, values: NDArray[Any], image: LabelledImage, attributes: dict[str, Any]
) -> None:
    levels = [values]
    while max(levels[-1].shape[-2:]) > _SMALLEST_LEVEL:
        levels.append(levels[-1][..., ::2, ::2])
    write_group(folder, {"multiscales": [_multiscale(image, values.ndim, len(levels))]} | attributes)
    for number, level in enumerate(levels):
        write_array(folder / str(number), level)


def _multiscale(image: LabelledImage, n_axes: int, n_levels: int) -> dict[str, Any]:
    spatial: dict[str, str] = {"type": "space"}
    if image.pixel_size_um is not None:
        spatial["unit"] = "micrometer"
    edge = 1.0 if image.pixel_size_um is None else image.pixel_size_um
    extra = n_axes - 2
    return {
        "version": NGFF_VERSION,
        "name": image.name,
        "axes": [{"name": "c", "type": "channel"}] * extra + [{"name": name} | spatial for name in "yx"],
        "datasets": [
            {
                "path": str(number),
                # Every second pixel, the first included, so level 0 and the others begin at one place.
                "coordinateTransformations": [
                    {"type": "scale", "scale": [1.0] * extra + [edge * 2.0**number] * 2}
                ],
            }
            for number in range(n_levels)
        ],
    }


def _image_label(labels: NDArray[np.integer], has_image: bool) -> dict[str, Any]:
    ids = label_ids(labels)
    colours = PALETTE[colour_indices(labels, ids)].tolist() if ids.size else []
    areas = np.bincount(np.searchsorted(ids, labels[labels != 0]), minlength=ids.size).tolist()
    about: dict[str, Any] = {
        "version": NGFF_VERSION,
        "colors": [
            {"label-value": label, "rgba": [*colour, 255]}
            for label, colour in zip(ids.tolist(), colours, strict=True)
        ],
        "properties": [
            {"label-value": label, "area_px2": area} for label, area in zip(ids.tolist(), areas, strict=True)
        ],
    }
    if has_image:
        about["source"] = {"image": "../../"}
    return about
