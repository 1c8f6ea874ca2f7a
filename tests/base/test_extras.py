"""What to do about packages that are not there, in a Python environment and in an installed application."""

import sys

from dinocell_app.base.extras import remedy_for_missing


def test_an_installed_application_names_the_other_way_first(monkeypatch):
    plain = remedy_for_missing("czi", "Save it as OME-TIFF")
    assert plain == 'Install it with: pip install "dinocell-app[czi]". Or save it as OME-TIFF'
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    frozen = remedy_for_missing("czi", "Save it as OME-TIFF")
    assert frozen.startswith("Save it as OME-TIFF, or use the application as a Python package")
