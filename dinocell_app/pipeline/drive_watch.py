"""Whether a drive fails one image or all of them: the same sentence is not worth hearing forty times."""

from __future__ import annotations

from pathlib import Path

from dinocell_app.base.disk_errors import CHECK_THE_DRIVE, try_writing
from dinocell_app.base.errors import EndedEarlyError, RefusedWriteError
from dinocell_app.base.standing_folders import FolderGoneError


class DriveWatch:
    """Tells a drive that fails one image from one that fails all of them.

    Parameters
    ----------
    output : Path
        Folder of the results.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._in_a_row = 0

    def succeeded(self) -> None:
        """Note that an image is finished."""
        self._in_a_row = 0

    def failed(self, error: Exception, image: Path) -> EndedEarlyError | None:
        """Say why no further image can succeed, where one failed for a reason of its drive."""
        of_the_drive = isinstance(error, RefusedWriteError) or not image.parent.exists()
        self._in_a_row = self._in_a_row + 1 if of_the_drive else 0
        if isinstance(error, FolderGoneError):
            return EndedEarlyError(error.what, path=error.path, remedy=error.remedy)
        if isinstance(error, RefusedWriteError):
            try:
                refused = error if error.is_full and self._in_a_row > 1 else None
                try_writing(self._output)
            except RefusedWriteError as again:
                refused = again
            if refused is None:
                return None
            return EndedEarlyError(
                f"the images that are left were not begun, because no result can be written: {refused.what}",
                path=self._output,
                remedy=refused.remedy,
            )
        if self._in_a_row > 1:
            return EndedEarlyError(
                "the images that are left were not begun, because the folder of the images is gone",
                path=image.parent,
                remedy=CHECK_THE_DRIVE,
            )
        return None
