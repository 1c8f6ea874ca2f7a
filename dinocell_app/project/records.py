"""What a project knows, as frozen records that may be handed to worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress

FEWEST_PIXELS = 6
"""An image with fewer rows or columns, and many slices, has its axes mixed up more likely than not."""


@dataclass(frozen=True)
class FoundImage:
    """An image file as it was found, before the project has it.

    Parameters
    ----------
    path : Path
        Absolute.
    root : Path
        The folder it was found through.
    height, width : int
        In pixels; 0 when the file cannot be read.
    dtype : str
        Name of the pixel type; empty when the file cannot be read.
    pixel_size_um : float or None
        What the file says.
    problem : str
        Why it cannot be read; empty when it can.
    axes : str
        What its stored axes are where the file is wrong (`imaging.axes`); "" where it is believed.
    n_scenes : int
        Images in the file; this is the first.
    """

    path: Path
    root: Path
    n_times: int = 1
    n_slices: int = 1
    n_channels: int = 1
    height: int = 0
    width: int = 0
    dtype: str = ""
    channel_names: tuple[str, ...] = ()
    is_rgb: bool = False
    pixel_size_um: float | None = None
    problem: str = ""
    axes: str = ""
    n_scenes: int = 1


@dataclass(frozen=True)
class ImageRecord:
    """An image of the project.

    Parameters
    ----------
    relative_path : str
        Below the root, with forward slashes.
    height, width : int
        In pixels.
    dtype : str
        Name of the pixel type.
    file_pixel_size_um : float or None
        What the file says.
    pixel_size_um : float or None
        What is used.
    pixel_size_source : str
        Who says so: "image", "folder" and "project" were set by a person, else "file" or "unknown".
    tags : tuple of str
        In alphabetical order.
    problem : str
        Why it cannot be read; empty when it can.
    axes : str
        What its stored axes are where the file is wrong (`imaging.axes`); "" where it is believed.
    """

    id: int
    root_id: int
    relative_path: str
    n_times: int
    n_slices: int
    n_channels: int
    height: int
    width: int
    dtype: str
    channel_names: tuple[str, ...]
    is_rgb: bool
    file_pixel_size_um: float | None
    pixel_size_um: float | None
    pixel_size_source: str
    tags: tuple[str, ...] = ()
    note: str = ""
    problem: str = ""
    axes: str = ""

    @property
    def looks_misread(self) -> bool:
        """Whether it is a few pixels high or wide while another of its axes is long."""
        short, other = sorted((self.height, self.width))
        longest = max(self.n_times, self.n_slices, self.n_channels)
        return 0 < short < FEWEST_PIXELS < min(other, longest) and not self.axes

    @property
    def name(self) -> str:
        """File name."""
        return self.relative_path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """Folder below the root, with forward slashes; empty for the root itself."""
        return self.relative_path.rpartition("/")[0]


@dataclass(frozen=True)
class PixelSizeScope:
    """What a pixel size is set for; `image`, `folder` and `project` make one.

    Parameters
    ----------
    kind : str
        "image", "folder" or "project".
    id : int
        Of the image, or of the root of the folder; 0 for the project.
    below : str
        Folder below the root, with forward slashes; empty for the root itself.
    """

    kind: str
    id: int = 0
    below: str = ""

    @classmethod
    def image(cls, image_id: int) -> Self:
        """One image."""
        return cls("image", image_id)

    @classmethod
    def folder(cls, root_id: int, relative: str) -> Self:
        """All images in a folder and in the folders inside it.

        Parameters
        ----------
        relative : str
            Folder below the root; empty for the root itself.
        """
        plain = PurePosixPath(relative.replace("\\", "/")).as_posix().strip("/")
        return cls("folder", root_id, "" if plain == "." else plain)

    @classmethod
    def project(cls) -> Self:
        """All images of the project."""
        return cls("project")


@dataclass(frozen=True)
class ChannelDisplay:
    """How a channel is shown.

    Parameters
    ----------
    channel : int
        Counted from 0.
    colour : str
        As "#rrggbb".
    low, high : float or None
        Values shown black and in full colour; None to choose them by the image.
    """

    channel: int
    visible: bool
    colour: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class NewResult:
    """A result to be recorded.

    Parameters
    ----------
    name : str
        The set of results it belongs to.
    status : str
        "finished" or "failed".
    run_id : int or None
        The run that made it; None when it was made elsewhere.
    reason : str
        Why it failed.
    files : tuple of str
        Relative to the project folder, with forward slashes.
    """

    image_id: int
    name: str
    status: str = "finished"
    run_id: int | None = None
    plane: PlaneAddress = ONLY_PLANE
    n_cells: int = 0
    seconds: float = 0.0
    reason: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResultRecord:
    """What is known of the cells of one plane of an image.

    Parameters
    ----------
    id : int
        Higher for newer ones.
    run_id : int or None
        The run that made it; None when it was made elsewhere or the run was removed.
    name : str
        The set of results it belongs to.
    status : str
        "finished" or "failed".
    reason : str
        Why it failed.
    files : tuple of str
        Relative to the project folder, with forward slashes.
    created : str
        ISO 8601 in UTC.
    n_edited : int
        Cells that people corrected or drew.
    model_files : tuple of str
        What the model wrote, once `files` are those of a corrected result; else empty.
    has_newer : bool
        Whether a run made a newer result, which did not take the place of the corrected one.
    """

    id: int
    image_id: int
    run_id: int | None
    name: str
    plane: PlaneAddress
    status: str
    n_cells: int
    seconds: float
    reason: str
    files: tuple[str, ...]
    created: str
    n_edited: int = 0
    model_files: tuple[str, ...] = ()
    has_newer: bool = False

    @property
    def is_corrected(self) -> bool:
        """Whether its files hold what people made of the model's result."""
        return bool(self.model_files) or any(file.startswith("corrected/") for file in self.files)


RUN_STATES = ("queued", "running", "paused", "finished", "stopped", "failed", "interrupted")


@dataclass(frozen=True)
class RunRecord:
    """A run of the project.

    Parameters
    ----------
    name : str
        The set of results it makes.
    kind : str
        Of its job.
    state : str
        One of `RUN_STATES`.
    folder : Path
        Its run folder.
    position : int
        In the queue.
    image_ids : tuple of int
        In the order of the job; images removed since are left out.
    total, n_finished, n_failed : int
        Images; steps and epochs of a training.
    created : str
        ISO 8601 in UTC.
    problem : str
        A sentence when the run folder lacks what belongs there, or why the run failed; else empty.
    """

    id: int
    name: str
    kind: str
    state: str
    folder: Path
    position: int
    image_ids: tuple[int, ...]
    total: int
    n_finished: int
    n_failed: int
    created: str
    problem: str = ""

    @property
    def is_training(self) -> bool:
        """Whether it teaches a model rather than segmenting images."""
        return self.kind != "segment"
