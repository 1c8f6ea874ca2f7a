"""States of the cells of a project that can be compared: results, what the model made of them, versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dinocell_app.editing.edit_history import MODEL
from dinocell_app.editing.journal import JOURNAL_NAME, read_journal
from dinocell_app.project.edits import open_history
from dinocell_app.project.project import Project
from dinocell_app.project.records import ResultRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelState:
    """What one side of a comparison takes.

    Parameters
    ----------
    set_name : str
        Name of the results.
    version : str
        Name of a version; "" for the cells as they are now.
    """

    set_name: str
    version: str = ""

    @property
    def title(self) -> str:
        """How people read it."""
        if not self.version:
            return self.set_name
        what = "as the model made them" if self.version == MODEL.name else f"version “{self.version}”"
        return f"{self.set_name}, {what}"


@dataclass(frozen=True)
class ComparedResult:
    """Labels of one image on both sides.

    Parameters
    ----------
    name : str
        Different for each.
    first, second : callable
        Give the labels, shape (M, N); slow, so for a worker thread.
    """

    name: str
    image_id: int
    first: Callable[[], NDArray[np.integer]]
    second: Callable[[], NDArray[np.integer]]


def label_states(project: Project) -> tuple[LabelState, ...]:
    """List what can be compared.

    Returns
    -------
    tuple of LabelState
        Of each set of results the cells as they are now, then, where some were corrected, those of the
        model and those of versions that have a name.
    """
    found: list[LabelState] = []
    for name in project.results.set_names():
        versions: dict[str, None] = {}
        for result in project.results.in_set(name):
            if project.edits.has_history(result):
                versions |= dict.fromkeys((MODEL.name, *_versions(project, result)))
        found += [LabelState(name), *(LabelState(name, version) for version in versions)]
    return tuple(found)


def compared_results(project: Project, first: LabelState, second: LabelState) -> tuple[ComparedResult, ...]:
    """List the images that both sides have.

    Returns
    -------
    tuple of ComparedResult
        In the order of the images, and of their planes.
    """
    sides = [_labels_of(project, state) for state in (first, second)]
    names = {image.id: image.name for image in project.images.all()}
    return tuple(
        ComparedResult(
            f"{place:06d}_{Path(names[image_id]).stem}{plane}",
            image_id,
            sides[0][image_id, plane],
            sides[1][image_id, plane],
        )
        for place, (image_id, plane) in enumerate(sorted(sides[0].keys() & sides[1].keys()))
        if image_id in names
    )


def write_compared(compared: ComparedResult, first: Path, second: Path) -> None:
    """Write the labels of both sides.

    Parameters
    ----------
    first, second : Path
        Folders.

    Raises
    ------
    UserFacingError
        If labels cannot be read or written.
    """
    import numpy as np

    from dinocell_app.export.label_files import write_labels
    from dinocell_app.export.labelled_image import LabelledImage

    for folder, read in ((first, compared.first), (second, compared.second)):
        labels = LabelledImage(np.asarray(read(), np.uint32), compared.name)
        write_labels(folder / f"{compared.name}.tif", labels)


def _versions(project: Project, result: ResultRecord) -> list[str]:
    entries = read_journal(project.edits.folder_of(result) / JOURNAL_NAME).entries
    return [entry.tool for entry in entries if entry.kind == "version"]


def _labels_of(
    project: Project, state: LabelState
) -> dict[tuple[int, str], Callable[[], NDArray[np.integer]]]:
    found: dict[tuple[int, str], Callable[[], NDArray[np.integer]]] = {}
    for result in project.results.in_set(state.set_name):
        now, model = project.results.labels_path(result), project.results.model_labels_path(result)
        key = (result.image_id, result.plane.suffix)
        if result.status != "finished" or key in found:
            continue  # the newest come first
        if not state.version and now is not None:
            found[key] = _reading(now)
        elif state.version == MODEL.name and model is not None:
            found[key] = _reading(model)
        elif state.version and model is not None and state.version in _versions(project, result):
            found[key] = _replaying(project.edits.folder_of(result), model, state.version)
    return found


def _reading(path: Path) -> Callable[[], NDArray[np.integer]]:
    def read() -> NDArray[np.integer]:
        from dinocell_app.export.label_files import read_labels

        return read_labels(path)

    return read


def _replaying(folder: Path, model: Path, name: str) -> Callable[[], NDArray[np.integer]]:
    def read() -> NDArray[np.integer]:
        history = open_history(folder, model, "")
        try:
            version = [each for each in history.versions() if each.name == name][-1]
            return history.labels_at(version)
        finally:
            history.close()

    return read
