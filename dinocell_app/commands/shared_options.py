"""Options that several job commands have, said once."""

from __future__ import annotations

from dinocell_app.commands.options import Option, absolute_path
from dinocell_app.export.names import SUFFIXES
from dinocell_app.imaging.pixel_size import parse_pixel_size

FORMAT_NAMES = tuple(name for name in SUFFIXES if name != "sidecar")

PIXEL_SIZE = Option(
    "pixel_size_um",
    ("--pixel-size",),
    "edge of a pixel, as in 0.65 (um) or 650nm; default: what the files say",
    parse=parse_pixel_size,
    metavar="LENGTH",
)
AXES = Option(
    "axes",
    ("--axes",),
    "what the axes stored in TIFF files are, where they say something else: one letter each of "
    "T times, Z slices, C channels, Y rows, X columns, as in YXC",
    metavar="LETTERS",
)
PLANE = Option(
    "plane",
    ("--plane",),
    "slices: each, max, mean or a number from 0; with times: z=max,t=3 (default: each)",
    metavar="PLANE",
)
FORMATS = Option(
    "formats",
    ("--formats",),
    f"what to write, of {', '.join(FORMAT_NAMES)} or all; put it after the inputs",
    metavar="FORMAT",
    many=True,
)
REGIONS = Option(
    "regions",
    ("--regions",),
    "GeoJSON file of regions of interest: cells in them are counted, left out (kind exclude) or kept alone "
    "(kind limit) by their centroid",
    parse=absolute_path,
    metavar="FILE",
)
RECURSIVE = Option("recursive", ("-r", "--recursive"), "search the folders inside, too", switch=True)
OVERWRITE = Option(
    "overwrite",
    ("--overwrite",),
    "replace results that were made from something else or with other settings",
    switch=True,
)
TEXTURE = Option("texture", ("--texture",), "measure Haralick texture, too", switch=True)
DEVICE = Option("device", ("--device",), "auto, cpu, cuda, cuda:1 or mps (default: auto)", metavar="DEVICE")
DASK = Option(
    "dask",
    ("--dask",),
    "segment on dask workers: the address of their scheduler, its scheduler file (.json), or local:4 for "
    "four processes on this computer",
    metavar="ADDRESS",
)
