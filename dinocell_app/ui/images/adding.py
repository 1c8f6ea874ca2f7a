"""Adding files and folders to the project: searched in the background, taken over in batches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dinocell_app.base.errors import UserFacingError
from dinocell_app.imaging.scan import LeftOut
from dinocell_app.project.adding import SearchProgress, find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage
from dinocell_app.ui.session import Session
from dinocell_app.ui.workers import Task, start_generator

SHARE_OF_TIME = 10
"""Listing many images again takes time: it may take no more than this part of the search."""

Found = FoundImage | LeftOut | SearchProgress


class ImageSearch(QObject):
    """Searches for images and adds them to the project as they are found."""

    progressed = Signal(str)
    """A sentence about how far the search is."""
    ended = Signal(str)
    """A sentence about what was found."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._task: Task | None = None
        self._active = False
        self._next_listing = 0.0
        self._added = 0
        self._left_out: list[LeftOut] = []
        session.project_closed.connect(self.cancel)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Files that the last search left out, with the reason of each."""
        return tuple(self._left_out)

    @property
    def active(self) -> bool:
        """Whether a search goes on."""
        return self._active

    def add(self, inputs: Sequence[Path]) -> None:
        """Search files and folders, folders inside them included."""
        project = self._session.project
        if project is None or self.active:
            return
        if project.read_only_reason is not None:
            self._session.report(UserFacingError(project.read_only_reason))
            return
        self._added, self._left_out, self._active, self._next_listing = 0, [], True, 0.0
        self.progressed.emit("Looking for images …")
        known = frozenset(project.images.paths().values())
        self._task = start_generator(
            partial(
                find_images,
                tuple(inputs),
                recursive=True,
                known=known,
                folder_axes=project.images.folder_axes(),
            ),
            self._take,
            self._finish,
            self._fail,
            owner=self,
        )

    def cancel(self) -> None:
        """End the search; what was found stays in the project."""
        if not self._active:
            return
        if self._task is not None:
            self._task.cancel()
        self._end(f"Search ended: {_images(self._added)} added")

    def _take(self, found: list[Found]) -> None:
        project = self._session.project
        if project is None:
            return
        images = [item for item in found if isinstance(item, FoundImage)]
        self._left_out += [item for item in found if isinstance(item, LeftOut)]
        if images:
            try:
                self._added += len(project.images.add(images))
            except UserFacingError as error:
                self.cancel()
                self._session.report(error)
                return
            self._list(project, time.monotonic())
        places = [item for item in found if isinstance(item, SearchProgress)]
        where = f", looking in {places[-1].folder.name}" if places else ""
        self.progressed.emit(f"{_images(self._added)} found{where}")

    def _finish(self, _nothing: None) -> None:
        others = len(self._left_out)
        words = f"{_images(self._added)} added"
        if others:
            reasons = sorted({item.reason for item in self._left_out})
            shown = "; ".join(reasons[:3]) + (" …" if len(reasons) > 3 else "")
            words += f", {others} other {'file' if others == 1 else 'files'} left out ({shown})"
        self._end(words)

    def _fail(self, error: Exception) -> None:
        self._end(f"Search ended: {_images(self._added)} added")
        self._session.report(error)

    def _list(self, project: Project, now: float) -> None:
        """Show what was added, unless that was done a moment ago."""
        if now < self._next_listing:
            return
        self._session.refresh_images()
        if self._session.current_image is None:
            images = project.images.all()
            self._session.set_current_image(images[0].id if images else None)
        end = time.monotonic()
        self._next_listing = end + SHARE_OF_TIME * (end - now)

    def _end(self, words: str) -> None:
        self._task, self._active, self._next_listing = None, False, 0.0
        if self._session.project is not None and self._added:
            self._list(self._session.project, time.monotonic())
        self.ended.emit(words)


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
