"""The tools of the Correct mode in one table: name, how it is used, what the mouse does for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gesture = Literal["stroke", "line", "outline", "click", "region"]


@dataclass(frozen=True)
class CorrectTool:
    """A tool.

    Parameters
    ----------
    key : str
        Of its action.
    text : str
        On its button.
    hint : str
        How it is used, in a sentence or two.
    gesture : {"stroke", "line", "outline", "click", "region"}
        "stroke" is as wide as the brush.
    """

    key: str
    text: str
    hint: str
    gesture: Gesture


TOOLS = (
    CorrectTool(
        "correct_brush",
        "Brush",
        "Begin in a cell to enlarge it, on free ground to draw a new one.",
        "stroke",
    ),
    CorrectTool(
        "correct_eraser",
        "Eraser",
        "Begin in a cell to take from it alone, beside cells to take from all.",
        "stroke",
    ),
    CorrectTool(
        "correct_outline",
        "Outline",
        "Draw around a cell with the button held, or click corner by corner and double-click the last.",
        "outline",
    ),
    CorrectTool("correct_split", "Split", "Draw a line across a cell where it is to be cut.", "line"),
    CorrectTool("correct_merge", "Merge", "Drag from cell to cell to make them one.", "line"),
    CorrectTool("correct_delete", "Delete", "Click a cell, or drag across several.", "line"),
    CorrectTool("correct_box", "Delete box", "Draw a box: the cells in it go.", "region"),
    CorrectTool(
        "correct_segment",
        "Segment here",
        "Draw a box: the model looks for cells in it; or click one cell that is missing.",
        "region",
    ),
)
"""In the order of the bar."""

BY_KEY = {tool.key: tool for tool in TOOLS}
