"""What folders of images are called in a model's card: by the part of their path that tells them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_SAYS_NOTHING = re.compile(
    "data(set)?s?|ima?ge?s?|labels?|masks?|new|original|raw|segmentation|test(ing)?|tiff?|train(ing)?|"
    "val(id(ation)?)?"
)


def data_names(folders: Sequence[Path]) -> dict[Path, str]:
    """Name folders, each by a name of its own.

    Parameters
    ----------
    folders : sequence of Path
        Absolute.

    Returns
    -------
    dict of Path to str
        The end of each path, from the last part that says what it is about, as in ``nelson_phase/train``, or
        from further up where two folders would be called the same.
    """
    distinct = list(dict.fromkeys(folders))
    lengths = {folder: _telling_length(folder) for folder in distinct}
    while True:
        names = {folder: "/".join(_parts(folder)[-lengths[folder] :]) for folder in distinct}
        counts = Counter(names.values())
        longer = [f for f in distinct if counts[names[f]] > 1 and lengths[f] < len(_parts(f))]
        if not longer:
            return names
        for folder in longer:
            lengths[folder] += 1


def _parts(folder: Path) -> tuple[str, ...]:
    return tuple(part for part in folder.parts if part != folder.anchor) or (str(folder),)


def _telling_length(folder: Path) -> int:
    for length, part in enumerate(reversed(_parts(folder)), start=1):
        if not _SAYS_NOTHING.fullmatch(part.lower()):
            return length
    return 1
