"""Loops that run beside the requests for as long as the worker lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from api.http.problems import log_unexpected
from model.errors import RegistryError, RegistryUnavailable

PAUSE_SECONDS = 1.0
STOP_SECONDS = 0.2

Work = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


class Turns:
    """What became of a loop's turns: a failure is logged once, and told until a turn succeeds.

    Args:
        about: what does not happen while turns fail.

    Attributes:
        fault: why the last turn failed; empty where it did not, or the registry is away, which
            `/health` tells of the registry itself.
    """

    def __init__(self, about: str) -> None:
        self.fault = ""
        self._about = about
        self._told = ""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Runs one turn; what the registry or the disk refuses is tried again at the next one."""
        try:
            yield
        except RegistryUnavailable as error:
            self._tell(str(error), fault=False)
        except RegistryError as error:
            self._tell(str(error))
        except OSError as error:
            self._tell(error.strerror or type(error).__name__)
        except Exception as error:
            self.fault = f"{self._about}: {type(error).__name__}"
            raise
        else:
            self.fault = self._told = ""

    def _tell(self, reason: str, *, fault: bool = True) -> None:
        told = f"{self._about}: {reason}"
        if told != self._told:
            _log.warning("%s", told)
        self._told = told
        self.fault = told if fault else ""


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
