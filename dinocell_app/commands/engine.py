"""`dinocell-app engine`: the process that makes previews for the window."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import Subcommands, absolute_path
from dinocell_app.jobs.preview_messages import Message, message_to_line


def add_command(commands: Subcommands) -> None:
    """Declare the command, which only the window uses: the list of commands does not show it."""
    parser = commands.add_parser(
        "engine",
        description="Make previews for the window: read requests as JSON lines, write replies as JSON lines. "
        "The window starts this process and it ends with the window.",
    )
    parser.add_argument(
        "--folder",
        type=absolute_path,
        default=None,
        help="for arrays; removed at the end (default: a new one)",
    )
    parser.set_defaults(execute=engine)


def engine(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.
    """
    given: Path | None = arguments.folder
    folder = given or Path(tempfile.mkdtemp(prefix="dinocell-preview-"))
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    try:
        with _own_output() as replies:
            # torch takes seconds, and whatever libraries say while they are imported is no reply.
            from dinocell_app.engine.serving import Service

            Service(_Sender(replies), folder).serve(sys.stdin.buffer)
    except BrokenPipeError:
        logging.getLogger(__name__).info("the window is gone")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return EXIT_OK


def _own_output() -> BinaryIO:
    """Take standard output for replies; what anything else writes to it goes to standard error."""
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


class _Sender:
    """Writes whole lines, whichever thread asks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, message: Message) -> None:
        with self._lock:
            self._stream.write(message_to_line(message).encode() + b"\n")
            self._stream.flush()
