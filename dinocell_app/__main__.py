"""Entry of `dinocell-app` and of `python -m dinocell_app`: a command, or else the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, or do a command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; nothing or paths open the window.

    Returns
    -------
    int
        Exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or _are_paths(words):
        # The window starts without torch and without the commands, which would make it slow.
        from dinocell_app.ui.application import open_window

        return open_window([Path(word).absolute() for word in words])
    from dinocell_app.cli import main as command

    return command(words)


def _are_paths(words: list[str]) -> bool:
    """Tell paths from commands, which have no dot and no slash."""
    looks = (not word.startswith("-") and any(mark in word for mark in "./\\") for word in words)
    return all(looks) and all(Path(word).exists() for word in words)


if __name__ == "__main__":
    sys.exit(main())
