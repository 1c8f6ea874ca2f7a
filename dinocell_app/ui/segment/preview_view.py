"""What the Segment dock needs of the viewer."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray
from PySide6.QtCore import SignalInstance

Region = tuple[int, int, int, int]
"""First row and column, height and width, in pixels of the image."""


class PreviewView(Protocol):
    """A viewer that shows previews and lets people draw."""

    diameter_drawn: SignalInstance
    region_drawn: SignalInstance

    def set_tool(self, tool: str) -> None:
        """Take a tool, "navigate", "measure_diameter" or "region"."""

    def visible_region(self) -> Region:
        """Give the part of the image that is in sight."""

    def set_preview(self, labels: NDArray[Any] | None, region: Region | None) -> None:
        """Show the cells of a preview, or none."""


class HasViewer(Protocol):
    """A panel around a viewer."""

    viewer: PreviewView
