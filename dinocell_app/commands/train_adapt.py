"""`dinocell-app train adapt`: a network that has seen this lab's pictures, without a label."""

from __future__ import annotations

import argparse
import os

from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.execution import default_run_folder, execute_run
from dinocell_app.commands.options import JobCommand, Option, Subcommands, absolute_path
from dinocell_app.commands.shared_options import DEVICE, OVERWRITE
from dinocell_app.jobs.job_kinds import DEFAULT_MODEL, AdaptJob
from dinocell_app.jobs.run_folder import RunFolder


def _number(name: str, flag: str, explained: str) -> Option:
    return Option(f"adaptation.{name}", (flag,), explained, parse=int, metavar="N")


COMMAND = JobCommand(
    kind="adapt",
    words=("train", "adapt"),
    options=(
        Option(
            "inputs", (), "images and folders of images", parse=absolute_path, metavar="FOLDER", many=True
        ),
        Option("recursive", ("-r", "--recursive"), "search the folders below, too", switch=True),
        Option("output", ("-o", "--output"), "model folder to make", parse=absolute_path, metavar="MODEL"),
        Option(
            "base_model",
            ("--base", "--base-model"),
            f"model to adapt (default: {DEFAULT_MODEL}); none for a new network",
            parse=lambda text: None if text == "none" else text,
            metavar="MODEL",
        ),
        Option("config", ("--config",), "network without a base model: dinocell-s8 or dinocell-b8"),
        Option(
            "backbone_weights",
            ("--backbone-weights",),
            "DINOv2 weights (safetensors) for a network without a base model",
            parse=absolute_path,
            metavar="FILE",
        ),
        Option(
            "preset",
            ("--preset",),
            "laptop (default) tries out what fits into --minutes, dinocell-paper takes the paper's values, "
            "own takes the numbers given here",
        ),
        Option("minutes", ("--minutes",), "of training, for laptop (default: 60)", parse=float, metavar="N"),
        Option("name", ("--name",), "of the model; default: the name of its folder"),
        DEVICE,
        _number("epochs", "--epochs", "own: epochs"),
        _number("steps_per_epoch", "--steps", "own: steps in each epoch"),
        _number("batch_size", "--batch-size", "own: pictures at once, on each process"),
        _number("accumulation", "--accumulation", "own: batches in a step"),
        _number("global_size", "--large-views", "own: edge of the two large views in pixels"),
        _number("local_size", "--small-views", "own: edge of the small views in pixels"),
        _number("n_local", "--n-small-views", "own: small views of a picture"),
        _number("n_prototypes", "--prototypes", "own: prototypes of each head"),
        _number("hidden_width", "--hidden-width", "own: width of the heads"),
        _number("warmup_epochs", "--warmup-epochs", "own: epochs in which the learning rate rises"),
        Option(
            "adaptation.learning_rate",
            ("--learning-rate",),
            "own: for 1,024 pictures in a step",
            parse=float,
            metavar="X",
        ),
        Option("adaptation.precision", ("--precision",), "auto, fp32, bf16 or fp16 (default: auto)"),
        _number("workers", "--workers", "processes that load pictures (default: 0)"),
        _number("seed", "--seed", "of everything drawn at random (default: 0)"),
        Option("licence", ("--licence",), "of the pictures, for the model's manifest", metavar="TEXT"),
        OVERWRITE,
    ),
    defaults={},
)


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
        help="for checkpoints and events; default: MODEL-run",
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
    job = COMMAND.job(arguments, AdaptJob)
    code = execute_run(
        RunFolder.create(arguments.run_folder or default_run_folder(job), job), json_lines=arguments.json
    )
    if code == EXIT_OK and not arguments.json and int(os.environ.get("RANK", "0")) == 0:
        print(f"The model is in {job.output}; teach it with: dinocell-app train finetune --base-model")
    return code
