"""Axes, channel names and pixel size as the kinds of TIFF files write them."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

from dinocell_app.imaging.pixel_size import length_um, plausible_pixel_um, square_pixel_um

_logger = logging.getLogger(__name__)

_RESOLUTION_UNITS = {2: "inch", 3: "cm"}
_RGB, _YCBCR = 2, 6
_COLOUR_PHOTOMETRICS = (_RGB, _YCBCR, 8, 9, 10)


@dataclass(frozen=True)
class TiffAxes:
    """Where time, slice, channel, row and column are among the axes of a series.

    Parameters
    ----------
    codes : str
        One letter an axis as tifffile names them; S are samples of a pixel.
    shape : tuple of int
        Their lengths.
    """

    codes: str
    shape: tuple[int, ...]

    def _places(self, code: str) -> list[int]:
        return [place for place, letter in enumerate(self.codes) if letter == code]

    @property
    def rows(self) -> int | None:
        """Place of the row axis."""
        return max(self._places("Y"), default=None)

    @property
    def columns(self) -> int | None:
        """Place of the column axis."""
        return max(self._places("X"), default=None)

    @property
    def columns_come_first(self) -> bool:
        """Whether planes have to be transposed."""
        return self.rows is not None and self.columns is not None and self.columns < self.rows

    @property
    def _slice_places(self) -> list[int]:
        named = {*self._places("T"), *self._places("C"), *self._places("S"), *self._places("Z")}
        others = [p for p in range(len(self.codes)) if p not in named | {self.rows, self.columns}]
        return others + self._places("Z")

    def _length(self, places: list[int]) -> int:
        return math.prod(self.shape[place] for place in places)

    @property
    def n_times(self) -> int:
        """Length of T."""
        return self._length(self._places("T"))

    @property
    def n_slices(self) -> int:
        """Length of Z and of all axes without a name of ours."""
        return self._length(self._slice_places)

    @property
    def n_channels(self) -> int:
        """Length of C."""
        return self._length(self._places("C"))

    @property
    def n_samples(self) -> int:
        """Length of S, alpha included."""
        return self._length(self._places("S"))

    @property
    def height(self) -> int:
        """Rows of a plane."""
        return 1 if self.rows is None else self.shape[self.rows]

    @property
    def width(self) -> int:
        """Columns of a plane."""
        return 1 if self.columns is None else self.shape[self.columns]

    def selection(self, t: int, z: int, c: int, sample: int) -> tuple[int | slice, ...]:
        """Give an index into the series that leaves the rows and columns of one plane.

        Parameters
        ----------
        t, z, c, sample : int
            Counted from 0; `z` over `n_slices`.

        Returns
        -------
        tuple of int or slice
            One entry an axis.
        """
        chosen: list[int | slice] = [slice(None)] * len(self.codes)
        for places, index in (
            (self._places("T"), t),
            (self._slice_places, z),
            (self._places("C"), c),
            (self._places("S"), sample),
        ):
            if places:
                lengths = tuple(self.shape[place] for place in places)
                for place, position in zip(places, np.unravel_index(index, lengths), strict=True):
                    chosen[place] = int(position)
        return tuple(chosen)


def is_colour(page: Any) -> bool:  # noqa: ANN401 - a tifffile page has no types
    """Whether the samples of a pixel are colours.

    Parameters
    ----------
    page : tifffile.TiffPage
        A page of the series.

    Returns
    -------
    bool
        For RGB, YCbCr (decoded to RGB) and L*a*b* photometric interpretations.
    """
    return int(page.photometric) in _COLOUR_PHOTOMETRICS


def n_visible_samples(page: Any, n_samples: int) -> int:  # noqa: ANN401
    """Count the samples of a pixel without alpha.

    Parameters
    ----------
    page : tifffile.TiffPage
        A page of the series.
    n_samples : int
        Samples of a pixel as stored.

    Returns
    -------
    int
        3 for colours; samples that are marked as alpha are not counted.
    """
    if is_colour(page) and n_samples >= 3:
        return 3
    n_alpha = sum(int(kind) in (1, 2) for kind in page.extrasamples)
    return max(1, n_samples - n_alpha)


def pixel_size_of(tiff: Any, page: Any) -> float | None:  # noqa: ANN401
    """Pixel size by OME-XML, ImageJ's unit or the resolution tags, in this order.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        An open file.
    page : tifffile.TiffPage
        The first page of its series.

    Returns
    -------
    float or None
        um. Sizes by the inch and centimetre are believed only where a microscope can have them.
    """
    if tiff.is_ome:
        pixels = _first_ome_pixels(tiff.ome_metadata)
        if pixels is not None:
            return square_pixel_um(_ome_size(pixels, "X"), _ome_size(pixels, "Y"))
    unit, is_printing = _RESOLUTION_UNITS.get(int(_tag(page, "ResolutionUnit") or 0)), True
    if tiff.is_imagej:
        named = str((tiff.imagej_metadata or {}).get("unit") or "")
        if named:
            unit, is_printing = named, named.casefold() in ("inch", "inches", "in", "cm")
    size = square_pixel_um(
        *(length_um(_units_per_pixel(_tag(page, tag)), unit) for tag in ("XResolution", "YResolution"))
    )
    return plausible_pixel_um(size) if is_printing else size


def channel_names_of(tiff: Any, n_channels: int) -> tuple[str, ...]:  # noqa: ANN401
    """Names of the channels that the file declares.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        An open file.
    n_channels : int
        How many channels it has.

    Returns
    -------
    tuple of str
        From OME-XML, or ImageJ's slice labels when there is one for every channel; else empty.
    """
    if tiff.is_ome:
        pixels = _first_ome_pixels(tiff.ome_metadata)
        if pixels is not None:
            return tuple(child.get("Name", "") for child in pixels if _local_name(child) == "Channel")
    if tiff.is_imagej:
        labels = (tiff.imagej_metadata or {}).get("Labels") or ()
        if len(labels) == n_channels:
            return tuple(str(label) for label in labels)
    return ()


def _tag(page: Any, name: str) -> Any:  # noqa: ANN401
    tag = page.tags.get(name)
    return None if tag is None else tag.value


def _units_per_pixel(resolution: object) -> float:
    """Turn the rational number of pixels in a unit into units a pixel; NaN when it says nothing."""
    if not isinstance(resolution, tuple) or len(resolution) != 2 or not all(resolution):
        return math.nan
    return float(resolution[1]) / float(resolution[0])


def _local_name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _first_ome_pixels(text: str | None) -> ElementTree.Element | None:
    """Find the Pixels element of the first image; schema versions differ in their namespace."""
    try:
        root = ElementTree.fromstring(text or "")
    except ElementTree.ParseError as error:
        _logger.warning("OME-XML cannot be parsed: %s", error)
        return None
    return next((element for element in root.iter() if _local_name(element) == "Pixels"), None)


def _ome_size(pixels: ElementTree.Element, axis: str) -> float | None:
    size = pixels.get(f"PhysicalSize{axis}")
    try:
        return None if size is None else length_um(float(size), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    except ValueError:
        _logger.warning("PhysicalSize%s is '%s', not a number", axis, size)
        return None
