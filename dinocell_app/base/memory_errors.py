"""Whether memory ran out, told without importing what ran out of it."""

from __future__ import annotations

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a device ran out of memory.

    Returns
    -------
    bool
        CUDA has a class for it, a RuntimeError; MPS and the processor's allocator only say so.
    """
    if not isinstance(error, RuntimeError):
        return False
    return type(error).__name__ == "OutOfMemoryError" or any(sign in str(error) for sign in _SIGNS)
