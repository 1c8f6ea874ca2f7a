"""`dinocell-app train`: models from labelled images."""

from __future__ import annotations

import argparse
import os
from typing import Any

from dinocell_app.commands import train_adapt, train_check, train_compare, train_estimate, train_references
from dinocell_app.commands.console import EXIT_OK, say
from dinocell_app.commands.execution import default_run_folder, execute_run
from dinocell_app.commands.options import JobCommand, Subcommands, absolute_path
from dinocell_app.commands.preset_option import add_preset_option
from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.events import JobFinished
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_presets import DEFAULT_PRESET, preset_fields

COMMAND = JobCommand(FineTuneJob, ("train", "finetune"))


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser("train", help="train a model with your own labelled images")
    kinds = parser.add_subparsers(title="kinds of training", metavar="KIND", required=True)
    finetune = kinds.add_parser(
        "finetune",
        help="train a network with labelled images",
        description="Train a network with labelled images, on one device or, started by torchrun, on "
        "several: torchrun --nproc-per-node=2 -m dinocell_app train finetune DATA -o MODEL. The same command "
        "goes on where a training was stopped.",
    )
    COMMAND.add_arguments(finetune)
    finetune.add_argument(
        "--run-folder",
        type=absolute_path,
        metavar="FOLDER",
        help="For checkpoints and events (default: MODEL-run).",
    )
    add_preset_option(finetune)
    finetune.set_defaults(execute=fine_tune)
    train_adapt.add_command(kinds)
    train_estimate.add_command(kinds)
    train_check.add_command(kinds)
    train_compare.add_command(kinds)
    train_references.add_command(kinds)


def fine_tune(arguments: argparse.Namespace) -> int:
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
    job = COMMAND.job(arguments, chosen_preset(arguments))
    run = RunFolder.create(arguments.run_folder or default_run_folder(job), job)
    code = execute_run(run, json_lines=arguments.json)
    if code == EXIT_OK and not arguments.json and int(os.environ.get("RANK", "0")) == 0:
        if _made(run):
            say(f"The model is in {job.output}")
        else:
            say(f"No model was made that beats the one it began with; what came of it is in {run.path}")
    return code


def chosen_preset(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give what a preset chooses; by itself none for a job file, which says everything, and a new network."""
    if arguments.preset is not None:
        return preset_fields(arguments.preset)
    is_new = getattr(arguments, "job_base_model", DEFAULT_MODEL) is None
    return {} if arguments.job is not None or is_new else preset_fields(DEFAULT_PRESET)


def _made(run: RunFolder) -> bool:
    """Tell whether a run ended with a model that it offers."""
    endings = [event for event in run.events() if isinstance(event, JobFinished)]
    return bool(endings and endings[-1].outputs)
