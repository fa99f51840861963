"""A school file read by a process of its own, with bounds on what it may take.

Reading a table takes memory that Python does not give back, and a file may be made to break its
reader. A worker that answers predictions does neither: `python -m preprocessing.ingest` reads the
file from its standard input, and ends with the worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import orjson
from filelock import FileLock, Timeout

from api.answers.files import UploadAnswer
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


@dataclass(frozen=True, slots=True)
class Upload:
    """A school file as it was sent.

    Attributes:
        file: from its beginning.
        name: what it is called.
        period: of tables whose name and columns do not tell it.
        units: the only units whose rows are read; all, where none is named.
        sent_by: the name of the key.
        keep: put it into the registry, or only say what would be read.
    """

    file: BinaryIO
    name: str
    period: str | None
    units: tuple[str, ...]
    sent_by: str
    keep: bool


async def read_upload(upload: Upload, task: str, folder: Path) -> UploadAnswer:
    """The account of a file.

    Args:
        upload: the file.
        task: the name of the task that it is of.
        folder: where the host keeps the lock.

    Raises:
        Problem: 422, no table of the task, or more than its reader may take or tell; 503, it
            could not be kept.
        Overloaded: other files are being read.
    """
    async with _turn(folder):
        code, said = await _run(upload, task)
    account = _account(said)
    if account is None:
        raise _broken(code, upload)
    if not account["tables"]:
        raise Problem.of_field("body", " | ".join(account["refused"]))
    return account


def command(upload: Upload, task: str) -> list[str]:
    """What reads the file from standard input; `deployment.following` ends it with the worker."""
    options = ["--task", task, "--json", "--name", upload.name, "--by", upload.sent_by]
    if upload.period is not None:
        options += ["--period", upload.period]
    if not upload.keep:
        options.append("--preview")
    for unit in upload.units:
        options += ["--unit", unit]
    following = [sys.executable, "-m", "deployment.following", str(os.getpid())]
    # A name may begin with a dash: every value stands with its option.
    joined = _joined(options)
    return [*following, sys.executable, "-m", "preprocessing.ingest", *joined, "-"]


def _joined(options: Sequence[str]) -> list[str]:
    """Options with their values as one word each.

    >>> _joined(["--json", "--name", "-x.csv"])
    ['--json', '--name=-x.csv']
    """
    words: list[str] = []
    takes_value = {"--task", "--name", "--by", "--period", "--unit"}
    rest = iter(options)
    for one in rest:
        words.append(f"{one}={next(rest)}" if one in takes_value else one)
    return words


async def _run(upload: Upload, task: str) -> tuple[int, bytes]:
    child = await asyncio.create_subprocess_exec(
        *command(upload, task),
        stdin=upload.file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _bound(child.pid)
        async with asyncio.timeout(SECONDS):
            said, complained = await asyncio.gather(_said(child.stdout), _said(child.stderr))
            await child.wait()
    except TimeoutError as error:
        raise Problem.of_field(
            "body", f"takes longer than {SECONDS:.0f} seconds to read; split it"
        ) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    for line in complained.decode(errors="replace").splitlines():
        # Our own lines name no student; a trace may.
        if line.startswith("ingest: "):
            _log.warning("%s", line)
    return child.returncode or 0, said


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


def _account(said: bytes) -> UploadAnswer | None:
    try:
        account: UploadAnswer = orjson.loads(said)
    except orjson.JSONDecodeError:
        return None
    return account


def _broken(code: int, upload: Upload) -> Problem:
    """What to tell of a reader that ended without an account."""
    _log.error("the reader of a school file ended with %d", code)
    if code < 0 or not upload.keep:
        return Problem.of_field(
            "body",
            f"could not be read: its reader broke, or needed more than {MEMORY // MEGABYTE} MB; "
            "save the table alone as a new file",
        )
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The file could not be kept. Send it again: that repairs what was begun.",
        retry_after=5,
    )


@asynccontextmanager
async def _turn(folder: Path) -> AsyncIterator[None]:
    """One file at a time on this host."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, thread_local=False)
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
