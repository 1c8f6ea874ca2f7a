import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.imaging.pixel_size import (
    UNITS_UM,
    length_um,
    micrometres_in,
    parse_pixel_size,
    plausible_pixel_um,
    square_pixel_um,
)

# Every length unit of the OME schema with its size in metres, written down from the definitions.
OME_UNITS_M = (
    {"Ym": 1e24, "Zm": 1e21, "Em": 1e18, "Pm": 1e15, "Tm": 1e12, "Gm": 1e9, "Mm": 1e6, "km": 1e3}
    | {"hm": 1e2, "dam": 1e1, "m": 1.0, "dm": 1e-1, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9}
    | {"pm": 1e-12, "fm": 1e-15, "am": 1e-18, "zm": 1e-21, "ym": 1e-24, "Å": 1e-10}
    | {"thou": 0.0254e-3, "li": 0.0254 / 12, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
    | {"pt": 0.0254 / 72, "ua": 149597870700, "ly": 9460730472580800, "pc": 3.0856775814913673e16}
)


@pytest.mark.parametrize(("unit", "metres"), OME_UNITS_M.items())
def test_every_length_unit_of_ome_is_known(unit: str, metres: float) -> None:
    assert micrometres_in(unit) == pytest.approx(metres * 1e6, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "size_um"),
    [
        ("0.65", 0.65),
        ("0.65um", 0.65),
        ("0,65 µm", 0.65),
        ("0.65 μm", 0.65),
        ("650 nm", 0.65),
        ("650NM", 0.65),
        ("6500 Å", 0.65),
        (" .5 micron ", 0.5),
        ("5.", 5.0),
        ("1e-3 mm", 1.0),
        ("0.0001 inch", 2.54),
        ("325000pm", 0.325),
    ],
)
def test_typed_pixel_sizes(text: str, size_um: float) -> None:
    assert parse_pixel_size(text) == pytest.approx(size_um, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "um", "0", "-1", "nan", "inf", "1 pixel", "1 parsnip", "1e999", "1.2.3", "0 nm"]
)
def test_what_is_no_pixel_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="is not a pixel size"):
        parse_pixel_size(text)


@pytest.mark.parametrize("unit", [None, "", "pixel", "pixels", "reference frame", "s"])
def test_no_unit_is_no_length(unit: str | None) -> None:
    assert length_um(1.0, unit) is None


def test_the_spelling_imagej_writes_for_micro_is_known() -> None:
    assert micrometres_in("\\u00B5m") == 1.0


def test_megametres_and_millimetres_are_kept_apart() -> None:
    assert micrometres_in("Mm") == pytest.approx(1e12)
    assert micrometres_in("mm") == micrometres_in("MM") == pytest.approx(1e3)


@given(st.sampled_from(sorted(UNITS_UM)), st.floats(1e-3, 1e3))
def test_lengths_convert_there_and_back(unit: str, value: float) -> None:
    converted = length_um(value, unit)
    assert converted is not None
    assert converted / UNITS_UM[unit] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_impossible_lengths_are_unknown(value: float) -> None:
    assert length_um(value, "um") is None


@pytest.mark.parametrize(
    ("size", "kept"), [(25400 / 72, False), (25400 / 300, False), (0.65, True), (None, False)]
)
def test_printing_resolutions_are_not_taken_for_pixel_sizes(size: float | None, kept: bool) -> None:
    assert (plausible_pixel_um(size) == size) is (kept or size is None)


def test_oblong_pixels_keep_their_area(caplog: pytest.LogCaptureFixture) -> None:
    assert square_pixel_um(0.5, 2.0) == pytest.approx(1.0)
    assert "geometric mean" in caplog.text
    assert square_pixel_um(0.5, None) == square_pixel_um(None, 0.5) == square_pixel_um(0.5, 0.5) == 0.5
    assert square_pixel_um(None, None) is None
