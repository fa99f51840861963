"""What is being done now: which request is answered, which run goes on, for which task.

Set once where it begins, read by whatever writes a line of the log meanwhile: in a thread, a
process and an asyncio task of its own each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("farol_request_id", default="")
RUN_ID: ContextVar[str] = ContextVar("farol_run_id", default="")
TASK: ContextVar[str] = ContextVar("farol_task", default="")
TRACE_ID: ContextVar[str] = ContextVar("farol_trace_id", default="")

NAMES: Mapping[str, ContextVar[str]] = {
    "request_id": REQUEST_ID, "run_id": RUN_ID, "task": TASK, "trace_id": TRACE_ID,
}  # fmt: skip
"""What each is called in a line of the log."""


def about() -> dict[str, str]:
    """What is known of what is being done, by the names of `NAMES`.

    >>> with doing(RUN_ID, "run-1"):
    ...     about()
    {'run_id': 'run-1'}
    """
    return {name: value for name, known in NAMES.items() if (value := known.get())}


@contextmanager
def doing(what: ContextVar[str], value: str) -> Iterator[None]:
    """Meanwhile that is what is being done."""
    token = what.set(value)
    try:
        yield
    finally:
        what.reset(token)
