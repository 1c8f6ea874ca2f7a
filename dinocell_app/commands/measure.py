"""`dinocell-app measure`: tables for label images made elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED, say
from dinocell_app.commands.execution import execute
from dinocell_app.commands.options import JobCommand, Subcommands
from dinocell_app.jobs.job_kinds import MeasureJob

COMMAND = JobCommand(MeasureJob, ("measure",), defaults={"output": Path("dinocell-measurements").absolute})


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "measure",
        help="measure cells of label images made elsewhere",
        description="Measure the cells of label images made elsewhere. In folders, files belong together "
        "that have the same name, or whose names differ by _labels, _masks or _cp_masks.",
    )
    COMMAND.add_arguments(parser)
    parser.set_defaults(execute=measure)


def measure(arguments: argparse.Namespace) -> int:
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
        say(f"Tables are in {job.output}")
    return code
