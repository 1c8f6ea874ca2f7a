"""JSON from files that may be damaged or meant to do harm: one kind of failure, whatever is wrong."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON holds anything
    """Read JSON; `json.loads` with one error for all that can be wrong.

    Parameters
    ----------
    text : str or bytes

    Returns
    -------
    Any

    Raises
    ------
    ValueError
        If it is no JSON, or lists within lists go so deep that nobody wrote them.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
