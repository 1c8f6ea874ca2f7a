"""Named settings: which of them are in use, what was changed since, and what a run is called after them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.jobs.setting import Record, declared

LONGEST_NAME = 60

_NOT_IN_FOLDER_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def changed_settings(preset: SegmentSettings, settings: SegmentSettings) -> tuple[str, ...]:
    """Name what differs between two settings, in the words of the window."""
    return tuple(
        each.lowered
        for name, each in declared(SegmentSettings).items()
        if getattr(preset, name) != getattr(settings, name)
    )


def same_results(first: SegmentSettings, second: SegmentSettings) -> bool:
    """Tell whether two settings find the same cells and measure the same columns."""
    return all(
        getattr(first, name) == getattr(second, name)
        for name, each in declared(SegmentSettings).items()
        if each.setting.record is not Record.NO_EFFECT
    )


def name_for_run(
    settings: SegmentSettings, presets: Mapping[str, SegmentSettings], chosen: str, taken: Collection[str]
) -> str:
    """Choose under which preset a run's settings are kept and its results are filed.

    Parameters
    ----------
    presets : mapping of str to SegmentSettings
        By name.
    chosen : str
        The preset in use; may be empty.
    taken : collection of str
        Names of results that are there, whatever they were made with.

    Returns
    -------
    str
        The chosen preset when nothing that matters was changed, another of the same settings, the chosen
        one all the same when it has results (so that the person is asked about them), or a new name.
    """
    if chosen in presets and same_results(presets[chosen], settings):
        return chosen
    for name, preset in presets.items():
        if same_results(preset, settings):
            return name
    if chosen in presets and chosen in taken:
        return chosen
    wanted, used = suggested_name(settings), (*presets, *taken)
    return free_name(wanted, used) if _is_used(wanted, used) else wanted


def free_name(name: str, used: Collection[str]) -> str:
    """Give a name a number that makes it the only one.

    Returns
    -------
    str
        Such as "cells 2", and "cells 3" for that when there are also "cells".
    """
    plain, _, last = name.rpartition(" ")
    base = plain if last.isdigit() and _is_used(plain, used) else name
    number = 2
    while _is_used(f"{base} {number}", used):
        number += 1
    return f"{base} {number}"


def _is_used(name: str, used: Collection[str]) -> bool:
    return name.casefold() in {known.casefold() for known in used}


def suggested_name(settings: SegmentSettings) -> str:
    """Name settings after what tells them apart.

    Returns
    -------
    str
        Fit for a folder, such as "dinocell-s8 18um".
    """
    model = re.split(r"[/\\]", settings.model.rstrip("/\\"))[-1]
    parts = [model, str(settings.diameter or "")]
    if settings.channel not in ("colour", "grey", ""):
        parts.append(settings.channel)
    name = _NOT_IN_FOLDER_NAMES.sub("-", " ".join(part for part in parts if part))
    return name[: LONGEST_NAME - 5].strip(" .") or "settings"


def checked_name(name: str, taken: Collection[str]) -> str:
    """Check a name that a person typed for a preset.

    Parameters
    ----------
    taken : collection of str
        Names under which results are filed; settings of these are not changed any more.

    Returns
    -------
    str
        Without spaces around.

    Raises
    ------
    InvalidParameterError
        If it is empty, no name for a folder, or in use for results.
    """
    name = name.strip()
    if not name:
        raise InvalidParameterError("The preset has no name", remedy="Type a name")
    if len(name) > LONGEST_NAME:
        raise InvalidParameterError(
            "The name is too long", remedy=f"Use a name of up to {LONGEST_NAME} characters"
        )
    if _NOT_IN_FOLDER_NAMES.search(name) or name.endswith(".") or name.startswith("."):
        raise InvalidParameterError(
            f"“{name}” cannot name a folder of results",
            remedy='Leave out < > : " / \\ | ? * and dots at the ends',
        )
    if _RESERVED.fullmatch(name):
        raise InvalidParameterError(f"“{name}” is a reserved name", remedy="Choose another name")
    if name.casefold() in {known.casefold() for known in taken}:
        raise InvalidParameterError(
            f"There are results named “{name}”, and they keep the settings they were made with",
            remedy="Choose another name",
        )
    return name
