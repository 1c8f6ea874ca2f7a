"""Between the form, the viewer and the engine: asks for previews and puts what comes back on the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dinocell_app.jobs.preview_messages import PreviewRequest, PreviewResult
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.segmentation_plan import preview_state
from dinocell_app.segmentation_plan.preview_state import PreviewOutcome, PreviewState
from dinocell_app.ui.segment.preview_bar import REGION, WHOLE
from dinocell_app.ui.viewer.image_viewer import ImageViewer
from dinocell_app.ui.viewer.picture_view import Region

if TYPE_CHECKING:
    from dinocell_app.ui.session import Session

DECODING_DELAY_MS = 60
"""A slider that moves reports many values a second; the last one of this span is decoded."""


class PreviewControl(QObject):
    """Keeps the state of the preview and talks to the engine.

    Parameters
    ----------
    settings : callable
        Gives the settings of the form.
    """

    state_changed = Signal()

    def __init__(
        self, session: Session, viewer: ImageViewer, settings: Callable[[], SegmentSettings], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.state = PreviewState()
        self._session = session
        self._viewer = viewer
        self._settings = settings
        self._region: Region | None = None
        self._image = _identity(session)
        self._previewed: SegmentSettings | None = None
        self._decoding = QTimer(self)
        self._decoding.setSingleShot(True)
        self._decoding.setInterval(DECODING_DELAY_MS)
        self._decoding.timeout.connect(self.decode_now)
        session.engine.progressed.connect(self._on_progressed)
        session.engine.previewed.connect(self._on_previewed)
        session.engine.failed.connect(self._on_failed)
        session.current_image_changed.connect(self._on_image_changed)
        session.plane_changed.connect(self.forget)

    def preview(self, area: str) -> None:
        """Ask for a preview with the settings of the form.

        Parameters
        ----------
        area : str
            `preview_bar.VISIBLE`, `REGION` or `WHOLE`.
        """
        image, project = self._session.current_image, self._session.project
        if image is None or project is None:
            return
        self._decoding.stop()
        self._previewed = self._settings()
        request = PreviewRequest(
            path=project.images.path(image.id),
            t=self._session.t,
            z=self._session.z,
            channel=self._previewed.channel,
            region=self._wanted_region(area),
            settings=self._previewed,
            pixel_size_um=image.pixel_size_um,
            axes=image.axes,
        )
        self._apply(preview_state.requested(self.state, self._session.engine.preview(request)))

    def cancel(self) -> None:
        """Stop waiting for the preview."""
        if self.state.busy:
            self._session.engine.cancel()
            self._apply(preview_state.cancelled(self.state))

    def take_region(self, region: Region | None) -> None:
        """Remember the region that was drawn.

        Parameters
        ----------
        region : tuple of int or None
            Row, column, height and width.
        """
        self._region = region

    def decode_soon(self) -> None:
        """Turn the kept outputs of the network into cells with the thresholds of the form, shortly."""
        if self.state.can_decode:
            self._decoding.start()

    def decode_now(self) -> None:
        """Turn the kept outputs of the network into cells with the thresholds of the form."""
        if not self.state.can_decode:
            return
        request = self._session.engine.decode(self._settings())
        self._apply(preview_state.redecoding(self.state, request))

    def note_changes(self) -> None:
        """Find out whether the settings still belong to the preview."""
        if self._previewed is not None and self._settings().changes_network(self._previewed):
            self._apply(preview_state.outdate(self.state))

    def forget(self) -> None:
        """Drop the preview, as when another image is looked at."""
        self._decoding.stop()
        if self.state.busy:
            self._session.engine.cancel()
        self._region = None
        self._previewed = None
        if self.state != PreviewState():
            self._viewer.set_preview(None, None)
            self._apply(PreviewState())

    def _on_image_changed(self) -> None:
        image = _identity(self._session)
        # The signal also comes when only the record changed, such as its tags.
        if image != self._image:
            self._image = image
            self.forget()

    def _wanted_region(self, area: str) -> Region | None:
        if area == WHOLE:
            return None
        if area == REGION and self._region is not None:
            return self._region
        return self._viewer.visible_region()

    def _apply(self, state: PreviewState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit()

    def _on_progressed(self, request: int, done: int, total: int) -> None:
        self._apply(preview_state.advanced(self.state, request, done, total))

    def _on_previewed(self, request: int, result: PreviewResult) -> None:
        outcome = PreviewOutcome(
            n_cells=result.n_cells,
            seconds=result.seconds,
            device=result.device,
            diameter_px=result.diameter_px,
            diameter_source=result.diameter_source,
        )
        state = preview_state.answered(self.state, request, outcome)
        if state is not self.state:
            self._viewer.set_preview(result.labels, result.region)
            self._apply(state)
            self.note_changes()

    def _on_failed(self, request: int, sentence: str) -> None:
        self._apply(preview_state.went_wrong(self.state, request, sentence))


def _identity(session: Session) -> tuple[int, str] | None:
    """Tell the picture that is looked at: an image with other axes is another one."""
    image = session.current_image
    return None if image is None else (image.id, image.axes)
