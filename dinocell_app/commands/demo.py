"""`dinocell-app demo`: the main job on the sample images that come with the application."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from dinocell_app.base.errors import MissingDependencyError
from dinocell_app.base.resource_files import resource_path
from dinocell_app.commands.console import EXIT_OK, duration
from dinocell_app.commands.execution import execute
from dinocell_app.commands.options import PROGRAM, Subcommands, absolute_path, add_json_option, add_settings
from dinocell_app.jobs.job_kinds import SegmentJob

DEFAULT_OUTPUT = "dinocell-demo"


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "demo",
        help="segment the sample images that come with the application",
        description="Segment the sample images that come with the application: labels, overlays and tables.",
    )
    parser.add_argument(
        "-o", "--output", type=absolute_path, default=None, metavar="OUT", help=f"default: {DEFAULT_OUTPUT}"
    )
    add_settings(parser, "model", "device")
    add_json_option(parser)
    parser.set_defaults(execute=demo)


def demo(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the installation lacks the samples or the model.
    """
    started = time.monotonic()
    output: Path = arguments.output or Path(DEFAULT_OUTPUT).absolute()
    try:
        samples = resource_path("samples")
    except FileNotFoundError as error:
        raise MissingDependencyError(
            "The sample images are missing from this installation", remedy="Install the application again"
        ) from error
    job = SegmentJob(inputs=(samples,), output=output, model=arguments.model, device=arguments.device)
    code = execute(job, json_lines=arguments.json)
    if code == EXIT_OK and not arguments.json:
        print(f"Done in {duration(time.monotonic() - started)}. In {output} you find, for each sample image,")
        print("  *_overlay.png  cells outlined on the image: look at these first")
        print("  *_labels.tif   the label image, one number a cell")
        print("  *_cells.csv    one row a cell")
        print("and cells.csv (all cells), images.csv (all images), columns.csv (what the columns mean).")
        print(f"Your own images: {PROGRAM} segment FOLDER -o RESULTS")
    return code
