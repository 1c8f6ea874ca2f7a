"""`dinocell-app train check`: what is wrong with labelled pictures, before anything is taught on them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED
from dinocell_app.commands.options import Subcommands, absolute_path

if TYPE_CHECKING:
    from dinocell_training.data_set_doctor import Examined

_MARKS = {"stops": "x", "warns": "!", "tells": "i"}


def add_command(kinds: Subcommands) -> None:
    """Declare the command.

    Parameters
    ----------
    kinds : argparse subparsers
        Of `dinocell-app train`.
    """
    parser = kinds.add_parser(
        "check",
        help="tell what is wrong with labelled pictures",
        description="Look at images and their labels, name every problem with a remedy, change nothing.",
    )
    parser.add_argument(
        "folders", metavar="DATA", nargs="+", type=absolute_path, help="folders of images with labels"
    )
    parser.add_argument(
        "--held-out",
        metavar="FOLDER",
        nargs="+",
        default=(),
        type=absolute_path,
        help="folders of labelled images for scoring, which must show something else",
    )
    parser.add_argument("--base-model", metavar="MODEL", help="model that a training would start from")
    parser.add_argument(
        "--overlays",
        metavar="FOLDER",
        type=absolute_path,
        help="write every image with its cells drawn in into this folder",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.set_defaults(execute=check_data)


def check_data(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code: 3 when nothing can be taught.

    Raises
    ------
    UserFacingError
        If a folder or the model does not exist.
    """
    from dinocell_training.data_set_doctor import ExaminationFinished, examine

    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.manifest import read_manifest

    base = read_manifest(find_model(arguments.base_model)) if arguments.base_model else None
    can_train = False
    for item in examine(
        arguments.folders, held_out=arguments.held_out, base=base, overlays=arguments.overlays
    ):
        if isinstance(item, ExaminationFinished):
            can_train = item.can_train
        print(json_line(item) if arguments.json else _sentence(item), flush=True)
    return EXIT_OK if can_train else EXIT_SOME_FAILED


def json_line(item: Examined) -> str:
    """Write what the doctor says as one line.

    Returns
    -------
    str
        With the name of the class under "item".
    """
    return json.dumps({"item": type(item).__name__, **asdict(item)}, default=_plain, ensure_ascii=True)


def _plain(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _sentence(item: Examined) -> str:
    from dinocell_training.data_set_findings import Finding, PictureFound

    if isinstance(item, PictureFound):
        size = f", about {item.diameter_px:.0f} px across" if item.diameter_px else ""
        return f"  {item.image.name} with {item.labels.name}: {item.n_cells:,} cells{size}"
    if isinstance(item, Finding):
        return f"{_MARKS[item.severity]} {item.sentence}. {item.remedy}."
    return item.sentence
