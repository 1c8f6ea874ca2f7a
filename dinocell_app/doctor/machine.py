"""What the machine has: memory, disks, folders that can be written to, graphics cards and their drivers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dinocell_app.doctor.finding import PROBLEM, WARNING, Finding

LITTLE_MEMORY = 4 << 30
"""Bytes; large images and trainings need more."""

LITTLE_DISK = 5 << 30
"""Bytes; masks and tables of a thousand images take about as much."""

_DRIVER_PATIENCE_S = 10


def memory() -> Iterator[Finding]:
    """Look at the memory that is free."""
    from dinocell_app.base.free_memory import free_memory_bytes

    free = free_memory_bytes()
    if free is None:
        yield Finding("memory", "free", "the system does not say")
    elif free < LITTLE_MEMORY:
        remedy = "Close other programs, or segment large images on another computer"
        yield Finding("memory", "free", _gib(free), WARNING, remedy)
    else:
        yield Finding("memory", "free", _gib(free))


def folders() -> Iterator[Finding]:
    """Look at the folders that are written to, and at the room on their disks."""
    from dinocell_app.base.settings import read_settings, settings_path
    from dinocell_app.model.catalogue import models_folder

    cache = read_settings().cache_folder
    places = {
        "your models": models_folder(),
        "settings": settings_path().parent,
        "working folder": Path.cwd(),
        "temporary files": Path(tempfile.gettempdir()),
    }
    if cache:
        places["thumbnails and tables"] = Path(cache)
    for name, folder in places.items():
        yield _folder(name, folder)


def drivers() -> Iterator[Finding]:
    """Compare the driver of a graphics card with the torch that is installed.

    Yields
    ------
    Finding
        None on a computer without a card of NVIDIA, or where all is well.
    """
    import torch

    driver = _nvidia_driver()
    if not driver or torch.cuda.is_available():
        return
    if torch.version.cuda is None:
        value = f"driver {driver}, but the torch that is installed ({torch.__version__}) is for processors"
        remedy = "Install torch for graphics cards: see pytorch.org, Get started"
    else:
        value = f"driver {driver} does not fit the torch that is installed (CUDA {torch.version.cuda})"
        remedy = "Update the driver of the graphics card, and start the computer anew"
    yield Finding("devices", "NVIDIA graphics card", value, PROBLEM, remedy)


def _folder(name: str, folder: Path) -> Finding:
    near = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=near) as trial:
            trial.write(b"written")
            trial.flush()
            os.fsync(trial.fileno())
        free = shutil.disk_usage(near).free
    except OSError as error:
        value = f"{folder} cannot be written to ({error.strerror or error})"
        return Finding("folders", name, value, PROBLEM, "Ask for the right to write there, or free its disk")
    value = f"{folder}, {_gib(free)} free"
    if free < LITTLE_DISK:
        return Finding("folders", name, value, WARNING, "Free some space before you segment a large folder")
    return Finding("folders", name, value)


def _nvidia_driver() -> str:
    """Ask the driver for its version; empty where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    words = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_DRIVER_PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
