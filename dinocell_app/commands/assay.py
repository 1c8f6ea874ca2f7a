"""`dinocell-app assay`: settings, model and limits of a job in one file."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dinocell_app
from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import Subcommands, absolute_path

if TYPE_CHECKING:
    from dinocell_app.jobs.job_kinds import SegmentJob

LIMIT_HELP = 'as in "n_cells >= 20" or "0.1 <= confluency <= 0.9"; columns are those of images.csv'


def add_command(commands: Subcommands) -> None:
    """Declare the command and its parts."""
    parser = commands.add_parser(
        "assay",
        help="keep settings, model and limits in one file",
        description="An assay is a file with everything that makes a segmentation the same each time: "
        "settings, model, reference cells, formats, and limits that images have to keep to. Use it with "
        "segment --assay, watch and report.",
    )
    parts = parser.add_subparsers(required=True, metavar="COMMAND")
    make = parts.add_parser("make", help="make an assay of a job that was done")
    make.add_argument(
        "job", type=absolute_path, metavar="JOB", help="a job file (segment --save-job) or a run folder"
    )
    make.add_argument("-o", "--output", type=absolute_path, required=True, metavar="FILE")
    make.add_argument("--name", default="", help="default: the name of the file")
    make.add_argument("--description", default="", help="what it is for")
    for word, meaning in (("--require", "or an image fails"), ("--expect", "or an image is to be looked at")):
        make.add_argument(word, nargs="+", default=[], metavar="LIMIT", help=f"{meaning}, {LIMIT_HELP}")
    make.add_argument("--embed-model", action="store_true", help="put the model into the file")
    make.add_argument("--read-only", action="store_true", help="refuse other settings beside the assay")
    make.set_defaults(execute=make_assay)
    show = parts.add_parser("show", help="say what is in an assay")
    show.add_argument("assay", type=absolute_path, metavar="ASSAY")
    show.set_defaults(execute=show_assay)


def make_assay(arguments: argparse.Namespace) -> int:
    """Do `assay make`.

    Raises
    ------
    UserFacingError
        If the job cannot be read or made an assay of, or the file not be written.
    """
    from dinocell_app.assays.assay import assay_of_job
    from dinocell_app.assays.assay_file import SUFFIX, write_assay
    from dinocell_app.assays.limits import parse_limit
    from dinocell_app.model.catalogue import find_model

    path = arguments.output
    path = path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
    assay = assay_of_job(
        arguments.name or path.name.removesuffix(SUFFIX),
        _segment_job(arguments.job),
        description=arguments.description,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        application_version=dinocell_app.__version__,
        limits=(
            *(parse_limit(text, "fail") for text in arguments.require),
            *(parse_limit(text, "look") for text in arguments.expect),
        ),
        read_only=arguments.read_only,
    )
    write_assay(path, assay, find_model(assay.model_id) if arguments.embed_model else None)
    print(f"The assay is in {path}")
    return EXIT_OK


def show_assay(arguments: argparse.Namespace) -> int:
    """Do `assay show`.

    Raises
    ------
    UserFacingError
        If it cannot be read.
    """
    from dinocell_app.assays.assay_file import has_model, read_assay

    assay = read_assay(arguments.assay)
    where = "embedded" if has_model(arguments.assay) else "not embedded"
    print(f"{assay.name}{' (read-only)' if assay.read_only else ''}")
    if assay.description:
        print(assay.description)
    print(f"model: {assay.model_id}, weights {assay.model_sha256[:12]}, {where}")
    for name, value in assay.settings.items():
        if value in (None, [], {}):
            continue
        if name == "kept_references":
            value = f"{len(value.get('types', ()))} types of cells"
        elif isinstance(value, dict):
            value = " ".join(str(part) for part in value.values())
        print(f"{name}: {value}")
    for limit in assay.limits:
        print(f"{limit}, otherwise {limit.otherwise}")
    return EXIT_OK


def _segment_job(path: Path) -> SegmentJob:
    from dinocell_app.jobs.job_files import read_job
    from dinocell_app.jobs.job_kinds import SegmentJob
    from dinocell_app.jobs.run_folder import JOB_NAME

    job = read_job(path / JOB_NAME if path.is_dir() else path)
    if not isinstance(job, SegmentJob):
        raise InvalidParameterError(
            f"is a job to {job.kind}", path=path, remedy="Assays are made of jobs to segment"
        )
    return job
