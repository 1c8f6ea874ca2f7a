"""`dinocell-app models`: the models at hand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK, EXIT_WRONG_USAGE
from dinocell_app.commands.models_average import add_average
from dinocell_app.commands.options import Subcommands, absolute_path, add_json_option
from dinocell_app.jobs.job_kinds import TrainingJob

PUBLISHED = "dinocell-b8"
"""The one model that can be downloaded: the paper's."""


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser("models", help="list, describe, import, export, rename and remove models")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list the models at hand")
    add_json_option(listing)
    listing.set_defaults(execute=list_all)

    info = actions.add_parser("info", help="describe a model")
    info.add_argument("model", metavar="MODEL", help="name of a model, or a model folder")
    add_json_option(info)
    info.set_defaults(execute=show)

    taking = actions.add_parser("import", help="add a model to yours")
    taking.add_argument(
        "source",
        type=absolute_path,
        metavar="FILE",
        help="exported model, model folder, run folder of a training, or published weights (.pt)",
    )
    _add_naming(taking)
    taking.set_defaults(execute=take)

    download = actions.add_parser("download", help="download the published DINOCell weights and import them")
    download.add_argument(
        "model",
        nargs="?",
        default=PUBLISHED,
        choices=[PUBLISHED],
        metavar="MODEL",
        help=f"default: {PUBLISHED}",
    )
    _add_naming(download)
    download.set_defaults(execute=download_published)

    export = actions.add_parser("export", help="write a model to one file, to be imported elsewhere")
    export.add_argument("model", metavar="MODEL", help="name of a model, or a model folder")
    export.add_argument("-o", "--output", type=absolute_path, metavar="FILE", help="default: MODEL.zip")
    export.add_argument("--overwrite", action="store_true", help="replace an existing file")
    export.set_defaults(execute=give)

    rename = actions.add_parser("rename", help="give one of your own models another name")
    rename.add_argument("model", metavar="MODEL", help="name of the model")
    rename.add_argument("name", metavar="NAME", help="its new name")
    rename.set_defaults(execute=rename_own)

    copy = actions.add_parser("duplicate", help="copy a model to your own models")
    copy.add_argument("model", metavar="MODEL", help="name of the model")
    copy.add_argument("name", metavar="NAME", help="name of the copy")
    copy.set_defaults(execute=duplicate)

    add_average(actions)

    removal = actions.add_parser("delete", help="remove one of your own models for good")
    removal.add_argument("model", metavar="MODEL", help="name of the model")
    removal.add_argument("--yes", action="store_true", help="do it; without, only say what depends on it")
    removal.set_defaults(execute=delete)


def list_all(arguments: argparse.Namespace) -> int:
    """List the models.

    Returns
    -------
    int
        Exit code.
    """
    from dinocell_app.model.catalogue import list_models, models_folder

    entries, errors = list_models()
    for entry in entries:
        manifest = entry.manifest
        if arguments.json:
            fields = {
                "id": manifest.id,
                "name": manifest.name,
                "origin": entry.origin,
                "folder": str(entry.folder),
            }
            print(json.dumps(fields, ensure_ascii=False))
        else:
            print(f"{manifest.id}  {manifest.name} ({entry.origin}, {entry.folder})")
    for error in errors:
        print(f"not usable: {error}", file=sys.stderr)
    if not entries and not arguments.json:
        print(f"There is no model yet. Your own go to {models_folder()}")
    return EXIT_OK


def show(arguments: argparse.Namespace) -> int:
    """Describe a model.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there is no such model.
    """
    from dinocell_app.model.catalogue import describe, find_model
    from dinocell_app.model.manifest import read_manifest

    folder = find_model(arguments.model)
    manifest = read_manifest(folder)
    if arguments.json:
        print(json.dumps({**manifest.model_dump(mode="json"), "folder": str(folder)}, ensure_ascii=False))
    else:
        print(describe(manifest))
        print(f"Folder: {folder}")
    return EXIT_OK


def take(arguments: argparse.Namespace) -> int:
    """Import a model.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the source is no model or its name is taken.
    """
    return _import(_made_by_run(arguments.source), arguments)


def _made_by_run(source: Path) -> Path:
    """Find the model that a run folder of the shell made elsewhere; anything else is meant itself."""
    from dinocell_app.jobs.run_folder import RunFolder
    from dinocell_app.model.manifest import MANIFEST_NAME

    run = RunFolder(source)
    inside = (source / MANIFEST_NAME, source / "model" / MANIFEST_NAME)
    if not run.job_path.is_file() or any(path.is_file() for path in inside):
        return source
    job = run.read_job()
    if not isinstance(job, TrainingJob):
        return source
    if not (job.output / MANIFEST_NAME).is_file():
        raise InvalidParameterError(
            "is a training that made no model, or one that is gone",
            path=source,
            remedy="Go on with it, or look into its verdict.json: nothing may have beaten the base model",
        )
    return job.output


def download_published(arguments: argparse.Namespace) -> int:
    """Download and import the published weights.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        Without a network, or if the name is taken.
    """
    from dinocell_app.model.download import download_published_weights

    return _import(download_published_weights(), arguments)


def give(arguments: argparse.Namespace) -> int:
    """Export a model.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there is no such model or the file exists.
    """
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_archive import export_model

    folder = find_model(arguments.model)
    target: Path = arguments.output or Path(f"{folder.name}.zip").absolute()
    if target.exists() and not arguments.overwrite:
        raise InvalidParameterError(
            "exists already",
            path=target,
            remedy="Choose another file, or allow replacing it with --overwrite",
        )
    export_model(folder, target)
    print(f"The model is in {target}; import it elsewhere with dinocell-app models import {target.name}")
    return EXIT_OK


def rename_own(arguments: argparse.Namespace) -> int:
    """Rename a model.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If it is no model of one's own or the name cannot be used.
    """
    from dinocell_app.model.own_models import rename_model

    folder = rename_model(arguments.model, arguments.name)
    known = "" if folder.name == arguments.name else f", known to commands as {folder.name}"
    print(f"{arguments.model} is now {arguments.name}{known}, in {folder}")
    return EXIT_OK


def duplicate(arguments: argparse.Namespace) -> int:
    """Copy a model.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there is no such model or the name cannot be used.
    """
    from dinocell_app.model.own_models import duplicate_model

    folder = duplicate_model(arguments.model, arguments.name)
    print(f"The copy {arguments.name} is in {folder}")
    return EXIT_OK


def delete(arguments: argparse.Namespace) -> int:
    """Remove a model, once it was said what depends on it.

    Returns
    -------
    int
        Exit code; that of wrong usage without `--yes`.

    Raises
    ------
    UserFacingError
        If it is no model of one's own.
    """
    from dinocell_app.model.own_models import consequences_of_deleting, delete_model

    told = consequences_of_deleting(arguments.model)
    if not arguments.yes:
        print(f"{told} Nothing was removed: add --yes to remove it.")
        return EXIT_WRONG_USAGE
    delete_model(arguments.model)
    print(f"{arguments.model} is removed.")
    return EXIT_OK


def _add_naming(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="NAME", help="under which it is kept; default: its own")
    parser.add_argument("--overwrite", action="store_true", help="replace a model of the same name")


def _import(source: Path, arguments: argparse.Namespace) -> int:
    from dinocell_app.model.compatibility import compatibility_sentence
    from dinocell_app.model.manifest import read_manifest
    from dinocell_app.model.model_archive import import_model

    folder = import_model(source, name=arguments.name, overwrite=arguments.overwrite)
    print(f"The model {folder.name} is in {folder}. {compatibility_sentence(read_manifest(folder))}")
    return EXIT_OK
