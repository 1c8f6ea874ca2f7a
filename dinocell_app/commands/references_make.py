"""`dinocell-app references make`: cells of pictures into a library."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK, counted
from dinocell_app.commands.options import Subcommands, absolute_path, add_settings
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.references.library import read_library, require_model, with_type, write_library
from dinocell_app.references.spec import ReferenceSpec

if TYPE_CHECKING:
    from dinocell_app.references.types import ReferenceType


def add_making(actions: Subcommands) -> None:
    """Declare the action."""
    parser = actions.add_parser(
        "make",
        help="describe cells of pictures and put them into a library as a type",
        description="Describe cells of pictures and put them into a library as a type; other types that the "
        "library has stay. A cell is written as image.tif:17 (label 17 of image_labels.tif beside it), "
        "image.tif@labels.tif:17, image.tif@x,y (the cell at a pixel), image.tif@x,y,width,height (a box "
        "where nothing is segmented), image.tif@mask.png or library.json#name.",
    )
    parser.add_argument("type", metavar="LIBRARY.json#NAME", help="library to make or extend, and the type")
    parser.add_argument("--cell", nargs="+", action="extend", required=True, metavar="CELL", help="like this")
    parser.add_argument(
        "--not", dest="others", nargs="+", action="extend", default=[], metavar="CELL", help="not this"
    )
    parser.add_argument("--colour", default="", metavar="#rrggbb", help="of the type in the window")
    add_settings(parser, "model", "device", "channel", "diameter")
    parser.add_argument("--overwrite", action="store_true", help="replace a type of this name")
    parser.set_defaults(execute=make)


def make(arguments: argparse.Namespace) -> int:
    """Do the action.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If a cell cannot be described, the library is of another model, or the type is there already.
    """
    text, _, name = arguments.type.rpartition("#")
    if not text or not name:
        raise InvalidParameterError(
            f"'{arguments.type}' names no type of cell", remedy="Say which one, as in library.json#round"
        )
    path = absolute_path(text)
    library = read_library(path) if path.exists() else None
    names = [each.name.casefold() for each in library.types] if library is not None else []
    if name.casefold() in names and not arguments.overwrite:
        raise InvalidParameterError(
            f"The library has a type named {name} already",
            path=path,
            remedy="Choose another name, or allow replacing it with --overwrite",
        )
    # What takes seconds to load comes after the checks.
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.manifest import read_manifest
    from dinocell_app.references.types import KeptReferences

    job = _job(arguments, path)
    manifest = read_manifest(find_model(job.model))
    if library is not None:
        require_model(library, manifest.id, manifest.sha256, path)
    made = _described(job, name, arguments.colour)
    library = library or KeptReferences(model_id=manifest.id, model_sha256=manifest.sha256, types=())
    write_library(path, with_type(library, made))
    print(f"{path}: {name}, {counted(len(made.positives), 'cell')} like this, {len(made.negatives)} not this")
    return EXIT_OK


def _job(arguments: argparse.Namespace, library: Path) -> SegmentJob:
    """Write what pictures are looked at with as a job of pictures; it is not done."""
    like, unlike = (
        [ReferenceSpec.parse(text).absolute() for text in texts]
        for texts in (arguments.cell, arguments.others)
    )
    return SegmentJob(
        inputs=tuple(dict.fromkeys(spec.path for spec in like + unlike)),
        output=library.parent,
        model=arguments.model,
        device=arguments.device,
        channel=arguments.channel,
        diameter=arguments.diameter,
        references=tuple(_nameless(spec) for spec in like),
        not_references=tuple(_nameless(spec) for spec in unlike),
    )


def _nameless(spec: ReferenceSpec) -> str:
    from dinocell_app.pipeline.given_references import UNNAMED

    return f"{UNNAMED}={spec.untyped}"


def _described(job: SegmentJob, name: str, colour: str) -> ReferenceType:
    from dataclasses import replace

    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.manifest import read_manifest
    from dinocell_app.model.model_folder import load_model
    from dinocell_app.pipeline.devices import choose_device
    from dinocell_app.pipeline.reference_cells import ReferenceCells

    folder = find_model(job.model)
    references = ReferenceCells(job, read_manifest(folder))
    (described,) = references.types(load_model(folder, choose_device(job.device)))
    return replace(described, name=name, colour=colour)
