"""Names of files as people see them: the same letters may be stored in two ways."""

from __future__ import annotations

import unicodedata


def composed(name: str) -> str:
    """Give the one form in which two names that look the same are equal.

    A Mac stores "\u00e9" as "e" and an accent (NFD), others as one letter (NFC). Only compare with what this
    gives: files are opened by the names that the disk has.
    """
    return unicodedata.normalize("NFC", name)
