"""Text from elsewhere, such as names of files, where lines and terminals give characters a meaning."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Write a text on one line: what cannot be printed, and would move a cursor or worse, is spelled out.

    Returns
    -------
    str
        Letters of every script are as they were; a line end is ``\n`` in two characters.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _spelled(letter) for letter in text)


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
