"""The command that does in the shell what a button of the window would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.errors import UserFacingError
from dinocell_app.commands.options import PROGRAM, JobCommand, quoted
from dinocell_app.jobs.job_files import read_job, write_job
from dinocell_app.jobs.job_kinds import SegmentJob

COMMAND = JobCommand(SegmentJob, ("segment",))
"""Apart from the work of the command, which the window may not import."""

LONGEST_LINE = 2000
"""Characters; longer command lines are cut by some shells and read by nobody."""


@dataclass(frozen=True)
class ShellCommand:
    """A command to be copied.

    Parameters
    ----------
    line : str
        As this machine's shell reads it.
    job_file : Path or None
        The file that the line names, when not all could be said in it.
    """

    line: str
    job_file: Path | None = None


def shell_command(job: SegmentJob, job_file: Path) -> ShellCommand:
    """Write a job as a command; the job goes into a file when a line cannot say it.

    Parameters
    ----------
    job_file : Path
        Where the job is written if need be; numbered when another job is there.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    said = in_options(job)
    if said is not None:
        line = quoted(COMMAND.command_line(said))
        if len(line) <= LONGEST_LINE:
            return ShellCommand(line)
    path = _own_file(job_file, job)
    return ShellCommand(quoted([PROGRAM, *COMMAND.words, "--job", str(path)]), path)


def in_options(job: SegmentJob) -> SegmentJob | None:
    """Find a job of the same results that options can say.

    Returns
    -------
    SegmentJob or None
        None when images have pixel sizes or axes of their own that differ, or references travel in the job.
    """
    if job.kept_references is not None:
        return None
    sizes = {job.image_pixel_sizes_um.get(str(path), job.pixel_size_um) for path in job.inputs}
    axes = {job.image_axes.get(str(path), job.axes) for path in job.inputs}
    if len(sizes) > 1 or len(axes) > 1:
        return None
    said = {"pixel_size_um": sizes.pop(), "axes": axes.pop()}
    return job.model_copy(update={"image_pixel_sizes_um": {}, "image_axes": {}, **said})


def _own_file(wanted: Path, job: SegmentJob) -> Path:
    """Write a job where no other job is, which an earlier command may still name."""
    path, number = wanted, 2
    while path.exists():
        try:
            if read_job(path) == job:
                return path
        except UserFacingError:
            pass  # Not ours to replace either.
        path, number = wanted.with_stem(f"{wanted.stem} {number}"), number + 1
    write_job(path, job)
    return path
