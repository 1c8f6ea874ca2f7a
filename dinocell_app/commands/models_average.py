"""`dinocell-app models average`: one model whose weights are the average of several."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import Subcommands, absolute_path

if TYPE_CHECKING:
    from dinocell_app.model.model_folder import SegmentationModel


def add_average(actions: Subcommands) -> None:
    """Declare the action.

    Parameters
    ----------
    actions : argparse subparsers
        Of `dinocell-app models`.
    """
    parser = actions.add_parser(
        "average",
        help="make one model of the averaged weights of several",
        description="Average the weights of models that were made from one: a model before and after "
        "teaching, or several rounds of it. The average often keeps what each of them can do.",
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="name of a model, or a model folder")
    parser.add_argument(
        "-o", "--output", type=absolute_path, required=True, metavar="FOLDER", help="for the new model"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--shares",
        nargs="+",
        type=float,
        metavar="X",
        help="how much each model counts, in their order; default: all alike",
    )
    how.add_argument(
        "--choose-on",
        action="append",
        default=[],
        type=absolute_path,
        metavar="DATA",
        help="folder of images with labels on which shares are chosen; may be given several times, and each "
        "folder counts alike",
    )
    parser.add_argument("--channel", default="grey", metavar="CHANNEL", help="of those images; default: grey")
    parser.add_argument("--overwrite", action="store_true", help="replace a model that is there")
    parser.set_defaults(execute=average)


def average(arguments: argparse.Namespace) -> int:
    """Average models.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If models cannot be averaged or images cannot be used.
    """
    from dinocell_app.model.averaged_model import averaged, save_average
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_folder import load_model

    if len(arguments.models) < 2:
        raise InvalidParameterError("One model is no average", remedy="Name two models or more")
    models = [load_model(find_model(name)) for name in arguments.models]
    shares = arguments.shares or [1.0] * len(models)
    if arguments.choose_on:
        shares = _chosen(models, arguments.choose_on, arguments.channel)
    written = save_average(averaged(models, shares), arguments.output, overwrite=arguments.overwrite)
    parts = [
        f"{share / sum(shares):.0%} {model.manifest.id}" for share, model in zip(shares, models, strict=True)
    ]
    print(f"{written.id} is {', '.join(parts)}. It is in {arguments.output}")
    return EXIT_OK


def _chosen(models: list[SegmentationModel], folders: list[Path], channel: str) -> list[float]:
    from dinocell_training.average_shares import best_shares, scored_averages

    scored = []
    print("shares".ljust(8 * len(models)) + "mean AP  " + "  ".join(folder.name for folder in folders))
    for each in scored_averages(models, folders, channel):
        shown = "".join(f"{share:<8.2f}" for share in each.shares)
        print(f"{shown}{each.mean:<9.3f}" + "  ".join(f"{score:.3f}" for score in each.scores), flush=True)
        scored.append(each)
    return list(best_shares(scored).shares)
