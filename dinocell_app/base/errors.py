"""Errors that are written for the person at the screen.

Every message says what happened, names the file and says what to do. Anything that is not a
`UserFacingError` is a fault of the program and is shown with its traceback.
"""

from __future__ import annotations

from pathlib import Path


class UserFacingError(Exception):
    """Something a user can act on.

    Parameters
    ----------
    what : str
        What happened, as a sentence without the full stop.
    path : Path, optional
        The file or folder concerned.
    remedy : str, optional
        What to do about it, as a sentence without the full stop.
    """

    def __init__(self, what: str, *, path: Path | str | None = None, remedy: str = "") -> None:
        self.what = what
        self.path = Path(path) if path is not None else None
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        subject = f"{self.path}: {self.what}" if self.path is not None else self.what
        return f"{subject}. {self.remedy}." if self.remedy else f"{subject}."


class UnreadableFileError(UserFacingError):
    """A file is corrupt, of an unknown format or not what its name says."""


class MissingDependencyError(UserFacingError):
    """An optional package is needed for what was asked."""


class InvalidParameterError(UserFacingError):
    """A parameter has a value that cannot be used."""


class ResultsInTheWayError(UserFacingError):
    """Results of something else are where new ones would go."""


class ModelError(UserFacingError):
    """A model folder or a weight file cannot be used."""


class RefusedWriteError(UserFacingError):
    """A disk took no more, or not here.

    Attributes
    ----------
    is_full : bool
        Whether for want of space.
    """

    is_full = False


class EndedEarlyError(UserFacingError):
    """Work ended before its end because nothing further could succeed; what is finished is kept."""


class Cancelled(Exception):
    """The user asked to stop; carries no message because nothing went wrong."""
