"""Cellpose's `_seg.npy`: written so that its window opens it, read without running what it contains."""

from __future__ import annotations

import contextlib
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.label_arrays import labels_from_array
from dinocell_app.export.labelled_image import LabelledImage, compact_labels
from dinocell_app.export.overlay import outline_pixels
from dinocell_app.export.restricted_pickle import load_object_npy
from dinocell_app.export.writing import write_bytes

CELLPOSE_FLOW_SCALE = 5.0
"""Cellpose stores flows as its network predicts them, which is unit length times this."""

_LARGEST_LOGIT = 20.0


@dataclass(frozen=True)
class CellposeSegmentation:
    """What a `_seg.npy` file says about an image.

    Parameters
    ----------
    labels : ndarray of shape (M, N), uint16 or uint32
        0 is background.
    filename : str
        The image as Cellpose knew it; empty when not recorded.
    diameter_px : float, optional
        The cell diameter used; None when not recorded.
    """

    labels: NDArray[np.uint16] | NDArray[np.uint32]
    filename: str = ""
    diameter_px: float | None = None


def write_cellpose_seg(path: Path, image: LabelledImage) -> None:
    """Write masks, outlines and flows as Cellpose's `_seg.npy`.

    Cellpose looks for the image by the recorded name, then for the same name beside the file. With flows
    and cell probability its window can compute the masks anew with other thresholds.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        Labels are needed, flows and cell probability used when present.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    masks = compact_labels(image.labels)
    outlines = masks * outline_pixels(masks)
    diameter = float("nan") if image.diameter_px is None else image.diameter_px
    content: dict[str, Any] = {
        "outlines": outlines,
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.zeros(int(masks.max(initial=0)), bool),
        "manual_changes": [],
        "filename": str(image.source) if image.source is not None else image.name,
        "flows": _flows(image),
        "est_diam": diameter,
        "diameter": diameter,
    }
    buffer = io.BytesIO()
    np.save(buffer, np.array(content, dtype=object), allow_pickle=True)
    write_bytes(path, buffer.getvalue())


def read_cellpose_seg(path: Path) -> CellposeSegmentation:
    """Read a `_seg.npy` of any version of Cellpose without trusting it.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    UnreadableFileError
        If the file is damaged, holds anything that is not data, or has no masks of a single plane.
    """
    path = Path(path)
    content = load_object_npy(path)
    if not isinstance(content, dict) or not isinstance(content.get("masks"), np.ndarray):
        raise UnreadableFileError(
            "there are no masks in this Cellpose file", path=path, remedy="Save it again with Cellpose"
        )
    masks = content["masks"]
    if masks.dtype.kind == "i" and masks.size and masks.min() == -1:
        masks = masks + 1  # early versions counted cells from 0 and wrote -1 for the background
    filename = content.get("filename", "")
    return CellposeSegmentation(
        labels_from_array(masks, path),
        filename if isinstance(filename, str) else "",
        _positive(content.get("diameter", content.get("est_diam"))),
    )


def _positive(value: object) -> float | None:
    if isinstance(value, int | float | np.integer | np.floating):
        with contextlib.suppress(OverflowError):
            number = float(value)
            return number if math.isfinite(number) and number > 0 else None
    return None


def _flows(image: LabelledImage) -> list[Any]:
    """Flows as Cellpose lists them: picture, probability picture, z, nothing, flows with logit."""
    if image.flows is None or image.cell_probability is None:
        return [[], [], [], [], [[]]]
    probability = np.clip(image.cell_probability.astype(np.float32), 0, 1)
    with np.errstate(divide="ignore"):
        logit = np.clip(np.log(probability) - np.log1p(-probability), -_LARGEST_LOGIT, _LARGEST_LOGIT)
    predicted = np.concatenate([image.flows * CELLPOSE_FLOW_SCALE, logit[None]]).astype(np.float32)
    picture = _flow_picture(image.flows, probability)
    return [
        picture[None],
        np.rint(probability * 255).astype(np.uint8)[None],
        np.zeros_like(picture)[None],
        [],
        predicted,
    ]


def _flow_picture(flows: NDArray[np.float32], probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Colours of flows, (M, N, 3): the direction as hue, the probability as brightness."""
    degrees = np.rad2deg(np.arctan2(flows[0], flows[1])) % 360
    hsv = np.stack([degrees, np.ones_like(degrees), probability], axis=-1).astype(np.float32)
    picture: NDArray[np.uint8] = np.rint(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255).astype(np.uint8)
    return picture
