"""`dinocell-app train adapt`: a network that has seen this lab's pictures, without a label."""

from __future__ import annotations

import argparse
import os

from dinocell_app.commands.console import EXIT_OK, say
from dinocell_app.commands.execution import default_run_folder, execute_run
from dinocell_app.commands.options import JobCommand, Subcommands, absolute_path
from dinocell_app.jobs.job_kinds import AdaptJob
from dinocell_app.jobs.run_folder import RunFolder

COMMAND = JobCommand(AdaptJob, ("train", "adapt"))


def add_command(kinds: Subcommands) -> None:
    """Declare the command.

    Parameters
    ----------
    kinds : argparse subparsers
        Of `dinocell-app train`.
    """
    parser = kinds.add_parser(
        "adapt",
        help="let a network learn from images without labels",
        description="Let the transformer of a network learn from images without labels, on one device or, "
        "started by torchrun, on several. The result does not segment better by itself: name it as the base "
        "model of train finetune. The same command goes on where it was stopped.",
    )
    COMMAND.add_arguments(parser)
    parser.add_argument(
        "--run-folder",
        type=absolute_path,
        metavar="FOLDER",
        help="For checkpoints and events (default: MODEL-run).",
    )
    parser.set_defaults(execute=adapt)


def adapt(arguments: argparse.Namespace) -> int:
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
    code = execute_run(
        RunFolder.create(arguments.run_folder or default_run_folder(job), job), json_lines=arguments.json
    )
    if code == EXIT_OK and not arguments.json and int(os.environ.get("RANK", "0")) == 0:
        say(f"The model is in {job.output}; teach it with: dinocell-app train finetune --base-model")
    return code
