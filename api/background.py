"""Loops that run beside the requests for as long as the worker lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from api.http.problems import log_unexpected

PAUSE_SECONDS = 1.0
STOP_SECONDS = 0.2

Work = Callable[[], Awaitable[None]]


@asynccontextmanager
async def running(*works: Work) -> AsyncIterator[None]:
    """Runs each beside the block, and stops it afterwards."""
    tasks = [asyncio.create_task(_kept_running(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            await _stop(task)


async def _kept_running(work: Work) -> None:
    """Starts a loop again that failed in a way nobody foresaw: without it the worker is deaf."""
    while True:
        try:
            await work()
            return
        except Exception as error:  # noqa: BLE001  logged, and tried again
            log_unexpected(error)
            await asyncio.sleep(PAUSE_SECONDS)


async def _stop(task: asyncio.Task[None]) -> None:
    # Python 3.11's `wait_for`, which the driver uses, may swallow a cancellation:
    # https://github.com/python/cpython/issues/86296
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS)
