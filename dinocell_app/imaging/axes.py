"""The axes of an image as its file stores them, and as a person says they are where the file is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError

AXIS_NAMES = {"T": "times", "Z": "slices", "C": "channels", "Y": "rows", "X": "columns", "S": "colours"}
"""What the letters of an axes word mean, as people read them."""

_LEAST_EDGE = 16
"""Pixels; an axis shorter than this is hardly rows or columns of a microscope's image."""
_MOST_CHANNELS = 5
"""Planes without a name are more likely channels than slices up to this number."""
_REMEDY = "Use one letter for each axis: T times, Z slices, C channels, Y rows, X columns, as in YXC"


@dataclass(frozen=True)
class StoredAxes:
    """Axes of an image in the order in which they are stored.

    Parameters
    ----------
    codes : str
        One letter an axis: those of `AXIS_NAMES`, or another one for an axis that the file does not name.
    shape : tuple of int
        Their lengths.
    """

    codes: str
    shape: tuple[int, ...]

    def named(self) -> str:
        """Give the word that says what is read without one.

        Returns
        -------
        str
            Axes without a name are read as slices.
        """
        return "".join(code if code in AXIS_NAMES else "Z" for code in self.codes)


def check_axes(word: str, stored: StoredAxes, path: Path) -> None:
    """Check that an axes word fits the file it is for.

    Parameters
    ----------
    word : str
        Such as "YXC".
    path : Path
        The file.

    Raises
    ------
    InvalidParameterError
        If it has another number of axes, an unknown letter, or not one each of rows and columns.
    """
    lengths = " x ".join(str(length) for length in stored.shape)
    if len(word) != len(stored.codes):
        raise InvalidParameterError(
            f"has {len(stored.codes)} axes ({lengths}), and '{word}' names {len(word)}",
            path=path,
            remedy=_REMEDY,
        )
    unknown = sorted(set(word) - set(AXIS_NAMES))
    if unknown:
        raise InvalidParameterError(
            f"no axis is called {', '.join(unknown)}, as in '{word}'", path=path, remedy=_REMEDY
        )
    if word.count("Y") != 1 or word.count("X") != 1:
        raise InvalidParameterError(f"'{word}' must have Y and X once each", path=path, remedy=_REMEDY)


def likely_axes(stored: StoredAxes) -> str | None:
    """Suggest other axes where those of the file are hardly meant.

    Returns
    -------
    str or None
        A word for `check_axes` when rows or columns are fewer than any camera has while another axis is
        long, or when a few planes without a name are more likely channels; None where nothing looks odd.
    """
    word, shape = list(stored.named()), stored.shape
    unnamed = [place for place, code in enumerate(stored.codes) if code not in AXIS_NAMES]
    if word.count("Y") != 1 or word.count("X") != 1:
        return None
    y, x = word.index("Y"), word.index("X")
    long = [p for p in range(len(word)) if p not in (y, x) and word[p] != "S" and shape[p] >= _LEAST_EDGE]
    if looks_misread(stored):
        short, kept = (x, y) if shape[x] < shape[y] else (y, x)
        rows, columns = sorted((long[-1], kept))
        word[short], word[rows], word[columns] = "C", "Y", "X"
        return "".join(word)
    if len(unnamed) == 1 and 2 <= shape[unnamed[0]] <= _MOST_CHANNELS and "C" not in word:
        word[unnamed[0]] = "C"
        return "".join(word)
    return None


def looks_misread(stored: StoredAxes) -> bool:
    """Tell whether an image is a few pixels high or wide while another of its axes is long."""
    word, shape = stored.named(), stored.shape
    if word.count("Y") != 1 or word.count("X") != 1:
        return False
    y, x = word.index("Y"), word.index("X")
    short, other = sorted((shape[y], shape[x]))
    long = [p for p in range(len(word)) if p not in (y, x) and word[p] != "S" and shape[p] >= _LEAST_EDGE]
    return short <= _MOST_CHANNELS and other >= _LEAST_EDGE and bool(long)
