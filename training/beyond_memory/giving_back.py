"""Memory that is free within this process, given back to the system.

What read and encoded the rows leaves some 60 MB behind, free and in small pieces, beside which the
bins would not fit where a worker may have 600 MB.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc

import pyarrow


def give_back() -> None:
    """Gives back what Arrow's allocator and the C library hold; where they cannot, nothing."""
    gc.collect()
    pyarrow.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError, TypeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)
