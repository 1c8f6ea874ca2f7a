"""`dinocell-app measure`: tables for label images made elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED
from dinocell_app.commands.execution import execute
from dinocell_app.commands.options import JobCommand, Option, Subcommands, absolute_path
from dinocell_app.commands.shared_options import (
    AXES,
    FORMATS,
    OVERWRITE,
    PIXEL_SIZE,
    PLANE,
    RECURSIVE,
    REGIONS,
    TEXTURE,
)
from dinocell_app.jobs.job_kinds import MeasureJob

COMMAND = JobCommand(
    kind="measure",
    words=("measure",),
    options=(
        Option("images", (), "an image, or a folder of images", parse=absolute_path, metavar="IMAGES"),
        Option("labels", (), "its labels, or a folder of them", parse=absolute_path, metavar="LABELS"),
        Option("output", ("-o", "--output"), "folder for tables", parse=absolute_path, metavar="OUT"),
        PIXEL_SIZE,
        AXES,
        PLANE,
        FORMATS,
        REGIONS,
        RECURSIVE,
        OVERWRITE,
        TEXTURE,
    ),
    defaults={"output": Path("dinocell-measurements").absolute},
)


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
    job = COMMAND.job(arguments, MeasureJob)
    code = execute(job, json_lines=arguments.json)
    if not arguments.json and code in (EXIT_OK, EXIT_SOME_FAILED):
        print(f"Tables are in {job.output}")
    return code
