"""Processes of this application: how they are called, and how one outlives the window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dinocell_app

NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Flag for a child that would open a console on Windows."""


def application_command(*words: str) -> list[str]:
    """Write the words that start this application, whether it is installed, bundled or a checkout.

    Parameters
    ----------
    *words : str
        Command and arguments.
    """
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "dinocell_app"]
    return [*program, *words]


def application_environment() -> dict[str, str]:
    """Give the environment in which `application_command` finds this application from any folder.

    Returns
    -------
    dict of str to str
        Without what concerns the window.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    if not getattr(sys, "frozen", False):
        places = [str(Path(dinocell_app.__file__).parents[1]), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(place for place in places if place)
    return environment


_STARTED: list[subprocess.Popen[bytes]] = []
"""Workers that may outlive whoever asked for them; Python warns of a running one that nobody holds."""


def start_worker(runs: Path) -> subprocess.Popen[bytes]:
    """Start a process that works on a queue and does not end with this one.

    Parameters
    ----------
    runs : Path
        The folder of runs.

    Returns
    -------
    Popen
        To be polled now and then, so that the ended process is cleared away.
    """
    return start_apart("work", str(runs))


def start_apart(*words: str) -> subprocess.Popen[bytes]:
    """Start this application as a process that does not end with this one.

    Parameters
    ----------
    *words : str
        Command and arguments.

    Returns
    -------
    Popen
        To be polled now and then, so that the ended process is cleared away.
    """
    flags = 0
    if sys.platform == "win32":
        flags = (
            subprocess.DETACHED_PROCESS
            | subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    worker = subprocess.Popen(
        application_command(*words),
        cwd=Path.home(),
        env=application_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
        start_new_session=sys.platform != "win32",
    )
    _STARTED[:] = [*(earlier for earlier in _STARTED if earlier.poll() is None), worker]
    return worker
