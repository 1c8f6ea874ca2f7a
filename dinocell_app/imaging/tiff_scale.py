"""Pixel size, distance of slices and times as the kinds of TIFF files write them."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dinocell_app.imaging.ome_xml import OmeImage
from dinocell_app.imaging.pixel_size import length_um, plausible_pixel_um, square_pixel_um

_logger = logging.getLogger(__name__)

_RESOLUTION_UNITS = {2: "inch", 3: "cm"}
_PRINTING_UNITS = ("inch", "inches", "in", "cm")
_NUMBER = r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
_MPP = re.compile(r"\bMPP\s*[=:]\s*" + _NUMBER)
_PHILIPS = re.compile(r'DICOM_PIXEL_SPACING"[^>]*>\s*"' + _NUMBER + r'"\s+"' + _NUMBER + '"')
_VENTANA = re.compile(r'\bScanRes\s*=\s*"' + _NUMBER + '"')
_XMP, _DAY = 700, 86_400


@dataclass(frozen=True)
class Scale:
    """Lengths in um, times in seconds from the first; None and empty where unknown."""

    pixel_size_um: float | None = None
    z_step_um: float | None = None
    times_s: tuple[float, ...] = ()

    def completed_by(self, other: Scale) -> Scale:
        """Take from another what is unknown here."""
        return Scale(
            self.pixel_size_um if self.pixel_size_um is not None else other.pixel_size_um,
            self.z_step_um if self.z_step_um is not None else other.z_step_um,
            self.times_s or other.times_s,
        )


def scale_of(tiff: Any, page: Any, ome: OmeImage | None, n_times: int) -> Scale:  # noqa: ANN401
    """Read the scale: from OME-XML, what the maker wrote, ImageJ, and the resolution tags, in this order.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    page : tifffile.TiffPage
        The first page of its series.
    ome : OmeImage or None
    n_times : int

    Notes
    -----
    Sizes by the inch and centimetre are believed only where a microscope can have them.
    """
    scale = Scale(ome.pixel_size_um, ome.z_step_um, ome.times_s) if ome is not None else Scale()
    for mark, read in _MAKERS:
        if getattr(tiff, mark, False):
            try:
                scale = scale.completed_by(read(tiff, page))
            except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                _logger.warning("%s: %s says nothing that is understood (%r)", tiff.filename, mark, error)
    if ome is None and not tiff.is_imagej:
        scale = scale.completed_by(_described(tiff, page))
    scale = scale.completed_by(_by_tags(tiff, page))
    times = scale.times_s if len(scale.times_s) == n_times > 1 else ()
    return Scale(scale.pixel_size_um, scale.z_step_um, times)


def _lsm(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    del page
    found = tiff.lsm_metadata
    x, y, z = (length_um(float(found.get(f"VoxelSize{axis}") or 0), "m") for axis in "XYZ")
    stamps = np.asarray(found.get("TimeStamps", ()), float).ravel()
    return Scale(square_pixel_um(x, y, tiff.filename), z, _since_first(stamps))


def _stk(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    del page
    found = tiff.stk_metadata
    unit = str(found.get("CalibrationUnits") or "um")
    x, y = (_first_length(found.get(f"{axis}Calibration"), unit) for axis in "XY")
    calibrated = bool(np.any(found.get("SpatialCalibration", True)))
    distances = np.asarray(found.get("ZDistance", ()), float).ravel()
    step = float(distances[-1]) if distances.size else 0.0
    seconds: tuple[float, ...] = ()
    if step == 0:
        # Milliseconds since midnight, which may pass meanwhile.
        created = np.asarray(found.get("TimeCreated", ()), float).ravel() / 1000
        midnights = np.cumsum(np.diff(created, prepend=created[:1]) < 0)
        seconds = _since_first(created + _DAY * midnights)
    return Scale(square_pixel_um(x, y, tiff.filename) if calibrated else None, length_um(step, unit), seconds)


def _metaseries(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    del page
    found = tiff.metaseries_metadata["PlaneInfo"]
    if found.get("spatial-calibration-state", True) in (False, "off"):
        return Scale()
    unit = str(found.get("spatial-calibration-units") or "um")
    x, y = (length_um(float(found.get(f"spatial-calibration-{axis}") or 0), unit) for axis in "xy")
    return Scale(square_pixel_um(x, y, tiff.filename))


def _micromanager(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    summary = (tiff.micromanager_metadata or {}).get("Summary") or {}
    plane = _tag(page, "MicroManagerMetadata")
    sizes = [summary.get("PixelSize_um"), plane.get("PixelSizeUm") if isinstance(plane, Mapping) else None]
    size = next((length_um(float(value), "um") for value in sizes if value), None)
    step = abs(float(summary.get("z-step_um") or 0))
    interval = float(summary.get("Interval_ms") or 0) / 1000
    times = tuple(interval * t for t in range(int(summary.get("Frames") or 0))) if interval > 0 else ()
    return Scale(size, length_um(step, "um"), times)


def _fei(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    del page
    sections = tiff.fei_metadata
    for name in ("Scan", "EScan", "IScan", "PrivateFei"):
        section = sections.get(name)
        if isinstance(section, Mapping) and section.get("PixelWidth"):
            x, y = (length_um(float(section.get(key) or 0), "m") for key in ("PixelWidth", "PixelHeight"))
            return Scale(square_pixel_um(x, y, tiff.filename))
    return Scale()


def _zeiss_sem(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    del page
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        found = tiff.sem_metadata.get(key)
        if found is not None and len(found) >= 3:
            return Scale(length_um(float(found[1]), str(found[2])))
    return Scale()


def _olympus_sis(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    del page
    found = tiff.sis_metadata
    x, y = (length_um(float(found.get(f"pixelsize{axis}") or 0), "m") for axis in "xy")
    return Scale(square_pixel_um(x, y, tiff.filename))


def _imagej(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    found = tiff.imagej_metadata or {}
    unit = str(found.get("unit") or "")
    x, y = (length_um(_units_per_pixel(_tag(page, tag)), unit) for tag in ("XResolution", "YResolution"))
    size = square_pixel_um(x, y, tiff.filename)
    if unit.casefold() in _PRINTING_UNITS:
        size = plausible_pixel_um(size)
    interval = float(found.get("finterval") or 0)
    times = tuple(interval * t for t in range(int(found.get("frames") or 0))) if interval > 0 else ()
    return Scale(size, length_um(abs(float(found.get("spacing") or 0)), unit), times)


_MAKERS: tuple[tuple[str, Callable[[Any, Any], Scale]], ...] = (
    ("is_lsm", _lsm),
    ("is_stk", _stk),
    ("is_metaseries", _metaseries),
    ("is_micromanager", _micromanager),
    ("is_fei", _fei),
    ("is_sem", _zeiss_sem),
    ("is_sis", _olympus_sis),
    ("is_imagej", _imagej),
)
"""How tifffile marks what a maker wrote, and who understands it."""


def _described(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    """Read what slide scanners write into texts."""
    text = str(page.description or "")
    if found := _MPP.search(text):
        return Scale(length_um(float(found[1]), "um"))
    if found := _PHILIPS.search(text):
        y, x = (length_um(float(value), "mm") for value in found.groups())
        return Scale(square_pixel_um(x, y, tiff.filename))
    xmp = page.tags.get(_XMP)
    if xmp is not None and (found := _VENTANA.search(bytes(xmp.value or b"").decode("utf-8", "replace"))):
        return Scale(length_um(float(found[1]), "um"))
    return Scale()


def _by_tags(tiff: Any, page: Any) -> Scale:  # noqa: ANN401
    if tiff.is_imagej and str((tiff.imagej_metadata or {}).get("unit") or ""):
        return Scale()
    unit = _RESOLUTION_UNITS.get(int(_tag(page, "ResolutionUnit") or 0))
    x, y = (length_um(_units_per_pixel(_tag(page, tag)), unit) for tag in ("XResolution", "YResolution"))
    return Scale(plausible_pixel_um(_square_if_plausible(x, y, tiff.filename)))


def _square_if_plausible(x: float | None, y: float | None, source: str) -> float | None:
    """Keep quiet about oblong pixels of a printing resolution."""
    if plausible_pixel_um(x) is None and plausible_pixel_um(y) is None:
        return None
    return square_pixel_um(x, y, source)


def _first_length(values: object, unit: str) -> float | None:
    numbers = np.asarray(values if values is not None else (), float).ravel()
    return length_um(float(numbers[0]), unit) if numbers.size else None


def _since_first(moments: np.ndarray[Any, Any]) -> tuple[float, ...]:
    if moments.size < 2 or not np.all(np.isfinite(moments)):
        return ()
    return tuple(float(moment) for moment in moments - moments[0])


def _tag(page: Any, name: str) -> Any:  # noqa: ANN401
    tag = page.tags.get(name)
    return None if tag is None else tag.value


def _units_per_pixel(resolution: object) -> float:
    """Turn the rational number of pixels in a unit into units a pixel; NaN when it says nothing."""
    if not isinstance(resolution, tuple) or len(resolution) != 2 or not all(resolution):
        return math.nan
    return float(resolution[1]) / float(resolution[0])
