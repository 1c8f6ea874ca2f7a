"""What is installed: versions, optional readers, and what comes with the application."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import dinocell_app
from dinocell_app.base.errors import UserFacingError
from dinocell_app.doctor.finding import PROBLEM, WARNING, Finding

LIBRARIES = (
    "torch",
    "timm",
    "numpy",
    "numba",
    "scikit-image",
    "opencv-python-headless",
    "tifffile",
    "imagecodecs",
    "liffile",
    "nd2",
    "safetensors",
)
_OPTIONAL_READER = "aicsimageio"
_ZARR_3 = 3
"""The first zarr that reads Zarr format 3."""

_MODULES = {"scikit-image": "skimage", "opencv-python-headless": "cv2"}
"""Where the name to import is another than that of the package."""

_AGAIN = "Install the application again"


def versions() -> Iterator[Finding]:
    """List versions."""
    yield Finding("versions", "dinocell-app", dinocell_app.__version__)
    yield Finding("versions", "Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("versions", "system", f"{platform.platform()}, {os.cpu_count()} processors")
    for name in LIBRARIES:
        found = _version(name)
        if found is None:
            yield Finding("versions", name, "missing", PROBLEM, _AGAIN)
        else:
            yield Finding("versions", name, found)
    other = _version(_OPTIONAL_READER)
    yield _zarr(_version("zarr"), held_back=other is not None)
    yield Finding("versions", _OPTIONAL_READER, other or "not installed (optional)")


def _zarr(found: str | None, *, held_back: bool) -> Finding:
    """Say whether the installed zarr reads both formats."""
    if found is None:
        return Finding("versions", "zarr", "missing", PROBLEM, _AGAIN)
    first = found.partition(".")[0]
    if not first.isdecimal() or int(first) >= _ZARR_3:
        return Finding("versions", "zarr", found)
    remedy = (
        f"{_OPTIONAL_READER} holds zarr back; install without the extra 'vendor-formats' to read it"
        if held_back
        else "Install zarr 3 or newer"
    )
    return Finding("versions", "zarr", f"{found}, does not read Zarr format 3", WARNING, remedy)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        # An installed application carries packages without what tells their versions.
        there = find_spec(_MODULES.get(name, name)) is not None
        return "there, version unknown" if there else None


def shipped() -> Iterator[Finding]:
    """Look whether models and samples are there, and whether the weights are whole."""
    from dinocell_app.base.resource_files import resource_path
    from dinocell_app.jobs.common_fields import DEFAULT_MODEL
    from dinocell_app.model.manifest import read_manifest
    from dinocell_app.model.weights_file import require_sound_weights

    try:
        resource_path("samples")
        folder = resource_path("models", DEFAULT_MODEL)
        sha256 = read_manifest(folder).sha256
        require_sound_weights(folder, sha256)
    except FileNotFoundError as error:
        yield Finding("shipped", "samples and models", f"missing ({error})", PROBLEM, _AGAIN)
    except UserFacingError as error:
        yield Finding("shipped", DEFAULT_MODEL, error.what, PROBLEM, _AGAIN)
    else:
        yield Finding("shipped", DEFAULT_MODEL, f"whole, sha256 {sha256[:12]}")
