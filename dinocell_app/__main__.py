"""Entry of `dinocell-app` and of `python -m dinocell_app`: a command, or else the window."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


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


def _end_beside_others(code: int) -> NoReturn:
    """End one of several processes that train together, without what an interpreter does at its end.

    There, threads that talk to the other processes now and then outlive what they use, and abort a process
    whose work is done and written; the launcher then takes the whole training for failed.
    """
    from dinocell_training.processes import leave_others

    leave_others()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    exit_code = main()
    if "TORCHELASTIC_RUN_ID" in os.environ:
        _end_beside_others(exit_code)
    sys.exit(exit_code)
