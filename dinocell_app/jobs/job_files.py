"""Jobs as JSON: written whole, read with every problem named in one sentence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.files import write_text
from dinocell_app.base.json_text import parse_json
from dinocell_app.jobs.job_kinds import SCHEMA_VERSION, Job

_MOST_PROBLEMS = 8
"""In one sentence; a damaged file may have thousands."""

_ANY_JOB: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="kind")])


def job_to_json(job: Job) -> str:
    """Write a job as JSON.

    Returns
    -------
    str
        Indented; every field is written, so that later defaults do not change what the job means.
    """
    return json.dumps(job.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def job_from_json(text: str, source: Path | None = None) -> Job:
    """Read a job; the inverse of `job_to_json`.

    Parameters
    ----------
    source : Path, optional
        The file it comes from, named in errors.

    Raises
    ------
    UnreadableFileError
        If the text is no JSON object or of a newer version.
    InvalidParameterError
        If a field is missing, unknown or out of range.
    """
    try:
        content = parse_json(text)
    except ValueError as error:
        raise UnreadableFileError(
            f"is no job file ({error})", path=source, remedy="Make one with --save-job"
        ) from error
    if not isinstance(content, dict):
        raise UnreadableFileError("is no job file", path=source, remedy="Make one with --save-job")
    version = content.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UnreadableFileError(
            f"the job has version {str(version)[:20]}, which this application does not know",
            path=source,
            remedy="Update the application",
        )
    return make_job(content, source)


def make_job(fields: dict[str, Any], source: Path | None = None) -> Job:
    """Check the fields of a job.

    Parameters
    ----------
    fields : dict
        With "kind"; fields left out have their defaults.
    source : Path, optional
        The file they come from, named in errors.

    Raises
    ------
    InvalidParameterError
        If a field is missing, unknown or out of range.
    """
    try:
        return _ANY_JOB.validate_python(fields)
    except ValidationError as error:
        found = [_sentence(problem) for problem in error.errors()]
        further = len(found) - _MOST_PROBLEMS
        problems = "; ".join(found[:_MOST_PROBLEMS]) + (f"; and {further} more" if further > 0 else "")
        raise InvalidParameterError(
            f"The job cannot be done: {problems}", path=source, remedy="Change these settings"
        ) from error


def write_job(path: Path, job: Job) -> None:
    """Write a job file that is whole or absent.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    """
    write_text(path, job_to_json(job))


def read_job(path: Path) -> Job:
    """Read a job file.

    Raises
    ------
    UnreadableFileError, InvalidParameterError
        As in `job_from_json`, and if there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(
            f"the job cannot be read ({error})", path=path, remedy="Check the path of the job file"
        ) from error
    return job_from_json(text, path)


def _sentence(problem: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails, a plain mapping
    kinds = {kind.model_fields["kind"].default for kind in get_args(Job)}
    place = [str(part) for part in problem["loc"] if part not in kinds]
    value = problem["input"]
    shown = "" if isinstance(value, dict | list | tuple) or value is None else f" (given: {_short(value)})"
    message = problem["msg"].removeprefix("Value error, ")[:200]
    return f"{'.'.join(place)[:80] or 'job'}: {message}{shown}"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and math.isfinite(value) else str(value)[:60]
