"""`dinocell-app napari`: a result or an image in a window of napari."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError, MissingDependencyError
from dinocell_app.base.extras import remedy_for_missing
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import Subcommands, absolute_path
from dinocell_app.export.names import SUFFIXES
from dinocell_app.imaging.pixel_size import parse_pixel_size


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "napari",
        help="open results in napari",
        description="Open results (their records, ..._segmentation.json) or images in napari: labels with "
        "the table of cells as features, scaled in um. Needs napari beside this application.",
    )
    parser.add_argument("paths", type=absolute_path, nargs="+", metavar="PATH")
    parser.add_argument(
        "--pixel-size", type=parse_pixel_size, metavar="LENGTH", help="of images, as for segment"
    )
    parser.add_argument("--axes", default="", metavar="LETTERS", help="of images, as for segment")
    parser.set_defaults(execute=napari)


def napari(arguments: argparse.Namespace) -> int:
    """Do the command; it ends with napari's window.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If napari is not installed, or a file cannot be read.
    """
    from dinocell_app.napari_plugin.layers import image_layers, result_layers

    paths: list[Path] = arguments.paths
    for path in paths:
        if not path.exists():
            raise InvalidParameterError("does not exist", path=path, remedy="Check the spelling")
    layers = [
        layer
        for path in paths
        for layer in (
            result_layers(path)
            if path.name.endswith(SUFFIXES["sidecar"])
            else image_layers(path, arguments.axes, arguments.pixel_size)
        )
    ]
    try:
        from napari import Viewer, run
        from napari.layers import Layer
    except ImportError as error:
        raise MissingDependencyError(
            "napari is not installed", remedy=remedy_for_missing("napari", "Look at the image in the window")
        ) from error
    viewer = Viewer(title=paths[0].name)
    for layer in layers:
        viewer.add_layer(Layer.create(*layer))
    viewer.scale_bar.visible = True
    run()
    return EXIT_OK
