"""Give all images of a project the colours and the contrast of one."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from dinocell_app.project.project import Project
from dinocell_app.project.records import ChannelDisplay


def show_everywhere(project: Project, displays: tuple[ChannelDisplay, ...], parent: QWidget) -> str:
    """Show all images with as many channels in one way, after asking.

    Parameters
    ----------
    parent : QWidget
        The question stands in front of it.

    Returns
    -------
    str
        What was done; empty when nothing was.
    """
    if project.read_only_reason is not None:
        return ""
    alike = [
        image.id for image in project.images.all() if image.n_channels == len(displays) and not image.problem
    ]
    question = (
        f"Show {len(alike):,} images with these colours and this contrast? What you chose for single "
        "images before is forgotten. Nothing that is measured changes."
    )
    if QMessageBox.question(parent, "Contrast of all images", question) != QMessageBox.StandardButton.Yes:
        return ""
    project.displays.set(alike, displays)
    return f"{len(alike):,} images are shown this way."
