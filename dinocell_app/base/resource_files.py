"""Where the files that come with the application lie: shipped models, samples, documents."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Path of a file or folder below `resources/`.

    Parameters
    ----------
    *parts : str
        Names below the resource folder.

    Returns
    -------
    Path
        Inside the installed package, or in the checkout when the package runs from there.

    Raises
    ------
    FileNotFoundError
        If the installation lacks the file.
    """
    package = Path(str(files("dinocell_app")))
    for root in (package / "resources", package.parent / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"resource {'/'.join(parts)} is missing from this installation")
