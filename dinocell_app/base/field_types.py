"""Whether values from a file are of the types that the fields of a dataclass are declared with."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

LARGEST_NUMBER = 2**63
"""SQLite keeps no larger ones."""


def misfits(kind: type, values: Mapping[str, Any]) -> set[str]:
    """Find the values that their fields cannot take: they would fail far away, in the window or the project.

    Parameters
    ----------
    kind : type
        A dataclass of texts, numbers, truth values, tuples of texts and mappings of text to numbers.
    values : mapping
        By field; names that are no fields are left to the class.

    Returns
    -------
    set of str
        Names of the fields.
    """
    wanted = _types_of(kind)
    return {name for name, value in values.items() if name in wanted and not _fits(value, wanted[name])}


@cache
def _types_of(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - any value, and any type
    if get_origin(wanted) in (Union, types.UnionType):
        return any(_fits(value, each) for each in get_args(wanted))
    if wanted is types.NoneType:
        return value is None
    if wanted is str:
        # JSON may hold halves of characters, which neither files nor SQLite take.
        return isinstance(value, str) and value == value.encode("utf-8", "ignore").decode("utf-8")
    if wanted is bool or isinstance(value, bool):
        return wanted is bool and isinstance(value, bool)
    if wanted is int or wanted is float:
        numbers = int if wanted is int else (int, float)
        return isinstance(value, numbers) and abs(value) < LARGEST_NUMBER
    if get_origin(wanted) is tuple:
        return isinstance(value, tuple) and all(_fits(each, str) for each in value)
    return isinstance(value, Mapping) and all(each is None or _fits(each, float) for each in value.values())
