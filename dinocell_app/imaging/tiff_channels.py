"""Channel names and colours of TIFF images."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.ome_xml import OmeImage

_PALETTE, _RGB, _SEPARATED, _YCBCR = 3, 2, 5, 6
_CIELAB, _ICCLAB, _ITULAB = 8, 9, 10
_SLICE_LABEL = re.compile(r"\b[ctz]:\s*\d+\s*/\s*\d+|\.(?:tiff?|lif|czi|nd2|lsm|oib|vsi)\b", re.IGNORECASE)
"""Found in labels of slices, such as "c:1/2 - field0.lif", and in no name of a channel."""
_QPI_NAME = re.compile(r"<(?:Biomarker|Name)>\s*([^<]+?)\s*</(?:Biomarker|Name)>")


@dataclass(frozen=True)
class ColourMaking:
    """How red, green and blue come of the samples of a pixel.

    Parameters
    ----------
    n_stored : int
        Samples that are stored.
    dtype : dtype
        Of the colours.
    make : callable
        Gives an array of shape (3, M, N) for one of each sample.
    """

    n_stored: int
    dtype: np.dtype[Any]
    make: Callable[[Sequence[NDArray[Any]]], NDArray[Any]]


def is_colour(page: Any) -> bool:  # noqa: ANN401 - a tifffile page has no types
    """Whether the samples of a pixel are colours: RGB, or YCbCr, which is decoded to RGB."""
    return int(page.photometric) in (_RGB, _YCBCR)


def colour_making(page: Any, n_samples: int, *, is_imagej: bool) -> ColourMaking | None:  # noqa: ANN401
    """Say how palettes, L*a*b* and CMYK become colours; None where samples are what is looked at.

    Look-up tables of ImageJ only colour the display.
    """
    photometric, dtype = int(page.photometric), np.dtype(page.dtype).newbyteorder("=")
    if photometric == _PALETTE and page.colormap is not None and not is_imagej:
        colours = np.asarray(page.colormap >> 8, np.uint8)
        return ColourMaking(1, np.dtype(np.uint8), lambda stored: colours[:, _indices(stored[0])])
    if dtype not in (np.uint8, np.uint16):
        return None
    if photometric in (_CIELAB, _ICCLAB, _ITULAB) and n_samples >= 3:
        is_signed = photometric == _CIELAB
        return ColourMaking(3, dtype, lambda stored: _rgb_of_lab(stored, is_signed=is_signed))
    if photometric == _SEPARATED and n_samples >= 4 and int(_value(page, "InkSet") or 1) == 1:
        return ColourMaking(4, dtype, _rgb_of_cmyk)
    return None


def n_visible_samples(page: Any, n_samples: int) -> int:  # noqa: ANN401
    """Count the samples of a pixel without alpha: 3 for colours."""
    if is_colour(page) and n_samples >= 3:
        return 3
    n_alpha = sum(int(kind) in (1, 2) for kind in page.extrasamples)
    return max(1, n_samples - n_alpha)


def channel_names_of(tiff: Any, series: Any, n_channels: int, ome: OmeImage | None) -> tuple[str, ...]:  # noqa: ANN401
    """Names that the file has for its channels; none where it names slices, or nothing.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    series : tifffile.TiffPageSeries
    n_channels : int
    ome : OmeImage or None
    """
    if ome is not None:
        return ome.channel_names
    if tiff.is_micromanager:
        summary = (tiff.micromanager_metadata or {}).get("Summary") or {}
        return tuple(str(name) for name in summary.get("ChNames") or ())
    if tiff.is_lsm:
        colours = tiff.lsm_metadata.get("ChannelColors") or {}
        return tuple(str(name) for name in colours.get("ColorNames") or ())
    if tiff.is_qpi:
        pages = (series[index] for index in range(min(len(series), n_channels)))
        found = (_QPI_NAME.search(str(getattr(page, "description", ""))) for page in pages)
        return tuple(match[1] if match else "" for match in found)
    if tiff.is_imagej:
        labels = [str(label) for label in (tiff.imagej_metadata or {}).get("Labels") or ()]
        return _names_among_labels(labels, n_channels, Path(tiff.filename).stem)
    return ()


def _names_among_labels(labels: list[str], n_channels: int, stem: str) -> tuple[str, ...]:
    """Take ImageJ's labels of slices for names of channels where all planes of a channel have the same."""
    if not labels or len(labels) % n_channels:
        return ()
    names = tuple(labels[:n_channels])
    if labels != list(names) * (len(labels) // n_channels):
        return ()
    first_lines = [name.partition("\n")[0].strip() for name in names]
    if any(_SLICE_LABEL.search(name) or (stem and stem in name) for name in first_lines):
        return ()
    return tuple(first_lines)


def _indices(stored: NDArray[Any]) -> NDArray[np.intp]:
    """Turn pixels into indices of a palette; those of one bit are read as truth values."""
    return stored.astype(np.intp)


def _rgb_of_lab(stored: Sequence[NDArray[Any]], *, is_signed: bool) -> NDArray[Any]:
    """L*a*b* (TIFF 6.0, section 23) as sRGB; a* and b* are signed there, and offset in ICC's form."""
    import cv2

    dtype = stored[0].dtype
    largest = float(np.iinfo(dtype).max)
    lightness = stored[0].astype(np.float32) * np.float32(100 / largest)
    steps = 1 if dtype == np.uint8 else 256
    if is_signed:
        signed = np.int8 if dtype == np.uint8 else np.int16
        a, b = (
            plane.view(signed).astype(np.float32) / steps for plane in map(np.ascontiguousarray, stored[1:3])
        )
    else:
        a, b = (plane.astype(np.float32) / steps - 128 for plane in stored[1:3])
    rgb = cv2.cvtColor(np.dstack((lightness, a, b)), cv2.COLOR_Lab2RGB)
    return np.asarray(np.rint(np.clip(rgb, 0, 1) * largest), dtype).transpose(2, 0, 1)


def _rgb_of_cmyk(stored: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Ink on white paper, as Pillow and browsers show it without a colour profile."""
    dtype = stored[0].dtype
    largest = float(np.iinfo(dtype).max)
    paper = [1 - plane.astype(np.float32) / largest for plane in stored[:4]]
    return np.stack([np.rint(ink * paper[3] * largest) for ink in paper[:3]]).astype(dtype)


def _value(page: Any, name: str) -> Any:  # noqa: ANN401
    tag = page.tags.get(name)
    return None if tag is None else tag.value
