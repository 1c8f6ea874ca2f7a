"""The device a network runs on: chosen by name, described for people."""

from __future__ import annotations

import torch

from dinocell_app.base.errors import InvalidParameterError


def available_devices() -> tuple[torch.device, ...]:
    """List what torch can compute on, the fastest kind first.

    Returns
    -------
    tuple of device
        CUDA devices, then "mps", at last "cpu", which is always there.
    """
    devices = [torch.device("cuda", index) for index in range(_n_cuda_devices())]
    if torch.backends.mps.is_available():
        devices.append(torch.device("mps"))
    return (*devices, torch.device("cpu"))


def choose_device(name: str) -> torch.device:
    """Find the device a user named.

    Parameters
    ----------
    name : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".

    Returns
    -------
    device
        With its index for CUDA.

    Raises
    ------
    InvalidParameterError
        If there is no such device.
    """
    available = available_devices()
    if name == "auto":
        return available[0]
    wanted = torch.device("cuda", 0) if name == "cuda" else torch.device(name)
    if wanted not in available:
        listed = ", ".join(str(device) for device in available)
        raise InvalidParameterError(
            f"The device {name} is not available here", remedy=f"Choose auto or one of {listed}"
        )
    return wanted


def describe_device(device: torch.device) -> str:
    """Name a device for the provenance.

    Returns
    -------
    str
        Such as "cpu" or "cuda:0 NVIDIA A100".
    """
    return f"{device} {torch.cuda.get_device_name(device)}" if device.type == "cuda" else str(device)


def _n_cuda_devices() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
