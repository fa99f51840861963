"""Python's cycle collector, kept quiet while many documents are made.

Documents and records are trees: none of them is ever in a cycle. But each few thousand of them make
the collector look, now and then at every one there is, which takes a fifth of the time it takes to
read 100,000 labels. Reference counting frees what it frees all the same.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No collection of cycles inside.

    The collector is one a process. Whoever found it running starts it again, so it runs at the end
    whatever the threads that were in here at one time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
