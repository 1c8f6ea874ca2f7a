"""A file as a container of images: which there are, and each opened by its index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.imaging.image_reader import ImageReader, reading_failures
from dinocell_app.imaging.metadata import ImageMetadata


@dataclass(frozen=True)
class Scene:
    """One image of a file.

    Parameters
    ----------
    index : int
        Counted from 0.
    name : str
        The file's own; "" when it has none.
    """

    index: int
    name: str

    def __str__(self) -> str:
        return f"{self.index + 1} ({self.name})" if self.name else str(self.index + 1)


class ImageFile(ABC):
    """An open file and the images in it.

    Use it as a context manager; `dinocell_app.imaging.reading.open_file` gives one.

    Parameters
    ----------
    path : Path
        The file, or the folder of an OME-Zarr image.
    names : sequence of str
        Of its images, "" for one without a name.
    left_out : sequence of str
        What else the file holds that is no image of its own, such as "label" and "macro" of a slide.
    """

    def __init__(self, path: Path, names: Sequence[str], left_out: Sequence[str] = ()) -> None:
        self.path = path
        self.scenes = tuple(Scene(index, name) for index, name in enumerate(names))
        self.left_out = tuple(left_out)

    def image(self, scene: int = 0) -> ImageReader:
        """Open one image; it can be read as long as the file is open.

        Raises
        ------
        InvalidParameterError
            If the file has no such image.
        UnreadableFileError
            If this image cannot be read; others of the file may be.
        """
        if not self.scenes:
            raise UnreadableFileError("holds no image", path=self.path, remedy="Copy or export it again")
        if not 0 <= scene < len(self.scenes):
            raise InvalidParameterError(
                f"there is no scene {scene + 1}",
                path=self.path,
                remedy=f"The file holds {len(self.scenes)}"
                if len(self.scenes) > 1
                else "The file holds one image",
            )
        with reading_failures(self.path):
            return self._open(scene)

    def metadata(self, scene: int = 0) -> ImageMetadata:
        """Read what the file says about one image; errors are those of `image`."""
        with self.image(scene) as reader:
            return reader.metadata

    @abstractmethod
    def _open(self, scene: int) -> ImageReader:
        """Open an existing image."""

    def close(self) -> None:  # noqa: B027 - files that are read anew for each plane have nothing to close
        """Close the file; planes read before stay valid."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
