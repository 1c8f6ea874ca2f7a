"""`dinocell-app export`: results again in other formats, without the network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED
from dinocell_app.commands.options import Subcommands, absolute_path
from dinocell_app.jobs.common_fields import FORMAT_NAMES

if TYPE_CHECKING:
    from dinocell_app.reexport.export_items import ExportItems

_FIRST_TABLES = 50


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "export",
        help="write results again in other formats",
        description="Write results again in other formats, with some of the cells or columns, without "
        "running the network. Corrections, regions and reviews of a project are in what is written.",
    )
    parser.add_argument(
        "source", type=absolute_path, metavar="SOURCE", help="a project, or a folder of results (segment -o)"
    )
    parser.add_argument(
        "-o", "--output", type=absolute_path, required=True, metavar="OUT", help="folder to write to"
    )
    parser.add_argument(
        "--formats",
        nargs="+",
        default=["labels", "overlay", "csv"],
        metavar="FORMAT",
        help=f"of {', '.join(FORMAT_NAMES)} or all (default: labels, overlay, csv)",
    )
    parser.add_argument(
        "--filter",
        default="",
        metavar="CONDITION",
        help='cells to keep, as the window takes it: "area_um2 > 50 and not touches_border"',
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="columns of the tables of cells, in this order, after image and label; default: all",
    )
    parser.add_argument(
        "--cellprofiler",
        action="store_true",
        help="write cellprofiler.csv too: all cells, with CellProfiler's names of columns",
    )
    parser.add_argument(
        "--set", default="", metavar="NAME", help="results of a project that has several sets"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there already")
    parser.set_defaults(execute=export)


def export(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If there are no results, or a format, a column or the filter is wrong.
    """
    from dinocell_app.export.formats import parse_formats
    from dinocell_app.reexport.export_choice import CELLPROFILER, USUAL_RUN_TABLES, ExportChoice
    from dinocell_app.reexport.export_plan import plan_export
    from dinocell_app.reexport.export_texts import done_sentence
    from dinocell_app.reexport.export_writing import write_export

    items = _items(arguments.source, arguments.set)
    choice = ExportChoice(
        formats=parse_formats(",".join(arguments.formats)),
        run_tables=(*USUAL_RUN_TABLES, CELLPROFILER) if arguments.cellprofiler else USUAL_RUN_TABLES,
        columns=tuple(name for word in arguments.columns for name in word.split(",") if name),
        folder=str(arguments.output),
        existing="replace" if arguments.overwrite else "keep",
        cells=arguments.filter.strip(),
    )
    _check_columns(items, choice.columns)
    plan = plan_export(items, choice)
    _check_filter(plan.items)
    outcomes = []
    for outcome in write_export(plan):
        outcomes.append(outcome)
        if outcome.outcome == "failed":
            print(f"failed: {outcome.reason}", file=sys.stderr)
    print(f"{done_sentence(outcomes)} They are in {arguments.output}")
    return EXIT_SOME_FAILED if any(each.outcome == "failed" for each in outcomes) else EXIT_OK


def _items(source: Path, set_name: str) -> ExportItems:
    from dinocell_app.project.project import DATABASE_NAME, Project
    from dinocell_app.reexport.export_items import export_items, items_of_folder

    if not source.exists():
        raise InvalidParameterError("does not exist", path=source, remedy="Check the spelling")
    if source.name != DATABASE_NAME and not (source / DATABASE_NAME).is_file():
        return items_of_folder(source)
    with Project.open(source) as project:
        names = project.results.set_names()
        if not names or ((set_name or len(names) > 1) and set_name not in names):
            raise InvalidParameterError(
                f"has no results called {set_name}" if set_name else f"has {len(names)} sets of results",
                path=source,
                remedy=f"Choose one with --set: {', '.join(names)}" if names else "Segment its images first",
            )
        return export_items(project, set_name or names[0], None)


def _check_filter(items: ExportItems) -> None:
    """Refuse a filter that fits none of the first tables before anything is written."""
    from dinocell_app.reexport.labelled_results import read_table

    refusal = None
    for item in items.finished[:_FIRST_TABLES]:
        try:
            read_table(item)
        except InvalidParameterError as error:
            refusal = refusal or error
        except UserFacingError:
            continue
        else:
            return
    if refusal is not None:
        raise refusal


def _check_columns(items: ExportItems, columns: tuple[str, ...]) -> None:
    """Name what no table has before anything is written."""
    from dinocell_app.reexport.export_items import KEY_COLUMNS, table_columns_of

    known = (*KEY_COLUMNS, *table_columns_of(items.finished))
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise InvalidParameterError(
            f"no table has a column {', '.join(unknown)}", remedy=f"Choose from {', '.join(known)}"
        )
