"""JSON from files that may be damaged or meant to do harm: one kind of failure, whatever is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Half a character, or a whole one as two."""


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON holds anything
    """Read JSON; `json.loads` with one error for all that can be wrong.

    Raises
    ------
    ValueError
        If it is no JSON, lists within lists go so deep that nobody wrote them, or a text holds half a
        character, which neither files nor SQLite take.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text))
    try:
        content = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return content
