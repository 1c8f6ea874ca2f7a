"""What can be chosen about an image: its channel, slices and times, and the device that works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dinocell_app.imaging.planes import COLOUR, EACH, GREY, MAXIMUM, MEAN, PlaneChoice

if TYPE_CHECKING:
    from dinocell_app.project.records import ImageRecord


@dataclass(frozen=True)
class Choice:
    """One line of a list.

    Parameters
    ----------
    value : str
        As settings and jobs write it.
    text : str
        As people read it.
    """

    value: str
    text: str


DEVICES = (
    Choice("auto", "Automatic (fastest available)"),
    Choice("cpu", "CPU"),
    Choice("cuda", "GPU (NVIDIA CUDA)"),
    Choice("mps", "GPU (Apple)"),
)
"""Whether a device is there is known to the process that computes, which says what it used."""


def device_name(device: str) -> str:
    """Say on what something was computed.

    Parameters
    ----------
    device : str
        As torch writes it: "cpu", "cuda:0", "mps", perhaps with a name behind.
    """
    kind = device.partition(":")[0].partition(" ")[0].casefold()
    spelled = {"cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"}.get(kind, device)
    _, _, name = device.partition(" ")
    return f"{spelled} ({name})" if name and kind != "cpu" else spelled


def channel_choices(image: ImageRecord | None, chosen: str) -> tuple[Choice, ...]:
    """List the channels of an image.

    Parameters
    ----------
    image : ImageRecord or None
        None when no image is looked at.
    chosen : str
        The present choice, which stays in the list although this image may lack it.

    Returns
    -------
    tuple of Choice
        With more than one channel, the channels by name and their mean; colours and grey only where they
        mean something.
    """
    choices = []
    if image is None:
        choices += [Choice(COLOUR, "Colours, or grey"), Choice(GREY, "Grey")]
    elif image.is_rgb:
        choices += [
            Choice(COLOUR, "Colours (grey for a model of greys)"),
            Choice(GREY, "Grey (colours as one)"),
        ]
    elif image.n_channels == 1:
        choices.append(Choice(chosen if chosen == COLOUR else GREY, "Grey (the only channel)"))
    if image is not None and image.n_channels > 1:
        choices += [Choice(value, text) for value, text in _named_channels(image)]
        choices.append(Choice(MEAN, "Mean of all channels"))
    return _with_chosen(choices, chosen, "not in this image")


def plane_choices(image: ImageRecord | None, chosen: str) -> tuple[Choice, ...]:
    """List what can be done with slices and times.

    Parameters
    ----------
    chosen : str
        The present choice, which stays in the list.

    Returns
    -------
    tuple of Choice
        One line alone for an image that is a single plane.
    """
    if image is None or image.n_slices == image.n_times == 1:
        return _with_chosen([Choice(EACH, "The only plane")], chosen, "as chosen for stacks")
    many_times = image.n_times > 1
    every = "Every slice at every time" if many_times and image.n_slices > 1 else "Every slice"
    if image.n_slices == 1:
        return _with_chosen([Choice(EACH, "Every time point")], chosen, "chosen by hand")
    behind = ", every time point" if many_times else ""
    choices = [
        Choice(EACH, every),
        Choice(MAXIMUM, f"Maximum of the slices{behind}"),
        Choice(MEAN, f"Mean of the slices{behind}"),
    ]
    choices += [
        Choice(str(PlaneChoice(z=index)), f"Slice {index + 1} alone{behind}")
        for index in range(image.n_slices)
    ]
    return _with_chosen(choices, chosen, "chosen by hand")


def channel_problem(image: ImageRecord | None, chosen: str) -> str:
    """Say why a channel cannot be used for an image.

    Returns
    -------
    str
        Empty when it can.
    """
    of_one = chosen in (COLOUR, GREY)
    if image is None or chosen == MEAN or (of_one and (image.is_rgb or image.n_channels == 1)):
        return ""
    if of_one:
        return f"This image has {image.n_channels} channels: choose one of them, or their mean."
    if chosen.isdecimal() and int(chosen) < image.n_channels:
        return ""
    if chosen.casefold() in (name.casefold() for name in image.channel_names):
        return ""
    return f"This image has no channel “{chosen}”: choose another."


def _named_channels(image: ImageRecord) -> list[tuple[str, str]]:
    """Channels by name; by number where a name is missing, not alone, or would be read as something else."""
    folded = [name.strip().casefold() for name in image.channel_names]
    channels = []
    for index, name in enumerate(image.channel_names):
        plain = name.strip()
        speaks = plain and folded.count(folded[index]) == 1 and folded[index] not in (COLOUR, GREY, MEAN)
        value = plain if speaks and not plain.isdecimal() else str(index)
        channels.append((value, f"{index + 1}: {plain or 'unnamed channel'}"))
    return channels


def _with_chosen(choices: list[Choice], chosen: str, remark: str) -> tuple[Choice, ...]:
    if chosen and all(choice.value.casefold() != chosen.casefold() for choice in choices):
        choices.append(Choice(chosen, f"{chosen} ({remark})"))
    return tuple(choices)
