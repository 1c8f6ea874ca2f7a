"""Which cells of a large picture lie on a seam between the blocks it was segmented in."""

from __future__ import annotations

from dinocell_app.measurement.column import Column

TOUCHES_SEAM = Column(
    "touches_seam",
    "",
    "bool",
    "Whether the cell lies along or across a seam between the blocks in which the large image was segmented.",
    "bounding box",
    "touches_seam",
)
"""The column that tables of cells have for images segmented in blocks."""

SEAM_COUNT = Column(
    "n_cells_touching_seam",
    "",
    "int64",
    "Cells on a seam between the blocks in which the large image was segmented.",
    "counted",
    "n_cells_touching_seam",
)
"""The column that only images segmented in blocks have."""
