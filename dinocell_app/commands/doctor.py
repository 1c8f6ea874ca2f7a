"""`dinocell-app doctor`: what this machine and installation can do."""

from __future__ import annotations

import argparse
import dataclasses
import json

from dinocell_app.commands.console import EXIT_OK, EXIT_WRONG_USAGE
from dinocell_app.commands.options import Subcommands, absolute_path, add_json_option
from dinocell_app.jobs.common_fields import DEFAULT_MODEL


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "doctor",
        help="say what this machine and installation can do",
        description="Show versions, folders and devices, and compare CPU and GPU on a small sample.",
    )
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, help=f"for the self-test (default: {DEFAULT_MODEL})"
    )
    parser.add_argument(
        "--report",
        type=absolute_path,
        metavar="FILE",
        help="also write a report without names and private folders, to be sent to whoever helps",
    )
    add_json_option(parser)
    parser.set_defaults(execute=doctor)


def doctor(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        0, or 2 when there is a problem; warnings alone are 0.
    """
    from dinocell_app.base.files import write_text
    from dinocell_app.doctor.examination import examine
    from dinocell_app.doctor.finding import GOOD, MARKS, PROBLEM, Finding
    from dinocell_app.doctor.report import report_of

    topic = ""
    findings: list[Finding] = []
    for finding in examine(arguments.model):
        findings.append(finding)
        if arguments.json:
            print(json.dumps(dataclasses.asdict(finding), ensure_ascii=False), flush=True)
            continue
        if finding.topic != topic:
            topic = finding.topic
            print(f"{topic}:")
        mark = "" if finding.state == GOOD else f"{MARKS[finding.state]} "
        print(f"  {mark}{finding.name}: {finding.value}", flush=True)
        if finding.remedy:
            print(f"      {finding.remedy}.")
    if arguments.report is not None:
        write_text(arguments.report, report_of(findings))
    noted = sum(finding.state != GOOD for finding in findings)
    if not arguments.json:
        things = "1 thing needs" if noted == 1 else f"{noted} things need"
        print("Everything is fine." if not noted else f"{things} attention.")
    return EXIT_WRONG_USAGE if any(each.state == PROBLEM for each in findings) else EXIT_OK
