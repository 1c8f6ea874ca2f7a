"""`dinocell-app segment`: images to labels, overlays and tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.command_line import COMMAND
from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED, say
from dinocell_app.commands.execution import execute
from dinocell_app.commands.options import PROGRAM, Subcommands, absolute_path
from dinocell_app.commands.report import tell_quality
from dinocell_app.jobs.job_files import write_job
from dinocell_app.jobs.job_kinds import SegmentJob

if TYPE_CHECKING:
    from dinocell_app.assays.assay import Assay


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "segment",
        help="segment and measure images",
        description="Segment and measure images. Run again, it goes on where it stopped: images finished "
        "with the same model and parameters are skipped.",
    )
    COMMAND.add_arguments(parser)
    parser.add_argument(
        "--assay",
        type=absolute_path,
        metavar="FILE",
        help="do an assay (see assay make); options given here go before it, unless it is read-only",
    )
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
    assay = _assay(arguments.assay)
    job = COMMAND.job(arguments) if assay is None else _job_of(assay, arguments)
    code = execute(job, json_lines=arguments.json)
    if not arguments.json and code in (EXIT_OK, EXIT_SOME_FAILED):
        say(f"Results are in {job.output}")
    if assay is not None and assay.limits and code in (EXIT_OK, EXIT_SOME_FAILED):
        code = max(code, tell_quality(job.output, assay, quiet=arguments.json))
    return code


def _assay(path: Path | None) -> Assay | None:
    from dinocell_app.assays.assay_file import read_assay

    return None if path is None else read_assay(path)


def _job_of(assay: Assay, arguments: argparse.Namespace) -> SegmentJob:
    given = COMMAND.given(arguments)
    inputs, output = given.pop("inputs", ()), given.pop("output", None)
    if arguments.job is not None or not inputs or output is None:
        raise InvalidParameterError(
            "segment --assay needs images and -o, and takes no job file",
            remedy=f"As in {PROGRAM} segment IMAGES -o RESULTS --assay {arguments.assay.name}",
        )
    job = assay.job(inputs, output, given)
    if arguments.save_job is not None:
        write_job(arguments.save_job, job)
    return job
