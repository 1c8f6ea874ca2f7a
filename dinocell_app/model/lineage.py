"""What a model was made from, and what was made from it."""

from __future__ import annotations

from collections.abc import Sequence

from dinocell_app.model.catalogue import CatalogueEntry
from dinocell_app.model.manifest import Manifest

_DIGITS = 12
"""Of a checksum in a lineage: enough to tell models apart, and short enough to read."""


def lineage_of_child(manifest: Manifest) -> tuple[str, ...]:
    """Give the lineage of a model that is made from another.

    Parameters
    ----------
    manifest : Manifest
        Of the model that it is made from.

    Returns
    -------
    tuple of str
        The oldest first; each with the beginning of the checksum of its weights, which stays right when a
        model is renamed.
    """
    return (*manifest.lineage, f"{manifest.id} {_mark(manifest)}")


def parent_of(manifest: Manifest, entries: Sequence[CatalogueEntry]) -> CatalogueEntry | None:
    """Find the model that one was made from.

    Parameters
    ----------
    entries : sequence of CatalogueEntry
        The models at hand.

    Returns
    -------
    CatalogueEntry or None
        None if it was made from nothing or from a model that is not at hand.
    """
    last = manifest.lineage[-1] if manifest.lineage else ""
    return next((entry for entry in entries if _is_named(entry.manifest, last)), None)


def made_from(manifest: Manifest, entries: Sequence[CatalogueEntry]) -> tuple[CatalogueEntry, ...]:
    """Find the models that were made from one, directly or through others.

    Parameters
    ----------
    entries : sequence of CatalogueEntry
        The models at hand.
    """
    return tuple(
        entry
        for entry in entries
        if any(_is_named(manifest, ancestor) for ancestor in entry.manifest.lineage)
    )


def _mark(manifest: Manifest) -> str:
    return f"(sha256 {manifest.sha256[:_DIGITS]})"


def _is_named(manifest: Manifest, ancestor: str) -> bool:
    return bool(manifest.sha256) and _mark(manifest) in ancestor
