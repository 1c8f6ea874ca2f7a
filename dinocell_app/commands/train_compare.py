"""`dinocell-app train compare`: whether one model is better than another, on labelled pictures."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.evaluate import print_table
from dinocell_app.commands.options import Subcommands, absolute_path

DEFAULT_OUTPUT = "dinocell-comparison"


def add_command(kinds: Subcommands) -> None:
    """Declare the command.

    Parameters
    ----------
    kinds : argparse subparsers
        Of `dinocell-app train`.
    """
    parser = kinds.add_parser(
        "compare",
        help="tell which of two models is better on labelled images",
        description="Let two models segment labelled images that neither was taught, and tell which is "
        "better and how sure that is. Label images and overlays of both are kept.",
    )
    parser.add_argument("base", metavar="BASE", help="name or folder of a model")
    parser.add_argument("new", metavar="NEW", help="name or folder of the model that may be better")
    parser.add_argument(
        "folders", metavar="DATA", nargs="+", type=absolute_path, help="folders of images with labels"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=absolute_path,
        default=None,
        metavar="OUT",
        help=f"folder for verdict.json and pictures (default: {DEFAULT_OUTPUT})",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(execute=compare_models)


def compare_models(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If a model or the pictures cannot be used.
    """
    from dinocell_training.datasets import binary_as_components, labelled_pairs
    from dinocell_training.verdict import Verdict, judge

    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_folder import load_model
    from dinocell_app.pipeline.devices import choose_device

    pairs = [pair for folder in arguments.folders for pair in labelled_pairs(folder).pairs]
    pairs = [pair for pair in binary_as_components(pairs) if not any(p.is_blocking for p in pair.diagnosis)]
    if not pairs:
        raise InvalidParameterError(
            "There are no images with labels to compare on",
            path=arguments.folders[0],
            remedy="Look at them with dinocell-app train check",
        )
    device = choose_device(arguments.device)
    base, new = (load_model(find_model(name), device) for name in (arguments.base, arguments.new))
    output: Path = arguments.output or Path(DEFAULT_OUTPUT).absolute()
    for _event in judge(base, new, pairs, output):
        pass
    verdict = Verdict.read(output)
    if verdict is None:
        raise RuntimeError("a comparison ended without a verdict")
    if arguments.json:
        print(json.dumps(asdict(verdict)))
        return EXIT_OK
    rows = [["image", "cells", "base", "new", "missed", "split", "merged", "false"]]
    for image in verdict.images:
        changes = (
            f"{getattr(image.base, name)} > {getattr(image.new, name)}"
            for name in ("n_missed", "n_split", "n_merged", "n_false")
        )
        scores = (f"{image.base.ap_50:.3f}", f"{image.new.ap_50:.3f}")
        rows.append([Path(image.path).name, str(image.n_true), *scores, *changes])
    print_table(rows)
    print(verdict.sentence)
    print(f"Pictures of both are in {output}")
    return EXIT_OK
