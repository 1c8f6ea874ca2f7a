"""`dinocell-app train`: models from labelled images."""

from __future__ import annotations

import argparse
import os

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands import train_adapt, train_check, train_compare, train_estimate, train_references
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.execution import default_run_folder, execute_run
from dinocell_app.commands.options import JobCommand, Option, Subcommands, absolute_path
from dinocell_app.commands.shared_options import DEVICE, OVERWRITE
from dinocell_app.jobs.events import JobFinished
from dinocell_app.jobs.job_kinds import DEFAULT_MODEL, FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder


def _pair(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise InvalidParameterError(
            f"'{text}' is no weight of a loss term", remedy="Give name=number, as in cell_probability=2"
        ) from error


def _training(name: str, flag: str, explained: str, parse: type = float) -> Option:
    return Option(f"training.{name}", (flag,), explained, parse=parse, metavar="N" if parse is int else "X")


COMMAND = JobCommand(
    kind="finetune",
    words=("train", "finetune"),
    options=(
        Option("data", (), "folders of images with labels", parse=absolute_path, metavar="DATA", many=True),
        Option(
            "patterns",
            ("--patterns",),
            "names of the images to take from each folder of DATA, as in 'fluo_*'; all when left out",
            metavar="NAMES",
            many=True,
        ),
        Option(
            "weights",
            ("--weights",),
            "relative share of the crops for each folder of DATA; by number of images when left out",
            parse=float,
            metavar="X",
            many=True,
        ),
        Option("output", ("-o", "--output"), "model folder to make", parse=absolute_path, metavar="MODEL"),
        Option(
            "base_model",
            ("--base-model",),
            f"model to start from (default: {DEFAULT_MODEL}); none for a new network",
            parse=lambda text: None if text == "none" else text,
        ),
        Option("config", ("--config",), "network without a base model: dinocell-s8 or dinocell-b8"),
        Option(
            "backbone_weights",
            ("--backbone-weights",),
            "DINOv2 weights (safetensors) for a network without a base model",
            parse=absolute_path,
            metavar="FILE",
        ),
        Option("objective", ("--objective",), "of a network without a base model: flows or distance_map"),
        Option(
            "held_out",
            ("--held-out",),
            "folders of labelled images for scoring",
            parse=absolute_path,
            metavar="FOLDER",
            many=True,
        ),
        Option(
            "held_out_images",
            ("--held-out-images",),
            "images of DATA to hold out for scoring, in place of a share",
            parse=absolute_path,
            metavar="IMAGE",
            many=True,
            commas=False,
        ),
        Option(
            "validation_share",
            ("--validation-share",),
            "share of the images held out for scoring (default: 0.1)",
            parse=float,
            metavar="X",
        ),
        Option("name", ("--name",), "of the model; default: the name of its folder"),
        Option("channel", ("--channel",), "grey, mean, a number from 0 or a channel's name (default: grey)"),
        DEVICE,
        Option("crop_size", ("--crop-size",), "edge of the crops in pixels", parse=int, metavar="N"),
        Option("synthetic_share", ("--synthetic-share",), "share of drawn crops", parse=float, metavar="X"),
        Option(
            "fully_labelled",
            ("--partly-labelled",),
            "unlabelled pixels hardly count",
            switch=True,
            negative=True,
        ),
        Option(
            "partly_labelled_images",
            ("--partly-labelled-images",),
            "images of DATA in which not every cell is outlined",
            parse=absolute_path,
            metavar="IMAGE",
            many=True,
            commas=False,
        ),
        Option("cell_diameter_px", ("--cell-diameter",), "of the model, in pixels", parse=float, metavar="X"),
        Option(
            "augmentation.geometric", ("--no-geometry",), "neither turn nor scale", switch=True, negative=True
        ),
        Option(
            "augmentation.diameter_range",
            ("--diameter-range",),
            "bring cells to diameters drawn from this range, as in 15,72 (default: that of the base model)",
            parse=float,
            metavar="PX",
            many=True,
        ),
        Option(
            "augmentation.strong_intensity",
            ("--strong-intensity",),
            "also gamma, blur and noise",
            switch=True,
        ),
        Option(
            "augmentation.inversion", ("--inversion",), "probability of inversion", parse=float, metavar="P"
        ),
        Option(
            "augmentation.brightness",
            ("--brightness",),
            "range of the brightness factor, as in 0.95,1.05",
            parse=float,
            metavar="X",
            many=True,
        ),
        Option(
            "augmentation.elastic",
            ("--elastic",),
            "greatest elastic displacement, as a share of a crop",
            parse=float,
            metavar="X",
        ),
        _training("epochs", "--epochs", "epochs (default: 40)", int),
        _training("steps_per_epoch", "--steps", "steps in each epoch (default: 250)", int),
        _training("batch_size", "--batch-size", "crops in a batch, on each process (default: 8)", int),
        _training("accumulation", "--accumulation", "batches in a step (default: 1)", int),
        Option(
            "patience",
            ("--patience",),
            "epochs without better held-out images after which training ends (default: 0, never)",
            parse=int,
            metavar="N",
        ),
        _training("learning_rate", "--learning-rate", "default: 2e-5"),
        _training("encoder_learning_rate", "--encoder-learning-rate", "default: the same; 0 is fastest"),
        _training("weight_decay", "--weight-decay", "default: 1e-4"),
        _training("warmup_epochs", "--warmup-epochs", "default: 8", int),
        _training("decay_start_epoch", "--decay-start-epoch", "default: the end of the warm-up", int),
        _training("average_decay", "--average-decay", "of the moving average of the weights; 0 for none"),
        _training("gradient_clip", "--gradient-clip", "greatest norm of the gradient; 0 for none"),
        Option("training.precision", ("--precision",), "fp32, bf16 or fp16 (default: fp32)"),
        Option(
            "training.loss_weights",
            ("--loss-weights",),
            "factors of loss terms, as in cell_probability=2",
            parse=_pair,
            metavar="NAME=X",
            many=True,
        ),
        _training("workers", "--workers", "processes that load crops (default: by device)", int),
        _training("seed", "--seed", "of everything drawn at random (default: 0)", int),
        Option("licence", ("--licence",), "of the training data, for the model card", metavar="TEXT"),
        OVERWRITE,
    ),
    defaults={},
)


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser("train", help="teach a model with your own labelled images")
    kinds = parser.add_subparsers(title="kinds of training", metavar="KIND", required=True)
    finetune = kinds.add_parser(
        "finetune",
        help="teach a network with labelled images",
        description="Teach a network with labelled images, on one device or, started by torchrun, on "
        "several: torchrun --nproc-per-node=2 -m dinocell_app train finetune DATA -o MODEL. The same command "
        "goes on where a training was stopped.",
    )
    COMMAND.add_arguments(finetune)
    finetune.add_argument(
        "--run-folder",
        type=absolute_path,
        metavar="FOLDER",
        help="for checkpoints and events; default: MODEL-run",
    )
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
    job = COMMAND.job(arguments, FineTuneJob)
    run = RunFolder.create(arguments.run_folder or default_run_folder(job), job)
    code = execute_run(run, json_lines=arguments.json)
    if code == EXIT_OK and not arguments.json and int(os.environ.get("RANK", "0")) == 0:
        if _made(run):
            print(f"The model is in {job.output}")
        else:
            print(f"No model was made that beats the one it began with; what came of it is in {run.path}")
    return code


def _made(run: RunFolder) -> bool:
    """Tell whether a run ended with a model that it offers."""
    endings = [event for event in run.events() if isinstance(event, JobFinished)]
    return bool(endings and endings[-1].outputs)
