"""The page about columns, written from the code that measures.

    python tests/documents/columns_page.py

writes `resources/docs/columns.md`. A test compares the page with the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_app.base.resource_files import resource_path
from dinocell_app.measurement.column import Column
from dinocell_app.measurement.columns import channel_columns, table_columns
from dinocell_app.measurement.summary import summary_columns

PAGE = resource_path("docs", "user_guide.md").with_name("columns.md")

_HEAD = """\
# Columns

Every column of the tables, what it means, and its formula or where it comes from. The same stands in
`columns.csv`, beside the tables of each run.

- Names that end with `_px` or `_px2` are in pixels. Where the pixel size is known, there is one more column
  that ends with `_um` or `_um2`, in µm or µm².
- A field is empty where a value cannot be given, such as the nearest neighbour of a cell that is alone.
- Columns of grey values and texture end with the name of the channel, which is left out here.

"""


def lines(columns: Iterable[Column]) -> list[str]:
    """Lay columns out as the rows of a table, those in micrometres with those in pixels."""
    rows = ["| column | meaning | formula or source |", "|---|---|---|"]
    for column in columns:
        if column.unit not in ("um", "um2"):
            name = column.name.removesuffix("_channel")
            rows.append(f"| `{name}` | {_plain(column.description)} | {_plain(column.source)} |")
    return rows


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def page() -> str:
    """Write the page."""
    about = {"confidence": True, "reference_score": True, "cell_type": True}
    cells = table_columns((), pixel_size_known=True, **about)
    plain, textured = channel_columns("channel"), channel_columns("channel", texture=True)
    texture = [column for column in textured if column not in plain]
    images = [
        column
        for column in summary_columns(cells, pixel_size_known=False)
        if not column.name.endswith(("_mean", "_median"))
    ]
    density = [c for c in summary_columns(cells, pixel_size_known=True) if c.unit == "1/mm2"]
    parts = (
        ("Cells", "One row a cell, in `cells.csv` and in the table of each image.", cells),
        ("Grey values of a channel", "For every channel.", plain),
        ("Texture of a channel", "When asked for, for every channel.", texture),
        ("Images", "One row an image, in `images.csv`.", [*images, *density]),
    )
    text = "".join(f"## {title}\n\n{said}\n\n" + "\n".join(lines(of)) + "\n\n" for title, said, of in parts)
    return _HEAD + text + _TAIL


_TAIL = """\
Then come mean and median of the main columns over the cells of the image, with `_mean` and `_median` after
the name. Cells that touch the border are left out of them, because they may be cut off.

Further columns come with what was asked for: `region` and `regions.csv` with [regions of
interest](user_guide.md#regions-of-interest), `review` with judgements, `touches_seam` in [large
images](user_guide.md#large-images), and the number of cells of each type with reference cells.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
