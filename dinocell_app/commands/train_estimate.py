"""`dinocell-app train estimate`: what a training will cost, before it is started."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK, duration
from dinocell_app.commands.options import Subcommands, absolute_path
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob, Job
from dinocell_app.jobs.run_folder import RunFolder


def add_command(kinds: Subcommands) -> None:
    """Declare the command.

    Parameters
    ----------
    kinds : argparse subparsers
        Of `dinocell-app train`.
    """
    parser = kinds.add_parser(
        "estimate",
        help="tell how long a training will take and how much memory it needs",
        description="Take three steps of a training, tell what the whole will cost, and write nothing.",
    )
    parser.add_argument(
        "run_folder", metavar="RUN_FOLDER", nargs="?", type=absolute_path, help="folder with a job.json"
    )
    parser.add_argument(
        "--job", type=absolute_path, metavar="FILE", help="job file, in place of a run folder"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(execute=estimate_training)


def estimate_training(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the job is no training, or cannot be done.
    """
    from dinocell_training.adaptation_estimates import estimate_training

    folder: Path | None = arguments.run_folder
    if (folder is None) == (arguments.job is None):
        raise InvalidParameterError(
            "train estimate needs either a run folder or --job FILE",
            remedy="See dinocell-app train estimate --help",
        )
    job: Job = read_job(arguments.job) if folder is None else RunFolder(folder).read_job()
    if not isinstance(job, FineTuneJob | AdaptJob | AdaptThenTeachJob):
        raise InvalidParameterError(
            f"is a job to {job.kind}, which is no training",
            path=arguments.job or folder,
            remedy="Name a job made by dinocell-app train finetune or adapt",
        )
    cost = estimate_training(job, folder)
    if arguments.json:
        print(json.dumps(asdict(cost)))
        return EXIT_OK
    looks = f", validations of {duration(cost.seconds_validation)}" if cost.seconds_validation else ""
    print(
        f"About {duration(cost.total_seconds)} on {cost.device}: {cost.n_steps} steps of "
        f"{duration(cost.seconds_per_step)}{looks}"
    )
    if cost.peak_memory_bytes:
        print(f"Memory: {cost.peak_memory_bytes / 2**30:.1f} GiB")
    if cost.loading_share:
        print(f"Waiting for images: {cost.loading_share:.0%} of the time")
    return EXIT_OK
