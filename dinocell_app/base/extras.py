"""How to come by what is not installed with the application."""

from __future__ import annotations

import sys


def remedy_for_missing(extra: str, otherwise: str) -> str:
    """Say what to do when an optional package is missing.

    Parameters
    ----------
    extra : str
        Of the Python package, as `pyproject.toml` names it.
    otherwise : str
        What else a person may do, as an imperative without a full stop.

    Returns
    -------
    str
        Without a full stop. An application that brings its own Python takes no packages, so that there the
        other way comes first.
    """
    install = f'pip install "dinocell-app[{extra}]"'
    if getattr(sys, "frozen", False):
        return f"{otherwise}, or use the application as a Python package: {install}"
    return f"Install it with: {install}. Or {otherwise[0].lower()}{otherwise[1:]}"
