"""The page about columns says what the code measures."""

from __future__ import annotations

from tests.documents.columns_page import PAGE, page


def test_the_page_is_as_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python tests/documents/columns_page.py"


def test_the_page_has_meaning_and_formula_of_each_column():
    text = page()
    assert "| `circularity` | " in text
    assert "4 pi area / perimeter^2" in text
    assert "| `area_px2` | " in text
    assert "area_um2` |" not in text, "columns in micrometres stand with those in pixels"
    assert "| `texture_contrast` | " in text
    assert "| `density_per_mm2` | " in text
