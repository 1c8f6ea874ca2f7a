"""`dinocell-app run`: the job of a run folder."""

from __future__ import annotations

import argparse

from dinocell_app.commands.execution import execute_run
from dinocell_app.commands.options import Subcommands, absolute_path, add_json_option, add_settings
from dinocell_app.jobs.run_folder import RunFolder


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "run",
        help="do the job of a run folder",
        description="Do the job in RUN_FOLDER/job.json and record what happens in events.jsonl. A file named "
        "STOP in the folder ends the run after the current tile or step, STOP_AFTER_IMAGE after the current "
        "image, and a file named PAUSE makes it wait. A run that was stopped or killed goes on where "
        "it was.",
    )
    parser.add_argument("run_folder", metavar="RUN_FOLDER", type=absolute_path, help="folder with a job.json")
    parser.add_argument(
        "--moved",
        action="append",
        default=[],
        type=_moved_folder,
        metavar="OLD=NEW",
        help="a folder that the job names and where it is on this computer; may be given several times",
    )
    add_settings(parser, "dask")
    add_json_option(parser)
    parser.set_defaults(execute=run)


def run(arguments: argparse.Namespace) -> int:
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
    folder = RunFolder(arguments.run_folder, arguments.moved)
    return execute_run(folder, json_lines=arguments.json, dask=arguments.dask)


def _moved_folder(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW")
    return old, str(absolute_path(new))
