"""How images are shown: colour and contrast of each channel, and the plane looked at last."""

from __future__ import annotations

from collections.abc import Sequence

from dinocell_app.project.database import Database
from dinocell_app.project.images import ImageTable
from dinocell_app.project.records import ChannelDisplay

_GREY = "#ffffff"
_RGB = ("#ff0000", "#00ff00", "#0000ff")
_COLOURS = ("#00ff00", "#ff00ff", "#00ffff", "#ffff00", "#ff0000", "#0000ff")
_BLUE = "#3c78ff"
_NUCLEAR_STAINS = ("dapi", "hoechst", "nucle")


class DisplayTable:
    """How the images of a project are shown."""

    def __init__(self, database: Database, images: ImageTable) -> None:
        self._database = database
        self._images = images

    def get(self, image_id: int) -> tuple[ChannelDisplay, ...]:
        """Say how the channels of an image are shown.

        Returns
        -------
        tuple of ChannelDisplay
            One for each channel; those nobody chose are as in `default_displays`.
        """
        image = self._images.get(image_id)
        rows = self._database.rows("SELECT * FROM channel_displays WHERE image_id = ?", (image_id,))
        chosen = {
            row["channel"]: ChannelDisplay(
                row["channel"], bool(row["visible"]), row["colour"], row["low"], row["high"]
            )
            for row in rows
        }
        defaults = default_displays(image.n_channels, image.channel_names, is_rgb=image.is_rgb)
        return tuple(chosen.get(display.channel, display) for display in defaults)

    def set(self, image_ids: Sequence[int], displays: Sequence[ChannelDisplay]) -> None:
        """Keep how channels are shown, for several images at once.

        Parameters
        ----------
        displays : sequence of ChannelDisplay
            Channels that are not among them stay as they are.
        """
        self._database.change_all(
            "INSERT OR REPLACE INTO channel_displays VALUES (?, ?, ?, ?, ?, ?)",
            [
                (image_id, display.channel, display.visible, display.colour, display.low, display.high)
                for image_id in image_ids
                for display in displays
            ],
        )

    def plane(self, image_id: int) -> tuple[int, int]:
        """Say which plane of an image was looked at last.

        Returns
        -------
        t, z : int
            Counted from 0, within the image.
        """
        row = self._database.row(
            "SELECT min(shown_time, n_times - 1), min(shown_slice, n_slices - 1) FROM images WHERE id = ?",
            (image_id,),
        )
        return (0, 0) if row is None else (row[0], row[1])

    def set_plane(self, image_id: int, t: int, z: int) -> None:
        """Keep which plane of an image is looked at.

        Parameters
        ----------
        t, z : int
            Counted from 0.
        """
        self._database.change(
            "UPDATE images SET shown_time = ?, shown_slice = ? WHERE id = ?", (t, z, image_id)
        )


def default_displays(
    n_channels: int, names: Sequence[str] = (), *, is_rgb: bool = False
) -> tuple[ChannelDisplay, ...]:
    """Choose how channels are shown before anybody has.

    Parameters
    ----------
    names : sequence of str
        Channels named after a stain of nuclei are blue.

    Returns
    -------
    tuple of ChannelDisplay
        All visible, contrast by the image: white for one channel, red, green and blue for a colour
        picture, else a colour each.
    """
    if n_channels == 1:
        return (ChannelDisplay(0, True, _GREY),)
    displays, used = [], 0
    for channel in range(n_channels):
        name = names[channel].casefold() if channel < len(names) else ""
        if is_rgb:
            colour = _RGB[channel % len(_RGB)]
        elif any(stain in name for stain in _NUCLEAR_STAINS):
            colour = _BLUE
        else:
            colour = _COLOURS[used % len(_COLOURS)]
            used += 1
        displays.append(ChannelDisplay(channel, True, colour))
    return tuple(displays)
