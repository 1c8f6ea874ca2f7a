"""Devices, and the same sample segmented on each of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.doctor.finding import PROBLEM, Finding

MOST_DIFFERENT_PIXELS = 0.02
"""Share of pixels whose label may differ between two devices: half precision moves the edges of cells."""


def devices() -> Iterator[Finding]:
    """List what the network can run on, and how the processor computes."""
    import torch

    from dinocell_app.model.processor_arithmetic import BFLOAT16_PAYS, bfloat16_gain
    from dinocell_app.pipeline.devices import available_devices, choose_device, describe_device

    for device in available_devices():
        described = describe_device(device)
        if device.type == "cuda":
            free, total = torch.cuda.mem_get_info(device)
            described += f", {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        yield Finding("devices", device.type, described)
    yield Finding("devices", "auto means", str(choose_device("auto")))
    gain = bfloat16_gain()
    chosen = "bfloat16" if gain >= BFLOAT16_PAYS else "single precision"
    yield Finding(
        "devices", "processor computes in", f"{chosen} (bfloat16 takes {1 / gain:.2f} of the time of single)"
    )


def self_test(model: str) -> Iterator[Finding]:
    """Segment a drawn sample on each kind of device and compare with the processor.

    Parameters
    ----------
    model : str
        By name or folder.
    """
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
            parameters = SegmentationParameters(
                diameter_px=loaded.manifest.cell_diameter_px,
                precision="fp32"
                if device.type == "cpu"
                else "auto",  # what others are compared with is exact
            )
            found = segment_image(sample, loaded, parameters)
            seconds = time.monotonic() - started
            labels[device.type] = found.labels
            cells = f"{int(found.labels.max())} cells in {seconds:.1f} s with {model}"
            if device.type == "cpu":
                yield Finding("self-test", "cpu", cells)
                continue
            different = compare_labels(labels["cpu"], found.labels)
            compared = f"{cells}, {different:.2%} of the pixels unlike cpu"
            if different <= MOST_DIFFERENT_PIXELS:
                yield Finding("self-test", device.type, compared)
            else:
                remedy = "Update the driver; until then choose the processor (cpu) as device"
                yield Finding("self-test", device.type, compared, PROBLEM, remedy)
        if list(labels) == ["cpu"]:
            yield Finding("self-test", "other devices", "there is none to compare with the processor")
    except UserFacingError as error:
        yield Finding("self-test", "failed", error.what, PROBLEM, error.remedy)


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
