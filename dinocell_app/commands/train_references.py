"""`dinocell-app train references`: a model that finds cells like the ones it is shown."""

from __future__ import annotations

import argparse

from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.execution import default_run_folder, execute_run
from dinocell_app.commands.options import JobCommand, Option, Subcommands, absolute_path
from dinocell_app.commands.shared_options import DEVICE, OVERWRITE
from dinocell_app.jobs.job_kinds import DEFAULT_MODEL, ReferenceTrainingJob
from dinocell_app.jobs.run_folder import RunFolder


def _number(name: str, flag: str, explained: str) -> Option:
    return Option(f"training.{name}", (flag,), explained, parse=int, metavar="N")


COMMAND = JobCommand(
    kind="references",
    words=("train", "references"),
    options=(
        Option(
            "data",
            (),
            "folders of labelled images, each below a folder named after the type of its cells",
            parse=absolute_path,
            metavar="FOLDER",
            many=True,
        ),
        Option("output", ("-o", "--output"), "model folder to make", parse=absolute_path, metavar="MODEL"),
        Option(
            "types",
            ("--types",),
            "table (CSV) with the columns image and type, and label for single cells",
            parse=absolute_path,
            metavar="FILE",
        ),
        Option(
            "pannuke",
            ("--pannuke",),
            "folder with PanNuke's three folds: 1 and 2 train, 3 evaluates",
            parse=absolute_path,
            metavar="FOLDER",
        ),
        Option(
            "novel",
            ("--novel",),
            "types to leave out of training, to see how the model does on new types; * stands for any "
            "letters; put it after the folders",
            metavar="TYPE",
            many=True,
            commas=False,
        ),
        Option(
            "test_share",
            ("--test-share",),
            "share of the other pictures that is held out (default: 0.1)",
            parse=float,
            metavar="X",
        ),
        Option(
            "base_model",
            ("--base", "--base-model"),
            f"model whose features are used (default: {DEFAULT_MODEL})",
            metavar="MODEL",
        ),
        Option(
            "preset",
            ("--preset",),
            "laptop (default) encodes its crops once; percs-paper takes the paper's schedule, all crops anew",
        ),
        DEVICE,
        _number("epochs", "--epochs", "epochs; the last ten have a tenth of the rate (default: 60)"),
        _number("steps_per_epoch", "--steps", "steps in each epoch (default: 20)"),
        _number("batch_size", "--batch-size", "crops in a step (default: 8)"),
        _number("maps_per_step", "--maps", "crops of a step that teach the maps, too (default: 1)"),
        _number("crops", "--crops", "mixed crops that are made and encoded once (default: 600)"),
        _number("held_out_crops", "--held-out-crops", "for scoring, of each set (default: 48)"),
        _number("drawn", "--drawn", "pictures that are drawn, of five shapes of cells (default: 400)"),
        Option(
            "training.learning_rate",
            ("--learning-rate",),
            "of the head (default: 3e-4)",
            parse=float,
            metavar="X",
        ),
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
        help="for checkpoints, crops and events; default: MODEL-run",
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
    job = COMMAND.job(arguments, ReferenceTrainingJob)
    folder = arguments.run_folder or default_run_folder(job)
    code = execute_run(RunFolder.create(folder, job), json_lines=arguments.json)
    if code == EXIT_OK and not arguments.json:
        print(f"The model is in {job.output}; its scores are in {folder / 'scores.json'}")
    return code
