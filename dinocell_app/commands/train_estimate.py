"""`dinocell-app train estimate`: what a training will cost, before it is started."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK, duration
from dinocell_app.commands.options import Subcommands, absolute_path
from dinocell_app.commands.preset_option import add_preset_option
from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob, FineTuneJob, Job
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_presets import DEFAULT_PRESET, preset_fields


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
        "folders",
        metavar="DATA",
        nargs="*",
        type=absolute_path,
        help="folders of images with labels, or one run folder with a job.json",
    )
    parser.add_argument("--job", type=absolute_path, metavar="FILE", help="job file, in place of folders")
    add_preset_option(parser)
    parser.add_argument(
        "--base-model",
        default=DEFAULT_MODEL,
        metavar="MODEL",
        help="to train DATA with (default: %(default)s)",
    )
    parser.add_argument("--device", default="auto", help="to train on (default: %(default)s)")
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

    folder, job = _job(arguments)
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
    looks = (
        f", {duration(cost.seconds_scoring)} of looking at held-out images" if cost.seconds_scoring else ""
    )
    print(
        f"About {duration(cost.total_seconds)} on {cost.device}: {cost.n_steps} steps of "
        f"{duration(cost.seconds_per_step)}{looks}"
    )
    if cost.peak_memory_bytes:
        print(f"Memory: {cost.peak_memory_bytes / 2**30:.1f} GiB")
    if cost.loading_share:
        print(f"Waiting for images: {cost.loading_share:.0%} of the time")
    return EXIT_OK


def _job(arguments: argparse.Namespace) -> tuple[Path | None, Job]:
    """Find the job that is meant, and the run folder it lies in, if it does."""
    folders: list[Path] = arguments.folders
    if bool(folders) == (arguments.job is not None):
        raise InvalidParameterError(
            "train estimate needs either folders of labelled images, a run folder or --job FILE",
            remedy="See dinocell-app train estimate --help",
        )
    if not folders:
        return None, read_job(arguments.job)
    if len(folders) == 1 and (RunFolder(folders[0]).job_path).exists():
        return folders[0], RunFolder(folders[0]).read_job()
    job = FineTuneJob(
        data=tuple(folders),
        output=folders[0] / "model",
        base_model=arguments.base_model,
        device=arguments.device,
        **preset_fields(arguments.preset or DEFAULT_PRESET),
    )
    return None, job
