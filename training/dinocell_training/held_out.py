"""Pictures a model is scored on and never taught: chosen once, written down, and kept for ever.

The list stands in the run folder before the first step and in the model folder afterwards, and a model
made from such a model honours it. Pictures are recognised by what they show, not by their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.imaging.reading import open_image
from dinocell_training.splitting import content_hash

HELD_OUT_NAME = "held_out.json"


@dataclass(frozen=True)
class HeldOutPicture:
    """A picture that is not taught.

    Parameters
    ----------
    content : str
        `picture_hash` of it.
    """

    path: Path
    content: str
    labels: Path


@dataclass(frozen=True)
class HeldOut:
    """All that is known to be held out.

    Parameters
    ----------
    pictures : tuple of HeldOutPicture
        Those of this run.
    inherited : frozenset of str
        Contents that models this one is made from were scored on.
    taught : frozenset of str
        Contents that this model and those it is made from were taught: a score on them would flatter it.
    turns : tuple of tuple of str
        Contents that each model of a training judged in turns was scored on; they are taught in the end.
    """

    pictures: tuple[HeldOutPicture, ...] = ()
    inherited: frozenset[str] = frozenset()
    taught: frozenset[str] = frozenset()
    turns: tuple[tuple[str, ...], ...] = ()

    @property
    def contents(self) -> frozenset[str]:
        """Everything that must not be taught."""
        return self.inherited | {picture.content for picture in self.pictures}

    def write(self, folder: Path) -> None:
        """Write the list into a run folder or a model folder."""
        write_json(
            folder / HELD_OUT_NAME,
            {
                "schema_version": 1,
                "pictures": [
                    {"path": str(each.path), "content": each.content, "labels": str(each.labels)}
                    for each in self.pictures
                ],
                "inherited": sorted(self.inherited),
                "taught": sorted(self.taught),
                "turns": [list(group) for group in self.turns],
            },
        )

    @classmethod
    def read(cls, folder: Path) -> HeldOut | None:
        """Read the list of a run folder or a model folder.

        Returns
        -------
        HeldOut or None
            None when there is no list.

        Raises
        ------
        UnreadableFileError
            If the list is damaged: pictures that were held out would be taught.
        """
        path = folder / HELD_OUT_NAME
        if not path.exists():
            return None
        try:
            content = parse_json(path.read_text(encoding="utf-8"))
            pictures = tuple(
                HeldOutPicture(Path(each["path"]), str(each["content"]), Path(each["labels"]))
                for each in content["pictures"]
            )
            return cls(
                pictures,
                frozenset(map(str, content["inherited"])),
                frozenset(map(str, content.get("taught", ()))),
                tuple(tuple(map(str, group)) for group in content.get("turns", ())),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableFileError(
                "The list of held-out pictures is damaged",
                path=path,
                remedy="Restore it from a copy, or begin in a new run folder, with another base model",
            ) from error


def picture_hash(path: Path) -> str:
    """Fingerprint of what a file shows: its first plane with all channels.

    Returns
    -------
    str
        Equal for a copy, and for the same pixels in another format; a grey picture stored as colours
        counts as grey.

    Raises
    ------
    UserFacingError
        If the file cannot be read.
    """
    with open_image(path) as reader:
        planes = [reader.read_plane(0, 0, channel) for channel in range(reader.metadata.n_channels)]
    one = len(planes) == 1 or all(np.array_equal(planes[0], plane) for plane in planes[1:])
    return content_hash(planes[0] if one else np.stack(planes))
