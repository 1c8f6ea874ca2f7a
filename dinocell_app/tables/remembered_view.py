"""How a person last looked at the results of a project, kept with the project."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dinocell_app.base.files import write_text
from dinocell_app.tables.cell_groups import FOLDER
from dinocell_app.tables.plot_values import HISTOGRAM
from dinocell_app.tables.result_sources import NEWEST
from dinocell_app.tables.row_order import Arrangement

FILE_NAME = "results_view.json"

_logger = logging.getLogger(__name__)


class PlotChoice(BaseModel):
    """Which plot is drawn, of what.

    Parameters
    ----------
    x : str
        The column along the bottom; empty for the usual one.
    y : str
        The column along the side; empty for the usual one.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = HISTOGRAM
    x: str = ""
    y: str = ""
    group: str = FOLDER


class RememberedView(BaseModel):
    """What is chosen in the results dock.

    Parameters
    ----------
    set_name : str
        The result set.
    expression : str
        The filter.
    ranges : dict of str to (float, float)
    sort_by : str
        The column that table and gallery are sorted by; empty for the order of the images.
    columns : tuple of str or None
        Of the table, in order; None as long as nobody chose any.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    schema_version: Literal[1] = 1
    set_name: str = NEWEST
    tab: int = 0
    expression: str = ""
    ranges: dict[str, tuple[float, float]] = Field(default_factory=dict)
    sort_by: str = ""
    ascending: bool = True
    columns: tuple[str, ...] | None = None
    plot: PlotChoice = PlotChoice()

    def arrangement(self) -> Arrangement:
        """Give filter and order of the cells.

        Returns
        -------
        Arrangement
        """
        return Arrangement(self.expression, dict(self.ranges), self.sort_by, self.ascending)


def remembered_view(project_folder: Path) -> RememberedView:
    """Read how the results were last looked at.

    Returns
    -------
    RememberedView
        The defaults when nothing is kept, or it cannot be read.
    """
    try:
        return RememberedView.model_validate_json((project_folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return RememberedView()
    except (OSError, ValueError) as error:
        _logger.info("the view of the results cannot be read: %s", error)
        return RememberedView()


def remember_view(project_folder: Path, view: RememberedView) -> None:
    """Keep how the results are looked at.

    Parameters
    ----------
    project_folder : Path
        One that is gone or cannot be written to is left as it is; a view is no reason to disturb anybody.
    """
    if not project_folder.is_dir():
        return
    try:
        write_text(project_folder / FILE_NAME, view.model_dump_json(indent=2) + "\n")
    except OSError as error:
        _logger.info("the view of the results could not be kept: %s", error)
