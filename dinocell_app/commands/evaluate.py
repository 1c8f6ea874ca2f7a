"""`dinocell-app evaluate`: scores of predicted labels."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED, say
from dinocell_app.commands.execution import execute
from dinocell_app.commands.options import JobCommand, Subcommands
from dinocell_app.jobs.job_kinds import EvaluateJob

COMMAND = JobCommand(EvaluateJob, ("evaluate",), defaults={"output": Path("dinocell-evaluation").absolute})

_SHOWN = ("n_reference", "n_predicted", "seg", "det", "mma")


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "evaluate",
        help="score predicted labels against true ones",
        description="Score predicted labels against true ones: AP, precision, recall, F1, SEG, DET and MMA, "
        "for each image and in total. In folders, files belong together that have the same name, or whose "
        "names differ by _labels, _masks or _cp_masks.",
    )
    COMMAND.add_arguments(parser)
    parser.set_defaults(execute=evaluate)


def evaluate(arguments: argparse.Namespace) -> int:
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
    from dinocell_training.evaluation_job import SCORES_CSV, SUMMARY_CSV

    job = COMMAND.job(arguments)
    code = execute(job, json_lines=arguments.json)
    if not arguments.json and code in (EXIT_OK, EXIT_SOME_FAILED):
        print_table(_shown(job.output / SCORES_CSV, "image") + _shown(job.output / SUMMARY_CSV, "over")[1:])
        say(f"All scores are in {job.output / SCORES_CSV} and {job.output / SUMMARY_CSV}")
    return code


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with aligned columns, the first to the left and numbers to the right.

    Parameters
    ----------
    rows : sequence of sequence of str
        The header first.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        numbers = (word.rjust(width) for word, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join((row[0].ljust(widths[0]), *numbers)))


def _shown(path: Path, first: str) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        names = [name for name in reader.fieldnames or () if name in _SHOWN or name.startswith("ap_")]
        rows = [[row[first], *(_short(row[name]) for name in names)] for row in reader]
    return [[first, *names], *rows]


def _short(number: str) -> str:
    return f"{float(number):.3f}" if "." in number else number
