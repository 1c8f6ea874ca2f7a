"""Jobs whose files lie elsewhere than where they were written: run folders that move between computers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dinocell_app.jobs.job_files import job_from_json, job_to_json
from dinocell_app.jobs.job_kinds import Job

RUN_MARK = "$RUN"
"""In a job file: the folder that it lies in."""


def job_to_moving_json(job: Job, folder: Path) -> str:
    """Write a job whose files below a folder may move with it.

    Parameters
    ----------
    folder : Path
        Where the job file will lie.

    Returns
    -------
    str
        JSON in which the folder is called `RUN_MARK`.
    """
    content = _with_strings(json.loads(job_to_json(job)), lambda text: _moved(text, str(folder), RUN_MARK))
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def job_from_moving_json(
    text: str, folder: Path, moved: Sequence[tuple[str, str]] = (), source: Path | None = None
) -> Job:
    """Read a job whose files may have moved.

    Parameters
    ----------
    text : str
        From `job_to_moving_json`, or any job file.
    folder : Path
        Where the job file lies now.
    moved : sequence of (str, str)
        Folders as the job names them, and where they are now.
    source : Path, optional
        The file, named in errors.

    Raises
    ------
    UnreadableFileError, InvalidParameterError
        As `job_from_json`.
    """
    places = [*moved, (RUN_MARK, str(folder))]

    def place(word: str) -> str:
        return next((now for old, new in places if (now := _moved(word, old, new)) != word), word)

    try:
        content = _with_strings(json.loads(text), place)
    except (ValueError, RecursionError):
        return job_from_json(text, source)
    return job_from_json(json.dumps(content), source)


def _moved(word: str, old: str, new: str) -> str:
    old = old.rstrip("/\\")
    if word == old:
        return new
    if old and word.startswith(old) and word[len(old)] in "/\\":
        # What follows comes from a computer of either kind.
        return f"{new}/{word[len(old) + 1 :].replace(chr(92), '/')}"
    return word


def _with_strings(content: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON holds anything
    if isinstance(content, str):
        return change(content)
    if isinstance(content, list):
        return [_with_strings(each, change) for each in content]
    if isinstance(content, dict):
        return {key: _with_strings(value, change) for key, value in content.items()}
    return content
