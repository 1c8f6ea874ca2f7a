"""`dinocell-app segment`: images to labels, overlays and tables."""

from __future__ import annotations

import argparse

from dinocell_app.commands.command_line import COMMAND
from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED
from dinocell_app.commands.execution import execute
from dinocell_app.commands.options import Subcommands


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "segment",
        help="segment and measure images",
        description="Segment and measure images. Run again, it goes on where it stopped: images finished "
        "with the same model and parameters are skipped.",
    )
    COMMAND.add_arguments(parser)
    parser.set_defaults(execute=segment)


def segment(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the job cannot be done.
    """
    job = COMMAND.job(arguments)
    code = execute(job, json_lines=arguments.json)
    if not arguments.json and code in (EXIT_OK, EXIT_SOME_FAILED):
        print(f"Results are in {job.output}")
    return code
