"""Fields that several kinds of jobs have, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from dinocell_app.export.names import SUFFIXES
from dinocell_app.imaging.pixel_size import parse_pixel_size
from dinocell_app.jobs.setting import Record, Setting

DEFAULT_MODEL = "dinocell-s8"

FORMAT_NAMES = tuple(name for name in SUFFIXES if name != "sidecar")


def _known_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    formats = FORMAT_NAMES if "all" in formats else formats
    unknown = [name for name in formats if name not in FORMAT_NAMES]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no output format; choose from {', '.join(FORMAT_NAMES)}")
    return tuple(name for name in FORMAT_NAMES if name in formats)


Device = Annotated[
    str,
    Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$"),
    Setting(
        "Device",
        "Where the network runs.",
        typed="auto for the fastest available, cpu, cuda, cuda:1 or mps",
        record=Record.NO_EFFECT,
    ),
]

Channel = Annotated[
    str,
    Setting(
        "Channel",
        "The channel in which cells are found; tables measure all channels.",
        typed="colour (where image and model have it, else grey), grey, mean, a number from 0 or a channel's "
        "name",
        record=Record.RESOLVED,
    ),
]
"""As `imaging.planes.ChannelChoice` reads it."""

Planes = Annotated[
    str,
    Setting(
        "Planes",
        "Which slices and time points are used.",
        typed="each, max, mean or a number from 0 for slices; with time points as in z=max,t=3",
        metavar="PLANE",
        record=Record.RESOLVED,
    ),
]
"""As `imaging.planes.PlaneChoice` reads it."""

PixelSize = Annotated[
    float | None,
    Field(gt=0, allow_inf_nan=False),
    Setting(
        "Pixel size",
        "Edge of a pixel, in place of what the files say.",
        typed="as in 0.65um or 650nm",
        unit="µm",
        automatic="as the file says",
        flags=("--pixel-size",),
        metavar="LENGTH",
        parse=parse_pixel_size,
        record=Record.RESOLVED,
    ),
]

StoredAxes = Annotated[str, Field(pattern=r"^([TZCYXS]{2,8})?$")]
"""Letters of stored axes, as in "YXC"; empty where the file is believed."""

Axes = Annotated[
    StoredAxes,
    Setting(
        "Axes",
        "What the axes stored in TIFF files are, where the files are wrong.",
        typed="one letter each of T times, Z slices, C channels, Y rows, X columns, as in YXC",
        automatic="as the file says",
        metavar="LETTERS",
        record=Record.RESOLVED,
    ),
]

Formats = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    AfterValidator(_known_formats),
    Setting(
        "Files",
        "Files written for each image.",
        typed=f"{', '.join(FORMAT_NAMES)} or all; after the inputs",
        metavar="FORMAT",
        record=Record.NO_EFFECT,
        after_network=True,
    ),
]

Regions = Annotated[
    Path | None,
    Setting(
        "Regions of interest",
        "GeoJSON file of regions: cells in them are counted, left out (kind exclude) or kept alone "
        "(kind limit), by their centroid.",
        metavar="FILE",
        record=Record.RESOLVED,
    ),
]

Texture = Annotated[
    bool,
    Setting(
        "Measure texture",
        "Measure Haralick texture, too; slower.",
        record=Record.ALWAYS,
        after_network=True,
    ),
]

Recursive = Annotated[
    bool,
    Setting(
        "Subfolders",
        "Search the folders inside, too.",
        flags=("-r", "--recursive"),
        record=Record.NO_EFFECT,
    ),
]

Overwrite = Annotated[
    bool,
    Setting(
        "Overwrite",
        "Replace what was made from something else or with other settings.",
        record=Record.NO_EFFECT,
    ),
]

OUTPUT = ("-o", "--output")

Tables = Annotated[
    Path, Setting("Output folder", "Folder for tables.", flags=OUTPUT, metavar="OUT", record=Record.NO_EFFECT)
]

ModelFolder = Annotated[
    Path, Setting("Model folder", "Model folder to create.", flags=OUTPUT, metavar="MODEL")
]

Licence = Annotated[
    str, Setting("Licence", "Licence of the training images, for the model's manifest.", metavar="TEXT")
]

BaseModelName = Annotated[
    str | None,
    Setting(
        "Base model",
        "Model to start from; none for a new network.",
        flags=("--base", "--base-model"),
        metavar="MODEL",
    ),
]

BackboneWeights = Annotated[
    Path | None,
    Setting(
        "Backbone weights",
        "DINOv2 weights (safetensors) for a network without a base model.",
        automatic="random",
        metavar="FILE",
    ),
]
