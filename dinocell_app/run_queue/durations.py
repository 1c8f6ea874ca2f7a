"""Times and speeds as people say them."""

from __future__ import annotations

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def remaining_text(seconds: float | None) -> str:
    """Say how long something still takes.

    Parameters
    ----------
    seconds : float or None
        None when nothing is known yet.

    Returns
    -------
    str
        Rounded, because it is an estimate; empty when nothing is known.
    """
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    if seconds < _DAY:
        return f"about {hours} h {rest} min" if rest else f"about {hours} h"
    days, hours = divmod(round(seconds / _HOUR), 24)
    return f"about {days} d {hours} h"


def speed_text(seconds_per_image: float | None) -> str:
    """Say how fast images are done.

    Returns
    -------
    str
        Images a minute when an image takes less than some seconds.
    """
    if not seconds_per_image or seconds_per_image <= 0:
        return ""
    if seconds_per_image < 4:
        return f"{_MINUTE / seconds_per_image:.0f} images/min"
    if seconds_per_image < 2 * _MINUTE:
        return f"{seconds_per_image:.0f} s/image"
    return f"{seconds_per_image / _MINUTE:.1f} min/image"
