"""What this machine and installation can do: versions, devices, folders, and CPU against GPU on a sample."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import dinocell_app
from dinocell_app.errors import UserFacingError

LIBRARIES = (
    "torch",
    "timm",
    "numpy",
    "numba",
    "scikit-image",
    "opencv-python-headless",
    "tifffile",
    "safetensors",
)
OPTIONAL_READERS = ("aicsimageio", "aicspylibczi", "readlif", "nd2")

MOST_DIFFERENT_PIXELS = 0.02
"""Share of pixels whose label may differ between two devices: half precision moves the edges of cells."""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    topic : str
        Such as "versions" or "self-test".
    name : str
    value : str
    is_good : bool
        Whether nothing has to be done about it.
    """

    topic: str
    name: str
    value: str
    is_good: bool = True


def examine(model: str) -> Iterator[Finding]:
    """Look at everything, quick things first.

    Parameters
    ----------
    model : str
        Model for the self-test, by name or folder.

    Yields
    ------
    Finding
    """
    yield from _versions()
    yield from _folders()
    yield from _devices()
    yield from _self_test(model)


def compare_labels(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Share of pixels that are cell in one labelling and background in the other.

    Parameters
    ----------
    one, other : ndarray of shape (M, N), int

    Returns
    -------
    float
        0 to 1.
    """
    return float(np.mean((one > 0) != (other > 0)))


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "dinocell-app", dinocell_app.__version__)
    yield Finding("versions", "Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("versions", "system", f"{platform.platform()}, {os.cpu_count()} processors")
    for name in LIBRARIES:
        found = _version(name)
        yield Finding("versions", name, found or "missing", found is not None)
    for name in OPTIONAL_READERS:
        yield Finding("versions", name, _version(name) or "not installed (optional)")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _folders() -> Iterator[Finding]:
    from dinocell_app.model.catalogue import models_folder
    from dinocell_app.resource_files import resource_path

    for name, folder in (("your models", models_folder()), ("working folder", Path.cwd())):
        near = next(path for path in (folder, *folder.parents) if path.exists())
        writable = os.access(near, os.W_OK)
        yield Finding("folders", name, f"{folder}{'' if writable else ' (may not be written to)'}", writable)
    for name in ("models", "samples"):
        try:
            yield Finding("folders", f"shipped {name}", str(resource_path(name)))
        except FileNotFoundError:
            yield Finding(
                "folders", f"shipped {name}", "missing: install the application again", is_good=False
            )


def _devices() -> Iterator[Finding]:
    import torch

    from dinocell_app.pipeline.devices import available_devices, choose_device, describe_device

    for device in available_devices():
        described = describe_device(device)
        if device.type == "cuda":
            free, total = torch.cuda.mem_get_info(device)
            described += f", {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        yield Finding("devices", device.type, described)
    yield Finding("devices", "auto means", str(choose_device("auto")))


def _self_test(model: str) -> Iterator[Finding]:
    """Segment a drawn sample on each kind of device and compare with the processor."""
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_folder import load_model
    from dinocell_app.pipeline.devices import available_devices
    from dinocell_app.segmentation.parameters import SegmentationParameters
    from dinocell_app.segmentation.predictor import segment_image

    try:
        folder = find_model(model)
        sample = drawn_sample()
        labels: dict[str, NDArray[np.integer]] = {}
        kinds = {device.type: device for device in reversed(available_devices())}
        for device in sorted(kinds.values(), key=lambda device: device.type != "cpu"):
            started = time.monotonic()
            loaded = load_model(folder, device)
            found = segment_image(
                sample, loaded, SegmentationParameters(diameter_px=loaded.manifest.cell_diameter_px)
            )
            seconds = time.monotonic() - started
            labels[device.type] = found.labels
            cells = f"{int(found.labels.max())} cells in {seconds:.1f} s with {model}"
            if device.type == "cpu":
                yield Finding("self-test", "cpu", cells)
                continue
            different = compare_labels(labels["cpu"], found.labels)
            yield Finding(
                "self-test",
                device.type,
                f"{cells}, {different:.2%} of the pixels unlike cpu",
                different <= MOST_DIFFERENT_PIXELS,
            )
    except UserFacingError as error:
        yield Finding("self-test", "failed", str(error), is_good=False)


def drawn_sample(size: int = 256) -> NDArray[np.float32]:
    """Draw bright disks on a dark ground, for a test that needs no file.

    Parameters
    ----------
    size : int
        Edge in pixels.

    Returns
    -------
    ndarray of shape (size, size), float32
    """
    rows, columns = np.mgrid[:size, :size]
    image = np.zeros((size, size), np.float32)
    for row in range(24, size - 12, 48):
        for column in range(24, size - 12, 48):
            distance = np.hypot(rows - row, columns - column)
            image += (0.5 - 0.5 * np.tanh((distance - 14) / 3)).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.03, image.shape).astype(np.float32)
    return image + noise
