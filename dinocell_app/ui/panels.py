"""The parts of the window, put together with what they share."""

from __future__ import annotations

from dataclasses import dataclass

from dinocell_app.ui.correct.correct_mode import CorrectMode
from dinocell_app.ui.images.image_panel import ImagePanel
from dinocell_app.ui.queue.queue_panel import QueuePanel
from dinocell_app.ui.references.reference_panel import ReferencePanel
from dinocell_app.ui.regions.region_panel import RegionPanel
from dinocell_app.ui.results.results_panel import ResultsPanel
from dinocell_app.ui.review.review_panel import ReviewPanel
from dinocell_app.ui.segment.segment_panel import SegmentPanel
from dinocell_app.ui.session import Session
from dinocell_app.ui.viewer.viewer_panel import ViewerPanel


@dataclass(frozen=True)
class Panels:
    """The parts of the window."""

    images: ImagePanel
    viewer: ViewerPanel
    segment: SegmentPanel
    references: ReferencePanel
    results: ResultsPanel
    review: ReviewPanel
    queue: QueuePanel
    correct: CorrectMode
    regions: RegionPanel


def make_panels(session: Session) -> Panels:
    """Make the parts of a window."""
    viewer = ViewerPanel(session)
    references = ReferencePanel(session, viewer.viewer)
    segment = SegmentPanel(session, viewer)
    references.references_changed.connect(lambda: segment.run_bar.set_references(references.has_references()))
    results = ResultsPanel(session)
    return Panels(
        images=ImagePanel(session),
        viewer=viewer,
        segment=segment,
        references=references,
        results=results,
        review=ReviewPanel(session, results, viewer.viewer),
        queue=QueuePanel(session),
        correct=CorrectMode(session, viewer),
        regions=RegionPanel(session, viewer.viewer),
    )
