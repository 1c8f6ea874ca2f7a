"""The command of the benchmark: how well cells of a type are found from a click, beside baselines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dinocell_training.processes import training_device
from dinocell_training.reference_training.pannuke import PannukePicture
from dinocell_training.reference_training.reference_training_job import pictures_by_type
from dinocell_training.reference_training.typed_crops import held_out_crops
from dinocell_training.reference_training.typed_pictures import TypedCells

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import write_json
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.options import absolute_path
from dinocell_app.jobs.job_kinds import DEFAULT_MODEL, ReferenceTrainingJob
from dinocell_app.jobs.reference_training_settings import ReferenceTrainingSettings
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import load_model
from tests.benchmarks.personalised.percs_benchmark import Row, methods_of, score_set, table_lines
from tests.benchmarks.personalised.percs_queries import ReferencesFile, choose_references
from tests.benchmarks.personalised.sam_points import load_sam


def make_parser() -> argparse.ArgumentParser:
    """Declare the options."""
    percs = argparse.ArgumentParser(
        prog="percs.py",
        description="Print average precision, precision and recall of personalised cell segmentation, in the "
        "layout of the PerCS paper: the cells of one type are asked for by showing some of them. Types and "
        "held-out pictures are those of train references with the same folders, seed and shares.",
    )
    percs.add_argument(
        "data", nargs="*", type=absolute_path, metavar="FOLDER", help="as for train references"
    )
    percs.add_argument("--types", type=absolute_path, metavar="FILE", help="as for train references")
    percs.add_argument("--pannuke", type=absolute_path, metavar="FOLDER", help="as for train references")
    percs.add_argument("--novel", nargs="+", default=[], metavar="TYPE", help="as for train references")
    percs.add_argument("--test-share", type=float, default=0.1, metavar="X", help="as for train references")
    percs.add_argument("--drawn", type=int, default=400, metavar="N", help="as for train references")
    percs.add_argument("--seed", type=int, default=0, metavar="N", help="as for train references")
    percs.add_argument("--model", default=DEFAULT_MODEL, help=f"default: {DEFAULT_MODEL}")
    percs.add_argument("--device", default="auto", help="default: auto")
    percs.add_argument("--pictures", type=int, default=40, metavar="N", help="mixed pictures of each set")
    percs.add_argument("--size", type=int, default=256, metavar="PX", help="edge of the mixed pictures")
    percs.add_argument("--maps", action="store_true", help="also score masks from the head's own flows")
    percs.add_argument("--sam", type=absolute_path, metavar="FILE", help="SAM weights for the point prompts")
    percs.add_argument(
        "--references",
        type=absolute_path,
        metavar="FILE",
        help="references of every picture and type; made when it is not there",
    )
    percs.add_argument("-o", "--output", type=absolute_path, metavar="FILE", help="table as JSON")
    return percs


def main(words: Sequence[str]) -> int:
    """Print the table.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If pictures or the model cannot be used.
    """
    arguments = make_parser().parse_args(words)
    device = training_device(arguments.device)
    model = load_model(find_model(arguments.model), device)
    sam = {"SAM point prompts": load_sam(arguments.sam, str(device))} if arguments.sam else {}
    methods = methods_of(model, sam, maps=arguments.maps)
    sets: dict[str, tuple[Row, ...]] = {}
    pictures_of = _pictures(arguments, model.manifest.cell_diameter_range_px)
    everything = {name: cells for pictures in pictures_of.values() for name, cells in pictures.items()}
    file = ReferencesFile(arguments.references) if arguments.references is not None else None
    if file is not None and file.path.exists():
        chosen = file.read(everything)
    else:
        chosen = choose_references(everything, arguments.seed)
        if file is not None:
            file.write(chosen)
    for title, pictures in pictures_of.items():
        for done, said in enumerate(score_set(pictures, chosen, model, methods), start=1):
            if isinstance(said, tuple):
                sets[title] = said
            elif sys.stderr.isatty():
                print(f"\r{title}: {done} of {len(pictures)}", end="", file=sys.stderr)
    print("\n".join(table_lines(sets)))
    if arguments.output is not None:
        write_json(arguments.output, {title: [vars(row) for row in rows] for title, rows in sets.items()})
    return EXIT_OK


def _pictures(
    arguments: argparse.Namespace, diameters: tuple[float, float]
) -> dict[str, dict[str, TypedCells]]:
    """Make the held-out mixed pictures, which are the same in every run, and read PanNuke's third fold."""
    split = pictures_by_type(
        ReferenceTrainingJob(
            data=tuple(arguments.data),
            types=arguments.types,
            pannuke=arguments.pannuke,
            novel=tuple(arguments.novel),
            test_share=arguments.test_share,
            output=Path(),
            training=ReferenceTrainingSettings(drawn=arguments.drawn, seed=arguments.seed),
        )
    )
    tissue = [picture for picture in split.test if isinstance(picture, PannukePicture)]
    test = [picture for picture in split.test if not isinstance(picture, PannukePicture)]
    sizes = (arguments.size, diameters)
    found = {
        "PerCS Test": held_out_crops("test", test, test, sizes, arguments.pictures),
        "PerCS Novel": held_out_crops("novel", split.novel, test, sizes, arguments.pictures),
        "PerPanNuke": {picture.name: picture.read() for picture in tissue},
    }
    found = {title: pictures for title, pictures in found.items() if pictures}
    if not found:
        raise InvalidParameterError(
            "No picture is held out", remedy="Give more pictures, or a larger --test-share"
        )
    return found
