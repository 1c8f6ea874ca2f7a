"""Options of `dinocell-app segment`, apart from the work: the window writes command lines with them."""

from __future__ import annotations

from dinocell_app.base.lengths import Area, Length
from dinocell_app.commands.options import JobCommand, Option, absolute_path
from dinocell_app.commands.shared_options import (
    AXES,
    DASK,
    DEVICE,
    FORMATS,
    OVERWRITE,
    PIXEL_SIZE,
    PLANE,
    RECURSIVE,
    REGIONS,
    TEXTURE,
)
from dinocell_app.jobs.job_kinds import DEFAULT_MODEL
from dinocell_app.references.spec import ReferenceSpec


def _reference(text: str) -> str:
    return str(ReferenceSpec.parse(text).absolute())


COMMAND = JobCommand(
    kind="segment",
    words=("segment",),
    options=(
        Option("inputs", (), "image files and folders", parse=absolute_path, metavar="INPUT", many=True),
        Option("output", ("-o", "--output"), "folder for results", parse=absolute_path, metavar="OUT"),
        Option(
            "roots",
            ("--root",),
            "folders that single files belong to: results go to a folder named after each, where its folders "
            "are mirrored; put it after the inputs",
            parse=absolute_path,
            metavar="FOLDER",
            many=True,
            commas=False,
        ),
        Option("model", ("--model",), f"name of a model or a model folder (default: {DEFAULT_MODEL})"),
        DEVICE,
        Option("channel", ("--channel",), "grey, mean, a number from 0 or a channel's name (default: grey)"),
        PLANE,
        Option(
            "diameter",
            ("--diameter",),
            "typical cell diameter, as in 18um or 40px; default: measured",
            parse=Length.parse,
            metavar="LENGTH",
        ),
        PIXEL_SIZE,
        AXES,
        Option(
            "cell_probability",
            ("--cell-probability",),
            "pixels above this probability belong to cells, 0 to 1",
            parse=float,
            metavar="P",
        ),
        Option(
            "flow_threshold",
            ("--flow-threshold",),
            "drop cells whose flows disagree by more; 0 keeps all",
            parse=float,
            metavar="F",
        ),
        Option(
            "min_size",
            ("--min-size",),
            "drop smaller cells, as in 15px or 20um2; default: below a tenth of the typical cell",
            parse=Area.parse,
            metavar="AREA",
        ),
        Option(
            "min_confidence",
            ("--min-confidence",),
            "drop cells of lower mean probability; default: half-way from the probability threshold to 1",
            parse=float,
            metavar="P",
        ),
        Option(
            "max_fraction",
            ("--max-fraction",),
            "drop cells that cover more of the image",
            parse=float,
            metavar="F",
        ),
        Option(
            "references",
            ("--reference",),
            "score cells by their likeness to these: image.tif:17 (label 17 of image_labels.tif beside it), "
            "image.tif@labels.tif:17, image.tif@x,y or library.json#name; type=... names types; "
            "put it after the inputs",
            parse=_reference,
            metavar="CELL",
            many=True,
            commas=False,
        ),
        Option(
            "not_references",
            ("--not",),
            "cells that are not what is looked for, written in the same way",
            parse=_reference,
            metavar="CELL",
            many=True,
            commas=False,
        ),
        Option(
            "min_score",
            ("--min-score",),
            "leave out cells that look less like the references, 0 to 1; default: keep all",
            parse=float,
            metavar="S",
        ),
        Option(
            "type_score",
            ("--type-score",),
            "cells that look less like the references have no type, 0 to 1 (default: 0.5)",
            parse=float,
            metavar="S",
        ),
        FORMATS,
        REGIONS,
        RECURSIVE,
        OVERWRITE,
        TEXTURE,
        Option("precision", ("--precision",), "auto, fp32, bf16 or fp16 (default: auto)"),
        Option("batch_size", ("--batch-size",), "tiles at once; default: by memory", parse=int, metavar="N"),
        DASK,
    ),
    defaults={},
)
