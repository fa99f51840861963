"""What a worker that answers predictions does not do itself: a process of its own does it.

Reading a table takes memory that Python does not give back, and a file may be made to break its
reader. The process has bounds on what it may take, and ends with the worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from api.durability.storage import MEGABYTE
from api.http.problems import Problem
from model.errors import Overloaded

SECONDS = 300.0
MEMORY = 2_048 * MEGABYTE
WAIT_SECONDS = 30.0
"""How long a file waits for the one before it; a host reads one at a time."""

MOST_SAID = 32 * MEGABYTE
"""Of an account: what the reader says is held by the worker, whatever the reader may hold."""

LOCK = "reading.lock"

_log = logging.getLogger(__name__)


def command(*words: str) -> list[str]:
    """A module of ours with its options; `deployment.following` ends it with the worker."""
    following = [sys.executable, "-m", "deployment.following", str(os.getpid())]
    return [*following, sys.executable, "-m", *words]


async def run_apart(
    words: Sequence[str], sent: BinaryIO | bytes, complains: str
) -> tuple[int, bytes]:
    """Runs a process; gives its exit code and what it said.

    Args:
        words: the command.
        sent: its standard input.
        complains: what its lines on standard error begin with that go into our log.

    Raises:
        TimeoutError: it takes too long.
        Problem: 422, it says more than a worker holds.
    """
    child = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE if isinstance(sent, bytes) else sent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _bound(child.pid)
        async with asyncio.timeout(SECONDS):
            said, complained, _ = await asyncio.gather(
                _said(child.stdout), _said(child.stderr), _told(child.stdin, sent)
            )
            await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    for line in complained.decode(errors="replace").splitlines():
        # Our own lines name no student; a trace may.
        if line.startswith(complains):
            _log.warning("%s", line)
    return child.returncode or 0, said


async def _told(pipe: asyncio.StreamWriter | None, sent: BinaryIO | bytes) -> None:
    if pipe is None or not isinstance(sent, bytes):
        return
    try:
        pipe.write(sent)
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # It has ended already, and its exit code tells how.
    finally:
        pipe.close()


async def _said(pipe: asyncio.StreamReader | None) -> bytes:
    """What came through a pipe.

    Raises:
        Problem: 422, more than a worker holds of it.
    """
    said = bytearray()
    while pipe is not None and (part := await pipe.read(MEGABYTE)):
        said += part
        if len(said) > MOST_SAID:
            raise Problem.of_field(
                "body", "has more columns and periods than can be told; split it"
            )
    return bytes(said)


def _bound(pid: int) -> None:
    """Bounds the memory of a process, where the system can (Linux)."""
    if hasattr(resource, "prlimit"):
        try:
            resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
        except ProcessLookupError:
            return  # It has ended already, and its exit code tells how.


@asynccontextmanager
async def turn(folder: Path, name: str = LOCK) -> AsyncIterator[None]:
    """One file at a time on this host, of those who wait for the same lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / name, thread_local=False)
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_SECONDS
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout as error:
            if loop.time() > until:
                raise Overloaded("Another file is being read; send this one again.") from error
        await asyncio.sleep(0.2)
    try:
        yield
    finally:
        lock.release()
