"""Wells of plates, read from the names of folders and files by a pattern that a person can change."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

ROW, COLUMN = "{row}", "{column}"
EXAMPLE = f"*_{ROW}{COLUMN}_*"

_ROW, _COLUMN = "(?P<row>[A-P])", "(?P<column>0?[1-9]|1[0-9]|2[0-4])"
_AUTOMATIC = re.compile(rf"(?:^|[^A-Za-z0-9])(?:well[ _-]?)?{_ROW}[ _-]?{_COLUMN}(?![0-9A-Za-z])", re.I)


def pattern_problem(pattern: str) -> str:
    """Say what is wrong with a pattern.

    Parameters
    ----------
    pattern : str
        Text of a path, in which `*` is anything, `{row}` a letter from A to P and `{column}` a number from
        1 to 24; empty for the usual names such as A01.

    Returns
    -------
    str
        A sentence; empty when the pattern can be used.
    """
    lacking = [part for part in (ROW, COLUMN) if pattern.count(part) != 1]
    if pattern and lacking:
        return f"The pattern needs {' and '.join(lacking)} once, as in {EXAMPLE}."
    return ""


class PlateWell(NamedTuple):
    """A well: row and column counted from 0, and the folder of its plate."""

    plate: str
    row: int
    column: int


def well_of(path: str, pattern: str = "") -> PlateWell | None:
    """Read the well from the name of a file or, failing that, of the nearest folder that has one.

    Parameters
    ----------
    path : str
        With forward slashes, such as "B04/field1.tif".
    pattern : str
        As in `pattern_problem`; it is looked for in the whole path, whatever the case.

    Returns
    -------
    PlateWell or None
        None when there is none or several. The plate is what lies above the name with the well.
    """
    if pattern:
        match = _compiled(pattern).search(path)
        return _well(path[: match.start("row")].rpartition("/")[0], match) if match else None
    folder, name = path, ""
    while folder:
        folder, _, name = folder.rpartition("/")
        found = {_well(folder, match) for match in _AUTOMATIC.finditer(name.rsplit(".", 1)[0])}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {ROW: _ROW, COLUMN: f"{_COLUMN}(?![0-9])", "*": ".*?"}
    pieces = re.split("(" + "|".join(map(re.escape, parts)) + ")", pattern)
    return re.compile("".join(parts.get(piece, re.escape(piece)) for piece in pieces), re.I)


def _well(plate: str, match: re.Match[str]) -> PlateWell:
    return PlateWell(plate, ord(match["row"].upper()) - ord("A"), int(match["column"]) - 1)
