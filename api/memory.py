"""What the server asks of the system's own memory allocator."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
"""The number of this setting in glibc's malloc.h; see mallopt(3)."""
_ARENAS: Final = 2


def few_arenas() -> bool:
    """Makes threads share two pools of memory where the system is Linux with glibc; returns whether it did.

    By default each thread takes one of up to eight pools for each core, and memory that was given back to one of them
    stays there: a server whose many threads each hold a small store for a moment grew by 180 MB of such leftovers.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library has no such function
            return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS))
    return False
