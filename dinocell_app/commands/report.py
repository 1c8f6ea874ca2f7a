"""`dinocell-app report`: one page about a folder of results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED
from dinocell_app.commands.options import Subcommands, absolute_path

if TYPE_CHECKING:
    from dinocell_app.assays.assay import Assay


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "report",
        help="write a page about results",
        description="Write report.html and quality.csv into a folder of results: overview, distributions, "
        "images to look at first, methods, and which software and model it was. With an assay, its limits "
        "decide.",
    )
    parser.add_argument("results", type=absolute_path, metavar="RESULTS", help="folder that segment -o wrote")
    parser.add_argument(
        "--assay", type=absolute_path, metavar="FILE", help="whose limits images have to keep to"
    )
    parser.set_defaults(execute=report)


def report(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        That of partly failed work when an image fails.

    Raises
    ------
    UserFacingError
        If there are no results, or the report cannot be written.
    """
    from dinocell_app.assays.assay_file import read_assay

    assay = read_assay(arguments.assay) if arguments.assay is not None else None
    return tell_quality(arguments.results, assay, quiet=False)


def tell_quality(results: Path, assay: Assay | None, *, quiet: bool) -> int:
    """Write the report of a folder of results, and say how many images keep to the limits.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there are no results, or the report cannot be written.
    """
    from dinocell_app.assays.report import write_report

    path, counts = write_report(results, assay)
    if not quiet:
        print(f"{counts['pass']} images pass, {counts['look']} are to be looked at, {counts['fail']} fail")
        print(f"The report is in {path}")
    return EXIT_SOME_FAILED if counts["fail"] else EXIT_OK
