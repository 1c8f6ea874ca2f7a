"""`dinocell-app references`: libraries of reference cells, looked at, made, joined and thinned out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import replacing
from dinocell_app.commands.console import EXIT_OK, counted
from dinocell_app.commands.options import Subcommands, absolute_path, add_json_option
from dinocell_app.commands.references_make import add_making
from dinocell_app.references.library import (
    joined_types,
    read_library,
    require_model,
    without_type,
    write_library,
)
from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "references",
        help="list, make, join and change libraries of reference cells",
        description="Libraries of reference cells are files. The window and this command write them, and "
        "segment --reference LIBRARY.json#NAME compares cells with a type in one.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list the types of cells in libraries")
    listing.add_argument("libraries", nargs="+", type=absolute_path, metavar="LIBRARY.json")
    add_json_option(listing)
    listing.set_defaults(execute=list_types)

    showing = actions.add_parser("show", help="describe a type of cell and the cells that stand for it")
    showing.add_argument("type", metavar="LIBRARY.json#NAME")
    showing.add_argument(
        "--pictures",
        type=absolute_path,
        metavar="FOLDER",
        help="write the pictures of the cells as PNG files",
    )
    add_json_option(showing)
    showing.set_defaults(execute=show)

    add_making(actions)

    removing = actions.add_parser("remove", help="take types of cells out of a library")
    removing.add_argument("types", nargs="+", metavar="LIBRARY.json#NAME")
    removing.set_defaults(execute=remove)

    merging = actions.add_parser(
        "merge",
        help="write types of one library or of several into a new one",
        description="Write types of one library or of several into a new one. Types of the same name become "
        "one with the cells of both.",
    )
    merging.add_argument("sources", nargs="+", metavar="LIBRARY.json[#NAME]")
    merging.add_argument("-o", "--output", type=absolute_path, required=True, metavar="LIBRARY.json")
    merging.add_argument("--overwrite", action="store_true", help="replace a library that is there already")
    merging.set_defaults(execute=merge)


def list_types(arguments: argparse.Namespace) -> int:
    """List the types of cells in libraries.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If a file is no library.
    """
    for path in arguments.libraries:
        library = read_library(path)
        if not arguments.json:
            types = counted(len(library.types), "type")
            print(f"{path}: {types}, described with the model {library.model_id}")
        for each in library.types:
            n_positives, n_negatives = len(each.positives), len(each.negatives)
            if arguments.json:
                fields = {
                    "library": str(path),
                    "name": each.name,
                    "model": library.model_id,
                    "colour": each.colour,
                    "like_this": n_positives,
                    "not_this": n_negatives,
                }
                print(json.dumps(fields, ensure_ascii=False))
            else:
                print(f"  {each.name}: {counted(n_positives, 'cell')} like this, {n_negatives} not this")
    return EXIT_OK


def show(arguments: argparse.Namespace) -> int:
    """Describe a type of cell.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there is no such type, or a picture cannot be written.
    """
    path, name = _named(arguments.type)
    library = read_library(path)
    kept = _type_of(library, path, name)
    if not arguments.json:
        print(f"{kept.name} ({kept.colour or 'no colour'}), described with the model {library.model_id}")
    for positive, cells in ((True, kept.positives), (False, kept.negatives)):
        for number, cell in enumerate(cells, start=1):
            what = "like this" if positive else "not this"
            if arguments.json:
                fields = {"kind": what, "source": cell.source, "name": cell.name}
                print(json.dumps(fields, ensure_ascii=False))
            else:
                print(f"  {what}: {cell.source}{f' ({cell.name})' if cell.name else ''}")
            if arguments.pictures is not None and cell.crop.size:
                _write_picture(arguments.pictures / f"{what.replace(' ', '_')}_{number:03}.png", cell)
    return EXIT_OK


def remove(arguments: argparse.Namespace) -> int:
    """Take types of cells out of libraries.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there is no such type; then nothing is changed.
    """
    libraries: dict[Path, KeptReferences] = {}
    for path, name in map(_named, arguments.types):
        library = libraries[path] if path in libraries else read_library(path)
        _type_of(library, path, name)
        libraries[path] = without_type(library, name)
    for path, library in libraries.items():
        write_library(path, library)
    return EXIT_OK


def merge(arguments: argparse.Namespace) -> int:
    """Write types of libraries into a new one.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If a library cannot be read, was made with another model than the first, or the new one is there.
    """
    output: Path = arguments.output
    if output.exists() and not arguments.overwrite:
        raise InvalidParameterError(
            "exists already",
            path=output,
            remedy="Choose another name, or allow replacing it with --overwrite",
        )
    types: list[ReferenceType] = []
    first: KeptReferences | None = None
    for source in arguments.sources:
        path, name = _named(source) if "#" in source else (absolute_path(source), "")
        library = read_library(path)
        first = first or library
        require_model(library, first.model_id, first.model_sha256, path)
        types += [_type_of(library, path, name)] if name else library.read()
    if first is not None:
        write_library(output, KeptReferences.of(first.model_id, first.model_sha256, joined_types(types)))
    return EXIT_OK


def _named(text: str) -> tuple[Path, str]:
    path, _, name = text.rpartition("#")
    if not path or not name:
        raise InvalidParameterError(
            f"'{text}' names no type of cell", remedy="Say which one, as in library.json#round"
        )
    return absolute_path(path), name


def _type_of(library: KeptReferences, path: Path, name: str) -> ReferenceType:
    types = library.read()
    found = next((each for each in types if each.name.casefold() == name.casefold()), None)
    if found is None:
        known = ", ".join(each.name for each in types)
        raise InvalidParameterError(
            f"The library has no cells named {name}",
            path=path,
            remedy=f"Choose from {known}" if known else "It is empty",
        )
    return found


def _write_picture(path: Path, cell: ReferenceExample) -> None:
    import imageio.v3 as imageio

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        imageio.imwrite(beside, cell.crop, extension=".png")
