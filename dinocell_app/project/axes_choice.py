"""What a person says the stored axes of an image are: plain state of the dialog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.imaging.axes import StoredAxes, check_axes, likely_axes
from dinocell_app.imaging.reading import stored_axes
from dinocell_app.project.adding import found_image
from dinocell_app.project.records import FoundImage

CHOICES = {"T": "Times", "Z": "Slices", "C": "Channels", "Y": "Rows", "X": "Columns"}
"""Meanings that an axis can be given."""


@dataclass(frozen=True)
class AxesChoice:
    """Stored axes and what they are said to be.

    Parameters
    ----------
    path : Path
        The image they were read from.
    word : str
        One letter an axis.
    """

    path: Path
    stored: StoredAxes
    word: str

    @classmethod
    def begin(cls, path: Path, stored: StoredAxes, word: str) -> AxesChoice:
        """Begin with what is in use.

        Parameters
        ----------
        word : str
            "" where the file is believed.
        """
        return cls(path, stored, word or stored.named())

    def with_meaning(self, place: int, letter: str) -> AxesChoice:
        """Give an axis another meaning; rows and columns are exchanged with the axis that had them.

        Parameters
        ----------
        place : int
            Of the axis, counted from 0.
        letter : str
            Of `CHOICES`.
        """
        letters = list(self.word)
        if letter in "YX" and letter in letters:
            letters[letters.index(letter)] = letters[place]
        letters[place] = letter
        return replace(self, word="".join(letters))

    def axes(self) -> str:
        """Give the word to keep.

        Returns
        -------
        str
            "" when it says what the file says.
        """
        return "" if self.word == self.stored.named() else self.word

    def problem(self) -> str:
        """Say why the axes cannot be meant.

        Returns
        -------
        str
            Empty when they can.
        """
        if self.word.count("Y") != 1 or self.word.count("X") != 1:
            return "Rows and columns have to be chosen once each."
        try:
            check_axes(self.word, self.stored, self.path)
        except InvalidParameterError as error:
            return error.what
        return ""

    def suggestion(self) -> str:
        """Give other axes that are more likely.

        Returns
        -------
        str
            Empty when there are none, or when they are chosen already.
        """
        likely = likely_axes(self.stored) or ""
        return "" if likely == self.word else likely


def spelled(word: str) -> str:
    """Write axes as people read them.

    Returns
    -------
    str
        As in "rows, columns, channels".
    """
    return ", ".join(CHOICES.get(letter, "Colours").lower() for letter in word)


def read_again(
    images: Sequence[tuple[int, Path, Path]], choice: AxesChoice
) -> Iterator[tuple[int, FoundImage]]:
    """Read images with other axes; those that store others than the choice was made for are left alone.

    Parameters
    ----------
    images : sequence of (int, Path, Path)
        Id, file and root of each.

    Yields
    ------
    (int, FoundImage)
    """
    for image_id, path, root in images:
        try:
            stored = stored_axes(path)
        except UserFacingError:
            continue
        if stored is not None and stored.codes == choice.stored.codes:
            yield image_id, found_image(path, root, choice.axes())
