"""Lengths in um and times in seconds: the only home of unit conversion and of the spelling of pixel sizes."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from dinocell_app.base.errors import InvalidParameterError

_logger = logging.getLogger(__name__)

PLAUSIBLE_PIXEL_UM = (0.005, 10.0)
"""Pixel sizes in um that a printing resolution (dots per inch or cm) is believed to mean.

72 dpi would be 353 um and 600 dpi 42 um: such values are a graphics program's default.
"""

ANISOTROPY_TOLERANCE = 0.01
"""Relative difference between pixel width and height from which on it is worth a line in the log."""

_SI_PREFIXES = MappingProxyType(
    {
        "Y": ("yotta", 24),
        "Z": ("zetta", 21),
        "E": ("exa", 18),
        "P": ("peta", 15),
        "T": ("tera", 12),
        "G": ("giga", 9),
        "M": ("mega", 6),
        "k": ("kilo", 3),
        "h": ("hecto", 2),
        "da": ("deca", 1),
        "": ("", 0),
        "d": ("deci", -1),
        "c": ("centi", -2),
        "m": ("milli", -3),
        "u": ("micro", -6),
        "n": ("nano", -9),
        "p": ("pico", -12),
        "f": ("femto", -15),
        "a": ("atto", -18),
        "z": ("zepto", -21),
        "y": ("yocto", -24),
    }
)

_OTHER_UNITS_UM = MappingProxyType(
    {
        "micron": 1.0,
        "microns": 1.0,
        "Å": 1e-4,
        "A": 1e-4,
        "angstrom": 1e-4,
        "angstroms": 1e-4,
        "ångström": 1e-4,
        "thou": 25.4,
        "mil": 25.4,
        "li": 25_400.0 / 12,
        "pt": 25_400.0 / 72,
        "in": 25_400.0,
        "inch": 25_400.0,
        "inches": 25_400.0,
        '"': 25_400.0,
        "ft": 304_800.0,
        "foot": 304_800.0,
        "yd": 914_400.0,
        "yard": 914_400.0,
        "mi": 1_609_344_000.0,
        "mile": 1_609_344_000.0,
        "ua": 149_597_870_700e6,
        "ly": 9_460_730_472_580_800e6,
        "pc": 30_856_775_814_913_673e6,
    }
)


def _micrometres_per_unit() -> Mapping[str, float]:
    units = dict(_OTHER_UNITS_UM)
    for symbol, (word, exponent) in _SI_PREFIXES.items():
        factor = 10.0 ** (exponent + 6)
        units[f"{symbol}m"] = factor
        for stem in ("meter", "metre"):
            units[f"{word}{stem}"] = units[f"{word}{stem}s"] = factor
    return MappingProxyType(units)


UNITS_UM = _micrometres_per_unit()
"""um in one unit, by symbol and by word: OME's length units, NGFF's and ImageJ's spellings."""

_UNITS_UM_ANY_CASE = {unit.casefold(): factor for unit, factor in UNITS_UM.items() if len(unit) > 2} | {
    unit: UNITS_UM[unit] for unit in ("um", "nm", "mm", "cm", "pm", "m", "in", "pt")
}
"""Lower-case spellings without those whose case decides (`Mm` is a megametre, `MM` a millimetre)."""


def micrometres_in(unit: str | None) -> float | None:
    r"""How many um one unit of length is.

    Parameters
    ----------
    unit : str or None
        A symbol or word such as `µm`, `nm`, `Å`, `inch`, `micrometer`; ImageJ's `\u00B5m` too.

    Returns
    -------
    float or None
        None for `pixel`, for nothing and for what is no length.
    """
    if unit is None:
        return None
    spelled = unit.strip().replace("\\u00B5", "u").replace("\\u00b5", "u").replace("\\u00C5", "Å")
    spelled = spelled.replace("µ", "u").replace("μ", "u").replace("\u212b", "Å")
    known = UNITS_UM.get(spelled)
    return known if known is not None else _UNITS_UM_ANY_CASE.get(spelled.casefold())


def length_um(value: float, unit: str | None) -> float | None:
    """Convert a length to um.

    Parameters
    ----------
    value : float
        How many units.
    unit : str or None
        What `micrometres_in` understands.

    Returns
    -------
    float or None
        um; None when the unit is no length or the result is not a positive finite number.
    """
    factor = micrometres_in(unit)
    if factor is None or not math.isfinite(value) or value <= 0:
        return None
    converted = value * factor
    return converted if math.isfinite(converted) and converted > 0 else None


def plausible_pixel_um(size_um: float | None) -> float | None:
    """Keep a pixel size that a microscope can have.

    Parameters
    ----------
    size_um : float or None
        A size derived from a printing resolution, in um.

    Returns
    -------
    float or None
        `size_um`, or None outside `PLAUSIBLE_PIXEL_UM`.
    """
    low, high = PLAUSIBLE_PIXEL_UM
    return size_um if size_um is not None and low <= size_um <= high else None


def square_pixel_um(
    width_um: float | None, height_um: float | None, source: object = "an image"
) -> float | None:
    """One pixel size from the two that files may give.

    Parameters
    ----------
    width_um, height_um : float or None
        Sides of a pixel in um.
    source : object
        The file, for the log.

    Returns
    -------
    float or None
        The geometric mean, which keeps areas; the known one when only one is known.
    """
    if width_um is None or height_um is None:
        return width_um if height_um is None else height_um
    if abs(width_um - height_um) <= 1e-9 * width_um:
        return width_um
    if abs(width_um - height_um) > ANISOTROPY_TOLERANCE * width_um:
        _logger.warning(
            "%s: pixels are %g x %g um; their geometric mean is used", source, width_um, height_um
        )
    return math.sqrt(width_um * height_um)


_SECONDS = MappingProxyType(
    {
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
        **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
        **dict.fromkeys(("us", "usec", "microsecond", "microseconds"), 1e-6),
        **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1e-9),
        **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
        **dict.fromkeys(("d", "day", "days"), 86400.0),
    }
)


def seconds_in(unit: str | None) -> float | None:
    """How many seconds one unit of time is; None for what is no time."""
    if unit is None:
        return None
    return _SECONDS.get(unit.strip().replace("µ", "u").replace("μ", "u").casefold())


_PER_PIXEL = re.compile(r"\s*(?:/|\bper\b|\bpro\b)\s*(?:px|pixels?)\s*$", re.IGNORECASE)
_SPELLED_LENGTH = re.compile(r"\s*((?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?)\s*(\S.*?)?\s*")


def parse_pixel_size(text: str) -> float:
    """Read a pixel size that a person typed.

    Parameters
    ----------
    text : str
        `0.65`, `0.65um`, `650 nm`, `0,65 µm`, `0.65 um/px`; um when no unit is given.

    Returns
    -------
    float
        um.

    Raises
    ------
    InvalidParameterError
        If the text is no positive length.
    """
    found = _SPELLED_LENGTH.fullmatch(_PER_PIXEL.sub("", text))
    size = None
    if found is not None:
        size = length_um(float(found[1].replace(",", ".")), found[2] or "um")
    if size is None:
        raise InvalidParameterError(
            f"'{text}' is not a pixel size", remedy="Give a positive length such as 0.65um, 650nm or 0.65"
        )
    return size
