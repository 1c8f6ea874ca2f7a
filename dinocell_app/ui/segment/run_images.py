"""Which images a run takes, and how it is put into the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dinocell_app.errors import InvalidParameterError
from dinocell_app.ui.segment.command_line import ShellInputs, common_pixel_size
from dinocell_app.ui.segment.run_bar import SELECTED, THIS

if TYPE_CHECKING:
    from dinocell_app.project.records import ImageRecord
    from dinocell_app.ui.session import Session


def images_to_run(session: Session, which: str) -> list[ImageRecord]:
    """List the images that a button takes.

    Parameters
    ----------
    session : Session
    which : str
        `run_bar.THIS`, `SELECTED` or `ALL`.

    Returns
    -------
    list of ImageRecord
    """
    if which == THIS:
        return [session.current_image] if session.current_image is not None else []
    if which == SELECTED:
        return list(session.selected_images)
    return session.project.images.all() if session.project is not None else []


def shell_inputs(session: Session) -> ShellInputs:
    """Say what a command line would be about: the selected images, else all folders of the project.

    Parameters
    ----------
    session : Session

    Returns
    -------
    ShellInputs

    Raises
    ------
    InvalidParameterError
        If there is nothing to segment, or the images have different pixel sizes set by hand.
    """
    project = session.project
    if project is None:
        raise InvalidParameterError("No project is open", remedy="Open a project first")
    images = list(session.selected_images)
    everything = not images
    if everything:
        images = project.images.all()
    if not images:
        raise InvalidParameterError("The project has no images", remedy="Add images first")
    size = common_pixel_size([_by_hand(image) for image in images])
    output = project.folder.parent / f"{project.folder.stem} results"
    if everything:
        roots = tuple(root.path for root in project.roots.all())
        return ShellInputs(roots, output, recursive=True, pixel_size_um=size)
    paths = tuple(project.images.path(image.id) for image in images)
    return ShellInputs(paths, output, pixel_size_um=size)


def _by_hand(image: ImageRecord) -> float | None:
    return image.pixel_size_um if image.pixel_size_source in ("image", "folder", "project") else None
