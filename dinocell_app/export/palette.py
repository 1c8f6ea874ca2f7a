"""The colours of cells, in pictures and in the window: told apart by the colour-blind, too."""

from __future__ import annotations

PALETTE = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Red, green, blue of the Color Universal Design palette (Okabe and Ito 2008) without its black."""
