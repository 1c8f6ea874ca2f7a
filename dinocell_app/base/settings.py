"""Settings of the application, versioned; read by the window and the shell only.

A settings file never keeps the application from starting: a bad value costs only that value.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dinocell_app.base.disk_errors import writing_explained
from dinocell_app.base.files import write_text
from dinocell_app.base.json_text import parse_json

SCHEMA_VERSION = 1
APPLICATION = "dinocell-app"
MAX_RECENT = 12

_logger = logging.getLogger(__name__)


class ApplicationSettings(BaseModel):
    """What a person chose once for all projects.

    Parameters
    ----------
    schema_version : int
        Of the file.
    device : str
        Where networks run by default: "auto", "cpu", "cuda" or "mps".
    threads : int
        Processor threads of a segmentation; 0 for all.
    cache_megabytes : int
        Memory for image tiles of the viewer.
    cache_folder : str
        Where thumbnails and tables that were read are kept for all projects; "" for in each project.
    disk_cache_megabytes : int
        What they may take on disk.
    formats : tuple of str
        Output files of a new project.
    theme : {"system", "light", "dark"}
    shortcut_preset : {"cellpose", "napari"}
    shortcuts : dict of str to str
        Shortcuts that differ from the preset, by key of the action.
    keep_view : bool
        Whether zoom and contrast stay when another image of the same size is shown.
    outline_width : int
        Of cells in the viewer, in pixels of the image, or of the screen where the image is shown smaller.
    outline_colour : str
        As "#rrggbb"; empty for a colour of each cell's own.
    tell_updates : bool
        Whether the window asks for new versions when it starts.
    recent : tuple of str
        Project folders, newest first.
    window : dict of str to str
        Geometry and places of docks, as Qt writes them, in base64.
    remembered : dict of str to str
        Choices of dialogs.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = SCHEMA_VERSION
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int = Field(default=0, ge=0, le=1024)
    cache_megabytes: int = Field(default=512, ge=64, le=65536)
    cache_folder: str = ""
    disk_cache_megabytes: int = Field(default=2000, ge=50, le=1_000_000)
    formats: tuple[str, ...] = ("labels", "overlay", "csv")
    theme: Literal["system", "light", "dark"] = "system"
    shortcut_preset: Literal["cellpose", "napari"] = "cellpose"
    shortcuts: dict[str, str] = Field(default_factory=dict)
    keep_view: bool = True
    outline_width: int = Field(default=2, ge=1, le=8)
    outline_colour: str = Field(default="", pattern="^(#[0-9a-fA-F]{6})?$")
    tell_updates: bool = False
    recent: tuple[str, ...] = ()
    window: dict[str, str] = Field(default_factory=dict)
    remembered: dict[str, str] = Field(default_factory=dict)

    def with_recent(self, folder: Path) -> ApplicationSettings:
        """Put a project first among the recent ones."""
        others = [known for known in self.recent if known != str(folder)]
        return self.model_copy(update={"recent": (str(folder), *others)[:MAX_RECENT]})


def settings_path() -> Path:
    """Say where the settings are kept."""
    return Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "settings.json"


def log_path() -> Path:
    """Say where the window writes its log."""
    return Path(platformdirs.user_log_dir(APPLICATION, appauthor=False)) / "window.log"


def read_settings(path: Path | None = None) -> ApplicationSettings:
    """Read the settings; what cannot be used has its default.

    Parameters
    ----------
    path : Path, optional
        Another file than the usual one.
    """
    path = path or settings_path()
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ApplicationSettings()
    except (OSError, ValueError) as error:
        _logger.warning("the settings cannot be read (%s): %s", path, error)
        return ApplicationSettings()
    return _usable(content) if isinstance(content, dict) else ApplicationSettings()


def write_settings(settings: ApplicationSettings, path: Path | None = None) -> None:
    """Write the settings, whole or not at all.

    Parameters
    ----------
    path : Path, optional
        Another file than the usual one.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    path = path or settings_path()
    with writing_explained(path):
        write_text(path, settings.model_dump_json(indent=2) + "\n")


def _usable(content: dict[str, Any]) -> ApplicationSettings:
    """Take every value that fits and leave out the others."""
    try:
        return ApplicationSettings.model_validate(content)
    except ValidationError as error:
        bad = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        _logger.warning("settings that cannot be used: %s", ", ".join(sorted(bad)))
        return ApplicationSettings.model_validate({k: v for k, v in content.items() if k not in bad})
