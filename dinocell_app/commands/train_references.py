"""`dinocell-app train references`: a model that finds cells like the ones it is shown."""

from __future__ import annotations

import argparse

from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.execution import default_run_folder, execute_run
from dinocell_app.commands.options import JobCommand, Subcommands, absolute_path
from dinocell_app.jobs.job_kinds import ReferenceTrainingJob
from dinocell_app.jobs.run_folder import RunFolder

COMMAND = JobCommand(ReferenceTrainingJob, ("train", "references"))


def add_command(kinds: Subcommands) -> None:
    """Declare the command.

    Parameters
    ----------
    kinds : argparse subparsers
        Of `dinocell-app train`.
    """
    parser = kinds.add_parser(
        "references",
        help="teach a model to find cells like reference cells",
        description="Teach a model to find cells like the ones it is shown (PerCS-DINO). Cells of different "
        "types are pasted into one another's pictures; the network itself stays as it is, so that the model "
        "segments as before. The same command goes on where it was stopped.",
    )
    COMMAND.add_arguments(parser)
    parser.add_argument(
        "--run-folder",
        type=absolute_path,
        metavar="FOLDER",
        help="For checkpoints, crops and events (default: MODEL-run).",
    )
    parser.set_defaults(execute=train_references)


def train_references(arguments: argparse.Namespace) -> int:
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
    folder = arguments.run_folder or default_run_folder(job)
    code = execute_run(RunFolder.create(folder, job), json_lines=arguments.json)
    if code == EXIT_OK and not arguments.json:
        print(f"The model is in {job.output}; its scores are in {folder / 'scores.json'}")
    return code
