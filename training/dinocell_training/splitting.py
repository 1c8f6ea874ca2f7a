"""Training and held-out images: split by image, never by crop, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Split(Generic[Item]):
    """Items to learn from and items to score on; no picture is on both sides.

    Parameters
    ----------
    training, held_out : tuple
        The two sides, each in the order in which the items were given.
    """

    training: tuple[Item, ...]
    held_out: tuple[Item, ...]


def content_hash(pixels: NDArray[Any]) -> str:
    """Fingerprint of a picture that does not depend on file name, format or byte order.

    Parameters
    ----------
    pixels : ndarray
        The decoded picture.

    Returns
    -------
    str
        64 hexadecimal digits; equal for equal shape, type of number and values.
    """
    little_endian = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{little_endian.dtype.str}{little_endian.shape}".encode())
    digest.update(little_endian.tobytes())
    return digest.hexdigest()


def ranked_contents(fingerprints: Sequence[str], seed: int) -> list[str]:
    """Put distinct contents into an order that neither names nor the order of files influence.

    Parameters
    ----------
    seed : int
        Another seed gives another order.

    Returns
    -------
    list of str
        Each content once.
    """
    return sorted(
        set(fingerprints), key=lambda content: hashlib.sha256(f"{seed}:{content}".encode()).digest()
    )


def split_by_content(
    items: Sequence[Item],
    fingerprint: Callable[[Item], str],
    *,
    held_out_fraction: float = 0.1,
    seed: int = 0,
) -> Split[Item]:
    """Hold out a share of the pictures, chosen by what they show.

    Each distinct content is ranked by a hash of the seed and its fingerprint, and the first ranks
    are held out. Items of equal content go to one side together, names and order have no
    influence, and at least one picture is on each side.

    Parameters
    ----------
    items : sequence
        For example `LabelledPair`.
    fingerprint : callable
        Gives `content_hash` of an item's picture.
    held_out_fraction : float, default 0.1
        Share of distinct pictures to hold out, between 0 and 1; rounded, but never to none and
        never to all.
    seed : int, default 0
        Another seed gives another split.

    Returns
    -------
    Split
        The two sides.

    Raises
    ------
    InvalidParameterError
        If there are fewer than two different pictures or the fraction is not between 0 and 1.
    """
    if not 0 < held_out_fraction < 1:
        raise InvalidParameterError(
            f"The share of held-out images must lie between 0 and 1, not at {held_out_fraction}",
            remedy="Give for example 0.1",
        )
    fingerprints = [fingerprint(item) for item in items]
    ranked = ranked_contents(fingerprints, seed)
    if len(ranked) < 2:
        raise InvalidParameterError(
            f"{len(items)} labelled images show {len(ranked)} different pictures, and one has to be held out "
            "for scoring",
            remedy="Add at least one more labelled image",
        )
    n_held_out = min(max(1, round(held_out_fraction * len(ranked))), len(ranked) - 1)
    held_out = set(ranked[:n_held_out])
    return Split(
        training=tuple(item for item, c in zip(items, fingerprints, strict=True) if c not in held_out),
        held_out=tuple(item for item, c in zip(items, fingerprints, strict=True) if c in held_out),
    )
