"""ASCII spelling of names in any script, for the headers of tables."""

from __future__ import annotations

import re
import unicodedata

_SPELLED_OUT = {"µ": "u", "μ": "u", "²": "2", "³": "3", "°": "deg", "ß": "ss", "Å": "A"}


def ascii_spelling(text: str) -> str:
    """Spell a text in printable ASCII.

    Parameters
    ----------
    text : str
        In any script.

    Returns
    -------
    str
        Accents are dropped, µ is u, ² is 2, other Greek letters are spelled by name, anything else is an
        underscore.
    """
    return "".join(map(_ascii, text))


def _ascii(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else "_"
    if character in _SPELLED_OUT:
        return _SPELLED_OUT[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    greek = re.fullmatch(r"GREEK \w+ LETTER (\w+)", unicodedata.name(character, ""))
    return plain or (greek[1].lower() if greek else "_")
