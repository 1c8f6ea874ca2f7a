"""Asks the engine what the model sees in the image, and lays it over the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dinocell_app.jobs.preview_messages import PreviewRequest, Region
from dinocell_app.ui.processes.engine import BUSY
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.feature_bar import MEANING, FeatureBar
from dinocell_app.ui.viewer.feature_layer import FeatureLayer
from dinocell_app.ui.viewer.picture_view import PictureView

WAITING = "A preview is being made; the features come after it."
DRAWING = "Looking at the image as the model does …"
PROGRESS = "Looking at the image as the model does: {done} of {total} tiles …"
REPLACED = "A preview took the place of the features. Draw them again when it is there."


class FeatureControl(QObject):
    """Features of what is seen, with the model and the cell size that are chosen for segmenting."""

    ended = Signal()
    """The features belong to what is no longer looked at, and are gone."""

    def __init__(self, session: Session, view: PictureView, bar: FeatureBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._view, self._bar = session, view, bar
        self.layer = FeatureLayer(view)
        self.layer.set_opacity(bar.opacity())
        self._asked = 0
        self._waiting = False
        self._image: tuple[int, str] | None = None
        bar.opacity_changed.connect(self.layer.set_opacity)
        bar.again_asked.connect(self.ask)
        engine = session.engine
        engine.features_drawn.connect(self._on_drawn)
        engine.progressed.connect(self._on_progressed)
        engine.failed.connect(self._on_failed)
        engine.cancelled.connect(self._on_cancelled)
        engine.state_changed.connect(self._on_state)
        session.current_image_changed.connect(self._on_image)
        session.plane_changed.connect(self._end)
        session.project_closed.connect(self._end)

    def ask(self) -> None:
        """Draw the features of what is seen; a preview that is being made comes first."""
        project, image = self._session.project, self._session.current_image
        if project is None or image is None or self._view.image is None:
            self._end()
            return
        self._image = image.id, image.axes
        self._waiting = self._session.engine.state == BUSY
        if self._waiting:
            self._bar.say(WAITING, busy=True)
            return
        settings = project.presets.current()
        request = PreviewRequest(
            path=project.images.path(image.id),
            t=self._session.t,
            z=self._session.z,
            channel=settings.channel,
            region=self._view.visible_region(),
            settings=settings,
            pixel_size_um=image.pixel_size_um,
            axes=image.axes,
        )
        self._bar.say(DRAWING, busy=True)
        self._asked = self._session.engine.draw_features(request)

    def take_away(self) -> None:
        """Show no features any more, and wait for none."""
        if self._asked:
            self._session.engine.cancel()
        self._asked, self._waiting, self._image = 0, False, None
        self.layer.clear()

    def _end(self) -> None:
        if self._asked or self._waiting or self.layer.shown or self._image is not None:
            self.take_away()
            self.ended.emit()

    def _on_image(self) -> None:
        image = self._session.current_image
        # The signal also comes when only the record changed, such as its tags.
        if image is None or (image.id, image.axes) != self._image:
            self._end()

    def _on_state(self, state: str) -> None:
        if self._waiting and state != BUSY:
            self.ask()

    def _on_progressed(self, request: int, done: int, total: int) -> None:
        if request == self._asked:
            self._bar.say(PROGRESS.format(done=done, total=total), busy=True)

    def _on_drawn(self, request: int, pixels: NDArray[np.uint8], region: Region | None) -> None:
        if request == self._asked:
            self._asked = 0
            self.layer.show(pixels, region)
            self._bar.say(MEANING, busy=False)

    def _on_failed(self, request: int, sentence: str) -> None:
        if request == self._asked:
            self._asked = 0
            self._bar.say(sentence, busy=False)

    def _on_cancelled(self, request: int) -> None:
        if request == self._asked:
            self._asked = 0
            self._bar.say(REPLACED, busy=False)
