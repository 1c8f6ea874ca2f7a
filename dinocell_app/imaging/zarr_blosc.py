"""Chunks packed with Blosc, looked at before they are unpacked: the library believes what they say.

A chunk whose header names more bytes than it has makes the library read beyond its end, and ends the process.
"""

from __future__ import annotations

import struct
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from dinocell_app.imaging.zarr_chunks import MOST_CHUNK_BYTES

_HEADER = struct.Struct("<4BIII")


@cache
def use_checked_blosc() -> None:
    """Let zarr unpack Blosc, in either format, through a codec that looks at the header first."""
    numcodecs: Any = import_module("numcodecs")
    checked = _checked(numcodecs.Blosc)
    numcodecs.register_codec(checked)
    try:
        from zarr import config
        from zarr.codecs import BloscCodec
        from zarr.registry import register_codec
    except ImportError:  # zarr 2, which knows format 2 alone
        return

    class CheckedBloscCodec(BloscCodec):
        """As in zarr, with the codec that looks first."""

        @cached_property
        def _blosc_codec(self) -> Any:  # noqa: ANN401 - numcodecs has no types
            chosen = super()._blosc_codec.get_config()
            return checked(**{name: value for name, value in chosen.items() if name != "id"})

    # zarr finds a codec by the name of its class.
    CheckedBloscCodec.__module__, CheckedBloscCodec.__qualname__ = __name__, "CheckedBloscCodec"
    register_codec("blosc", CheckedBloscCodec)
    config.set({"codecs.blosc": f"{__name__}.CheckedBloscCodec"})


def check_header(packed: Any) -> None:  # noqa: ANN401 - bytes or what holds them
    """Refuse a chunk whose header does not fit its length.

    Parameters
    ----------
    packed : bytes-like
        A chunk as it is stored.

    Raises
    ------
    ValueError
        If it is too short for what it says.
    """
    view = memoryview(packed).cast("B")
    if len(view) < _HEADER.size:
        raise ValueError("a chunk ends inside its header")
    *_, n_bytes, _, n_packed = _HEADER.unpack_from(view)
    if n_packed > len(view) or n_bytes > MOST_CHUNK_BYTES:
        raise ValueError(f"a chunk of {len(view)} bytes claims {n_packed}, unpacked {n_bytes}")


def _checked(blosc: Any) -> Any:  # noqa: ANN401 - numcodecs has no types
    class CheckedBlosc(blosc):
        """As in numcodecs, after a look at the header."""

        def decode(self, buf: Any, out: Any = None) -> Any:  # noqa: ANN401
            check_header(buf)
            return super().decode(buf, out)

    return CheckedBlosc
