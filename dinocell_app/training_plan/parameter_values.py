"""Parameters of a training as text that a person types, and back; dots in a name lead into its job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_origin

from pydantic import ValidationError, create_model

from dinocell_app.jobs.job_kinds import AdaptJob, FineTuneJob
from dinocell_app.jobs.setting import Declared, declared

YES, NO = "yes", "no"

_OF_THE_JOB = ("patience", "crop_size", "synthetic_share", "drawings", "cell_diameter_px", "fully_labelled")


def _parameters(job: type[FineTuneJob | AdaptJob], *begins: str) -> Mapping[str, Declared]:
    named = declared(job)
    return MappingProxyType(
        {name: named[name] for begin in begins for name in named if name.startswith(begin)}
    )


TEACHING = _parameters(FineTuneJob, "training.", *_OF_THE_JOB)
CHANGES = _parameters(FineTuneJob, "augmentation.")
ADAPTING = _parameters(AdaptJob, "adaptation.")
ALL: Mapping[str, Declared] = MappingProxyType({**TEACHING, **CHANGES, **ADAPTING})


def choices_of(name: str) -> tuple[str, ...]:
    """List what a parameter can be, where it is one of a few words; empty for anything that is typed."""
    return (YES, NO) if ALL[name].kind is bool else ALL[name].choices


def text_of(value: object) -> str:
    """Write a value as a person would; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple | list):
        return " to ".join(text_of(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text_of(factor)}" for name, factor in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def value_from(name: str, text: str) -> object:
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
    parameter = ALL[name]
    raw = _read(text.strip(), parameter)
    kind: Any = parameter.field.annotation
    alone: Any = create_model("Alone", value=(kind, parameter.field))
    try:
        return alone(value=raw).value
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Input ").removeprefix("Value error, ")
        raise ValueError(said) from error


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Put parameters with dots in their names into dicts within dicts, as a job is made from."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        at = found
        *above, last = name.split(".")
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    return found


def _read(text: str, parameter: Declared) -> object:
    if not text and parameter.optional:
        return None
    if parameter.kind is bool:
        return text == YES
    if get_origin(parameter.kind) is tuple:
        return tuple(_number(part) for part in re.split(r"\s*(?:\bto\b|;|\s)\s*", text) if part)
    if get_origin(parameter.kind) is dict:
        pairs = (part.rsplit(None, 1) for part in re.split(r"[;,]", text) if part.strip())
        return {pair[0].strip(" :="): _number(pair[-1]) for pair in pairs}
    return text if parameter.choices else _number(text)


def _number(text: str) -> float | int:
    plain = text.replace("\u202f", "").replace("_", "").replace(",", ".")
    try:
        return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain)
    except ValueError:
        raise ValueError(f"“{text}” is not a number" if text else "a number is missing") from None
