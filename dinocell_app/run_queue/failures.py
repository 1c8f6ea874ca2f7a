"""Why an image failed and what to do about it, taken apart for two columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

NO_REMEDY = "Look into the log of the run, then try the image again."

_FAULT = "This is a fault of the program"


@dataclass(frozen=True)
class Failure:
    """An image that failed.

    Parameters
    ----------
    what : str
        What happened, without the path.
    remedy : str
        What to do.
    """

    what: str
    remedy: str


def explain(reason: str, path: str = "") -> Failure:
    """Take a reason apart.

    Parameters
    ----------
    reason : str
        As `errors.UserFacingError` writes it: the file, what happened, and a remedy.
    path : str
        The file.

    Returns
    -------
    Failure
        With a general remedy when the reason has none.
    """
    text = reason.strip()
    if path and text.startswith(path):
        text = text[len(path) :].lstrip(": ")
    elif path:
        before, colon, rest = text.partition(": ")
        # The file may have moved since.
        text = rest if colon and PurePath(before).name == PurePath(path).name else text
    # A file named in between may hold dots; sentences end with a dot, a space and a capital letter.
    for place in range(len(text) - 3, 0, -1):
        if text[place : place + 2] == ". " and text[place + 2].isupper():
            what, remedy = text[: place + 1], text[place + 2 :]
            break
    else:
        what, remedy = text, ""
    what = what[:1].upper() + what[1:]
    if not remedy:
        return Failure(what or "No reason was recorded.", NO_REMEDY)
    if remedy.startswith(_FAULT):
        return Failure(what, f"{remedy} {NO_REMEDY}")
    return Failure(what, remedy)
