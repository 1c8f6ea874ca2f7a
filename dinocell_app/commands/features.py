"""`dinocell-app features`: what a model sees in an image."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import replacing
from dinocell_app.base.long_work import result_of
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import Subcommands, absolute_path, add_settings

if TYPE_CHECKING:
    from dinocell_app.imaging.image_reader import ImageReader
    from dinocell_app.imaging.planes import Plane


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "features",
        help="draw what a model sees in an image",
        description="Draw the features of a model along an image. Regions of the same colour look alike to "
        "the model: with --pca, red, green and blue are the first three principal components of its patch "
        "embeddings. Colours of different images or models cannot be compared.",
    )
    parser.add_argument("image", type=absolute_path, metavar="IMAGE")
    parser.add_argument("--pca", type=absolute_path, required=True, metavar="OUT.png", help="picture to make")
    add_settings(parser, "model", "channel", "plane", "axes", "device")
    parser.add_argument("--overwrite", action="store_true", help="replace a picture that is there already")
    parser.set_defaults(execute=features)


def features(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If image or model cannot be read, or the picture exists and may not be replaced.
    """
    output: Path = arguments.pca
    if output.suffix.lower() != ".png":
        raise InvalidParameterError("is no PNG file", path=output, remedy="Let its name end in .png")
    if output.exists() and not arguments.overwrite:
        raise InvalidParameterError(
            "exists already",
            path=output,
            remedy="Choose another name, or allow replacing it with --overwrite",
        )
    # What takes seconds to load comes after the checks.
    import imageio.v3 as imageio

    from dinocell_app.imaging.reading import open_image
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_folder import load_model
    from dinocell_app.pipeline.devices import choose_device
    from dinocell_app.segmentation.feature_colours import colour_features
    from dinocell_app.segmentation.parameters import SegmentationParameters
    from dinocell_app.segmentation.predictor import segmenting

    model = load_model(find_model(arguments.model), choose_device(arguments.device))
    with open_image(arguments.image, arguments.axes) as reader:
        pixels = _only_plane(reader, arguments, model.manifest.input_colour).pixels
    found = result_of(segmenting(pixels, model, SegmentationParameters(), keep_features=True))
    if found.features is None:
        raise TypeError("the features that were asked for are missing")
    drawn = colour_features(found.features, (pixels.shape[0], pixels.shape[1]))
    output.parent.mkdir(parents=True, exist_ok=True)
    with replacing(output) as beside:
        imageio.imwrite(beside, drawn, extension=".png")
    print(f"The picture is in {output}")
    return EXIT_OK


def _only_plane(reader: ImageReader, arguments: argparse.Namespace, input_colour: str) -> Plane:
    from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes

    channel = ChannelChoice.parse(arguments.channel).shown_to(input_colour)
    planes = select_planes(reader, PlaneChoice.parse(arguments.plane), channel)
    first = next(planes)
    if next(planes, None) is not None:
        raise InvalidParameterError(
            "has several slices or times",
            path=arguments.image,
            remedy="Choose one with --plane, as in z=max,t=0",
        )
    return first
