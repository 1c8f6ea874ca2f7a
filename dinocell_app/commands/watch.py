"""`dinocell-app watch`: segment images as a microscope writes them."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.assays.assay import Assay
from dinocell_app.assays.watching import LOG_NAME, Changes, WatchedFolder
from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.commands.console import Interruption, follow
from dinocell_app.commands.options import Subcommands, absolute_path, add_json_option
from dinocell_app.jobs.events import Event, ImageFailed, ImageSegmented, ImageSkipped, JobFinished, Notice

if TYPE_CHECKING:
    from dinocell_app.jobs.job_kinds import SegmentJob
    from dinocell_app.model.model_folder import SegmentationModel

LOOK_SECONDS = 1.0
"""Between two looks at files that may not be complete."""


def add_command(commands: Subcommands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "watch",
        help="segment new images of a folder as they come",
        description="Watch a folder and do an assay on each new image once it is complete: its size no "
        "longer changes and it can be read. Each image is done once, also after a restart; the log is "
        "watch.jsonl beside the results. End it with Ctrl+C.",
    )
    parser.add_argument("folder", type=absolute_path, metavar="FOLDER")
    parser.add_argument("--assay", type=absolute_path, required=True, metavar="FILE")
    parser.add_argument("-o", "--output", type=absolute_path, required=True, metavar="OUT")
    parser.add_argument(
        "--polling", action="store_true", help="look through the folder again and again, for network drives"
    )
    parser.add_argument("--once", action="store_true", help="end when there is nothing more to do")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    add_json_option(parser)
    parser.set_defaults(execute=watch)


def watch(arguments: argparse.Namespace) -> int:
    """Do the command.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    UserFacingError
        If the folder or the assay cannot be used.
    """
    from dinocell_app.assays.assay_file import read_assay

    folder, output = arguments.folder, arguments.output
    if not folder.is_dir():
        raise InvalidParameterError("is no folder", path=folder, remedy="Name the folder that images come to")
    if output == folder or output.is_relative_to(folder):
        raise InvalidParameterError(
            "lies in the watched folder, where its overlays would be taken for images",
            path=output,
            remedy="Name a folder outside of it",
        )
    assay = read_assay(arguments.assay)
    assay.job((folder,), output)  # what is wrong with it is said before the first image comes
    watched = WatchedFolder(folder, output / LOG_NAME)
    woken = threading.Event()

    def wait() -> bool:
        if arguments.once and not watched.n_waiting:
            return False
        woken.wait(LOOK_SECONDS if watched.n_waiting else LOOK_SECONDS * 5)
        woken.clear()
        return True

    with Interruption() as interruption, Changes(folder, woken.set, polling=arguments.polling):

        def make_job(images: list[Path]) -> SegmentJob:
            return assay.job(images, output, {"roots": (folder,), "device": arguments.device})

        events = watching(watched, make_job, wait, interruption.should_stop)
        return follow(_with_reports(events, output, assay), json_lines=arguments.json)


def watching(
    watched: WatchedFolder,
    make_job: Callable[[list[Path]], SegmentJob],
    wait: Callable[[], bool],
    should_stop: Callable[[], bool],
) -> Iterator[Event]:
    """Segment what is complete, again and again.

    Parameters
    ----------
    wait : callable
        Waits for something to happen; False to end.
    should_stop : callable
        Asked between two tiles.

    Yields
    ------
    Event
        Those of each job, one after the other.
    """
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_folder import load_model
    from dinocell_app.pipeline.devices import choose_device
    from dinocell_app.pipeline.segmentation_job import segment_images

    model: SegmentationModel | None = None
    while not should_stop():
        images = watched.complete()
        if not images:
            if not wait():
                return
            continue
        job = make_job(images)
        model = model or load_model(find_model(job.model), choose_device(job.device))
        for event in segment_images(job, should_stop, model=model):
            if isinstance(event, ImageSegmented | ImageSkipped):
                watched.note(Path(event.path), "done")
            elif isinstance(event, ImageFailed):
                watched.note(Path(event.path), "failed", event.reason)
            yield event


def _with_reports(events: Iterator[Event], output: Path, assay: Assay) -> Iterator[Event]:
    from dinocell_app.assays.report import write_report

    for event in events:
        yield event
        if isinstance(event, JobFinished) and not event.stopped and assay.limits:
            _, counts = write_report(output, assay)
            yield Notice(
                f"{counts['pass']} images pass, {counts['look']} are to be looked at, {counts['fail']} fail"
            )
