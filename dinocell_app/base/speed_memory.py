"""What was measured of the speed of this computer, kept for the next start.

A file in the user's cache folder. It may be deleted at any time: what is missing is measured again.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
from pathlib import Path

import platformdirs

from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json

SCHEMA_VERSION = 1

PATH_VARIABLE = "DINOCELL_APP_SPEEDS"
"""Environment variable that names the file, for a home folder that cannot be written to."""

_LINUX_PROCESSORS = Path("/proc/cpuinfo")


def speed_memory_path() -> Path:
    """Say where measurements are kept.

    Returns
    -------
    Path
        Of a JSON file, which need not exist.
    """
    if named := os.environ.get(PATH_VARIABLE):
        return Path(named)
    return Path(platformdirs.user_cache_dir("dinocell-app", appauthor=False)) / "speed.json"


def remembered(name: str) -> float | None:
    """Look a measurement up.

    Parameters
    ----------
    name : str
        What was measured, and on what.

    Returns
    -------
    float or None
        None where it was not measured yet, or the file cannot be read.
    """
    value = _read().get(name)
    return value if value is not None and math.isfinite(value) else None


def remember(name: str, value: float) -> None:
    """Keep a measurement; where the file cannot be written it is made anew in the next process."""
    content = {"schema_version": SCHEMA_VERSION, "measured": {**_read(), name: value}}
    with contextlib.suppress(OSError):
        write_json(speed_memory_path(), content)


def processor_name() -> str:
    """Name the processor, so that a measurement is not taken for one of another computer.

    Returns
    -------
    str
        As the system calls it.
    """
    with contextlib.suppress(OSError):
        for line in _LINUX_PROCESSORS.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _read() -> dict[str, float]:
    try:
        content = parse_json(speed_memory_path().read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        return {}
    measured = content.get("measured")
    if not isinstance(measured, dict):
        return {}
    return {
        str(name): float(value)
        for name, value in measured.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
