"""Names of channels as columns carry them: ASCII, and different from each other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dinocell_app.base.ascii_text import ascii_spelling
from dinocell_app.base.errors import InvalidParameterError


def ascii_channel_name(name: str) -> str:
    """Name of a channel as columns carry it.

    Parameters
    ----------
    name : str
        In any script.

    Returns
    -------
    str
        ASCII letters, digits, dots, dashes and underscores: accents are dropped, µ is u, Greek letters are
        spelled by name, runs of anything else are one underscore; `channel` if nothing is left.
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "_", ascii_spelling(name)).strip("_") or "channel"


def check_channel_names(names: Iterable[str]) -> None:
    """Refuse channels whose columns would have the same names.

    Parameters
    ----------
    names : iterable of str
        Names of channels.

    Raises
    ------
    InvalidParameterError
        If two names are the same in ASCII.
    """
    taken: dict[str, str] = {}
    for name in names:
        ending = ascii_channel_name(name)
        if ending in taken:
            raise InvalidParameterError(
                f"the channels {taken[ending]!r} and {name!r} would both be called {ending!r} in the table",
                remedy="Give the channels different names",
            )
        taken[ending] = name
