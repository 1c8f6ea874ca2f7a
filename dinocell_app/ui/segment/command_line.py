"""The command line that does in the shell what the window would do."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.errors import InvalidParameterError
from dinocell_app.job_files import make_job
from dinocell_app.jobs import SegmentJob
from dinocell_app.lengths import plain_number
from dinocell_app.segment_settings import SegmentSettings

_PROGRAM = "dinocell-app"

_OPTIONS = {
    "model": "--model",
    "device": "--device",
    "channel": "--channel",
    "plane": "--plane",
    "diameter": "--diameter",
    "pixel_size_um": "--pixel-size",
    "cell_probability": "--cell-probability",
    "flow_threshold": "--flow-threshold",
    "min_size": "--min-size",
    "min_confidence": "--min-confidence",
    "formats": "--formats",
    "recursive": "--recursive",
    "texture": "--texture",
}


@dataclass(frozen=True)
class ShellInputs:
    """What a command line is about.

    Parameters
    ----------
    inputs : tuple of Path
        Images or folders.
    output : Path
        Folder for results.
    recursive : bool
        Whether folders inside are searched.
    pixel_size_um : float or None
        Set by hand, and the same for all images.
    """

    inputs: tuple[Path, ...]
    output: Path
    recursive: bool = False
    pixel_size_um: float | None = None


def shell_job(inputs: ShellInputs, settings: SegmentSettings) -> SegmentJob:
    """Make the job that the shell is to do.

    Parameters
    ----------
    inputs : ShellInputs
    settings : SegmentSettings

    Returns
    -------
    SegmentJob

    Raises
    ------
    InvalidParameterError
        If a setting cannot be used.
    """
    from dinocell_app.lengths import Area, Length

    parsed: dict[str, object] = dict(vars(settings))
    parsed["diameter"] = Length.parse(settings.diameter) if settings.diameter else None
    parsed["min_size"] = Area.parse(settings.min_size) if settings.min_size else None
    job = make_job({"kind": "segment", **parsed, **vars(inputs)})
    if not isinstance(job, SegmentJob):
        raise TypeError(f"a {type(job).__name__} where a SegmentJob was made")
    return job


def common_pixel_size(sizes: Sequence[float | None]) -> float | None:
    """Give the pixel size set by hand for a set of images.

    Parameters
    ----------
    sizes : sequence of float or None
        Of each image; None where the file's is used.

    Returns
    -------
    float or None

    Raises
    ------
    InvalidParameterError
        If they differ, which one command line cannot say.
    """
    different = set(sizes)
    if len(different) > 1:
        raise InvalidParameterError(
            "These images have different pixel sizes set by hand, which one command line cannot say",
            remedy="Select images with the same pixel size and copy one command line for each size",
        )
    return different.pop() if different else None


def command_line(job: SegmentJob) -> list[str]:
    """Write a job as the words that do it in the shell.

    Parameters
    ----------
    job : SegmentJob

    Returns
    -------
    list of str
        Settings that have their default are left out.
    """
    words = [_PROGRAM, "segment", *(str(path) for path in job.inputs), "--output", str(job.output)]
    for name, option in _OPTIONS.items():
        field = SegmentJob.model_fields.get(name)
        if field is None:
            continue
        value = getattr(job, name)
        if value == field.default:
            continue
        words += _words(option, value)
    return words


def quoted(words: Sequence[str]) -> str:
    """Join words as the shell of this machine needs them.

    Parameters
    ----------
    words : sequence of str

    Returns
    -------
    str
    """
    join: Callable[[Sequence[str]], str] = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    return join(words)


def _words(option: str, value: object) -> list[str]:
    if value is True:
        return [option]
    if isinstance(value, tuple):
        return [option, *(str(item) for item in value)]
    return [option, plain_number(value) if isinstance(value, float) else str(value)]
