"""`dinocell-app doctor`: what this machine and installation can do."""

from __future__ import annotations

import argparse
import dataclasses
import json

from dinocell_app.commands.console import EXIT_OK, EXIT_WRONG_USAGE
from dinocell_app.commands.options import Subcommands, add_json_option
from dinocell_app.jobs import DEFAULT_MODEL


def add_command(commands: Subcommands) -> None:
    """Declare the command.

    Parameters
    ----------
    commands : argparse subparsers
    """
    parser = commands.add_parser(
        "doctor",
        help="say what this machine and installation can do",
        description="Show versions, folders and devices, and compare CPU and GPU on a small sample.",
    )
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, help=f"for the self-test (default: {DEFAULT_MODEL})"
    )
    add_json_option(parser)
    parser.set_defaults(execute=doctor)


def doctor(arguments: argparse.Namespace) -> int:
    """Do the command.

    Parameters
    ----------
    arguments : Namespace

    Returns
    -------
    int
        0, or 2 when something has to be put right.
    """
    from dinocell_app.doctor import examine

    topic, bad = "", 0
    for finding in examine(arguments.model):
        bad += not finding.is_good
        if arguments.json:
            print(json.dumps(dataclasses.asdict(finding), ensure_ascii=False), flush=True)
            continue
        if finding.topic != topic:
            topic = finding.topic
            print(f"{topic}:")
        print(f"  {'' if finding.is_good else '! '}{finding.name}: {finding.value}", flush=True)
    if not arguments.json:
        print("Everything is fine." if not bad else f"{bad} things need attention (marked with !).")
    return EXIT_OK if not bad else EXIT_WRONG_USAGE
