"""A request's body in a file of its own, whatever its size."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from starlette.types import Receive

from api.durability.storage import LITTLE, MEGABYTE
from api.http.body import SECONDS, Disconnected, Progress
from api.http.problems import Problem

PART = 4 * MEGABYTE
"""Bytes that are written at a time."""

RESERVE = 2 * LITTLE
"""Free bytes that a body leaves: records and the registry need them."""


async def spooled(
    receive: Receive, folder: Path, announced: int = 0, *, largest: int | None = None
) -> BinaryIO:
    """The whole body in a file that has no name, so that it goes with the process that holds it.

    Args:
        receive: the request's messages.
        folder: on whose disk it lies; made if need be.
        announced: bytes that the caller says will come.
        largest: bytes at most; None is what the disk has room for.

    Raises:
        Problem: 408, it comes too slowly; 413, it is too long; 507, the disk has no room for it.
        Disconnected: nobody is there to answer.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_size(announced, largest)
    _check_room(folder, announced)
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the job that reads it closes it
    try:
        async with asyncio.timeout(SECONDS) as clock:
            progress = Progress()
            progress.clock = clock
            await _write(receive, folder, file, progress, largest)
    except TimeoutError as error:
        file.close()
        raise Problem.of_field("body", "came too slowly", status=408) from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _write(
    receive: Receive, folder: Path, file: BinaryIO, progress: Progress, largest: int | None
) -> None:
    part = bytearray()
    more, size = True, 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part += message.get("body", b"")
        size += len(message.get("body", b""))
        _check_size(size, largest)
        progress.came(len(message.get("body", b"")))
        more = bool(message.get("more_body"))
        if len(part) >= PART or not more:
            _check_room(folder, len(part))
            try:
                await asyncio.to_thread(file.write, bytes(part))
            except OSError as error:
                raise _full(error.strerror or "it cannot be written") from error
            part.clear()
    await asyncio.to_thread(file.flush)


def _check_size(size: int, largest: int | None) -> None:
    if largest is not None and size > largest:
        raise Problem.of_field("body", f"must be at most {largest // MEGABYTE} MB", 413)


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < RESERVE + size:
        raise _full(
            f"{free // MEGABYTE} MB are free in FAROL_HOME, {RESERVE // MEGABYTE} MB of which are "
            "kept for records"
        )


def _full(reason: str) -> Problem:
    status = HTTPStatus.INSUFFICIENT_STORAGE
    return Problem.of_field("body", f"finds no room on the disk: {reason}", status)
