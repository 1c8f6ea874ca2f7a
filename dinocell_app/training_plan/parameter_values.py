"""Parameters of a training as text that a person types, and back; dots in a name lead into its job."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

from dinocell_app.jobs.job_kinds import AdaptJob, FineTuneJob

YES, NO = "yes", "no"


def choices_of(name: str) -> tuple[str, ...]:
    """List what a parameter can be, where it is one of a few words.

    Parameters
    ----------
    name : str
        With dots, as ``training.epochs``.

    Returns
    -------
    tuple of str
        Empty for anything that is typed.
    """
    annotation = _field(name).annotation
    if annotation is bool:
        return (YES, NO)
    return tuple(str(word) for word in get_args(annotation)) if get_origin(annotation) is Literal else ()


def text_of(value: object) -> str:
    """Write a value as a person would.

    Parameters
    ----------
    value : object
        Of a parameter.

    Returns
    -------
    str
        Empty for None.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple | list):
        return " to ".join(text_of(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text_of(factor)}" for name, factor in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def value_of(name: str, text: str) -> object:
    """Read what a person typed.

    Returns
    -------
    object
        Within the limits of the parameter.

    Raises
    ------
    ValueError
        With what is wrong in words.
    """
    field = _field(name)
    raw = _read(text.strip(), field.annotation)
    kind: Any = field.annotation
    alone: Any = create_model("Alone", value=(kind, field))
    try:
        return alone(value=raw).value
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Input ").removeprefix("Value error, ")
        raise ValueError(said) from error


def flat(settings: BaseModel, names: Iterable[str]) -> dict[str, object]:
    """Take parameters out of a job."""
    found: dict[str, object] = {}
    for name in names:
        at: Any = settings
        for part in name.split("."):
            at = getattr(at, part)
        found[name] = at
    return found


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Put parameters with dots in their names into dicts within dicts.

    Returns
    -------
    dict
        As a job is made from.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        at = found
        *above, last = name.split(".")
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    return found


def _field(name: str) -> FieldInfo:
    first, *rest = name.split(".")
    model: type[BaseModel] = AdaptJob if first == "adaptation" else FineTuneJob
    field = model.model_fields[first]
    for part in rest:
        inner = field.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            raise KeyError(name)
        field = inner.model_fields[part]
    return field


def _read(text: str, annotation: object) -> object:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in inside if kind is not type(None)]
        return None if not text and len(kinds) < len(inside) else _read(text, kinds[0])
    if annotation is bool:
        return text == YES
    if origin is tuple:
        return tuple(_number(part) for part in re.split(r"\s*(?:\bto\b|;|\s)\s*", text) if part)
    if origin is dict:
        pairs = (part.rsplit(None, 1) for part in re.split(r"[;,]", text) if part.strip())
        return {pair[0].strip(" :="): _number(pair[-1]) for pair in pairs}
    return text if origin is Literal else _number(text)


def _number(text: str) -> float | int:
    plain = text.replace("\u202f", "").replace("_", "").replace(",", ".")
    try:
        return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain)
    except ValueError:
        raise ValueError(f"“{text}” is not a number" if text else "a number is missing") from None
