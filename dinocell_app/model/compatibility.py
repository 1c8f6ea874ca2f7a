"""Whether a model fits this version of the application, in a sentence."""

from __future__ import annotations

import re

from dinocell_app import __version__
from dinocell_app.model.manifest import Manifest


def compatibility_sentence(manifest: Manifest) -> str:
    """Say whether a model can be used here.

    A manifest that can be read at all describes a network that this version knows: what it does not know is
    refused by `read_manifest`.
    """
    made_with = manifest.library_versions.get("dinocell-app", "")
    uses = "It segments" if not manifest.needs_teaching else "It can be taught, and segments after that,"
    if not made_with:
        return f"{uses} with this version of the application ({__version__}); its own is not recorded."
    if _numbers(made_with) > _numbers(__version__):
        return (
            f"{uses} with this version of the application ({__version__}), but was made with a newer one "
            f"({made_with}): update before you compare scores."
        )
    return f"{uses} with this version of the application ({__version__}); it was made with {made_with}."


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3])
