"""`dinocell-app verify`: whether results are still what was written."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from dinocell_app.base.csv_rows import Rows
from dinocell_app.base.plain_text import printable
from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED, counted
from dinocell_app.commands.options import Subcommands, absolute_path, add_json_option

_PLURAL = {"same": "as recorded", "changed": "changed", "missing": "missing", "unknown": "unknown"}


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "verify",
        help="check whether results are still what was written",
        description="Compare results, images, model and tables with the sizes and checksums in the records "
        "beside the results, and say what was changed since. Exit code 3 if anything was changed or is "
        "missing.",
    )
    parser.add_argument("results", metavar="RESULTS", type=absolute_path, help="output folder, or a project")
    parser.add_argument(
        "--against",
        metavar="OTHER",
        type=absolute_path,
        help="compare with another run of the same images instead, and name what differs",
    )
    parser.add_argument(
        "--edits", metavar="FILE", type=absolute_path, help="write who changed cells when, and how, as CSV"
    )
    add_json_option(parser)
    parser.set_defaults(execute=verify)


def verify(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there are no results.
    """
    from dinocell_app.pipeline.verification import compare_results, verify_results

    if arguments.edits is not None:
        _write_edits(arguments.results, arguments.edits)
    other = arguments.against
    findings = compare_results(arguments.results, other) if other else verify_results(arguments.results)
    states = Counter[str]()
    for finding in findings:
        states[finding.state] += 1
        if arguments.json:
            print(json.dumps(asdict(finding)), flush=True)
        elif finding.state != "same":
            print(printable(f"{finding.state}: {finding.path}: {finding.what}"), flush=True)
    if not arguments.json:
        told = ", ".join(f"{states[state]} {words}" for state, words in _PLURAL.items() if states[state])
        print(f"{counted(states.total(), 'file' if other is None else 'plane')}: {told}")
    return EXIT_SOME_FAILED if states["changed"] or states["missing"] else EXIT_OK


def _write_edits(folder: Path, target: Path) -> None:
    from dinocell_app.export.writing import whole_file
    from dinocell_app.pipeline.verification import EDIT_COLUMNS, edits_of

    with whole_file(target) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(Rows(file), EDIT_COLUMNS)
        writer.writeheader()
        writer.writerows(edits_of(folder))
