"""`dinocell-app work`: the runs of a queue, one after the other."""

from __future__ import annotations

import argparse
import os

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import Subcommands, absolute_path
from dinocell_app.run_queue.worker import work as work_on

NICENESS = 5
"""How much the window and other programs come first where processes share a processor."""


def add_command(commands: Subcommands) -> None:
    """Declare the command, which the window starts: the list of commands does not show it."""
    parser = commands.add_parser(
        "work",
        description="Do the runs that wait in RUNS/queue.json one after the other, each as `run` does it. "
        "The window starts this process, which goes on when the window is closed.",
    )
    parser.add_argument(
        "runs", metavar="RUNS", type=absolute_path, help="folder with run folders and a queue"
    )
    parser.set_defaults(execute=work)


def work(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    InvalidParameterError
        If there is no such folder.
    """
    if not arguments.runs.is_dir():
        raise InvalidParameterError("is no folder of runs", path=arguments.runs, remedy="Check the path")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    work_on(arguments.runs)
    return EXIT_OK
