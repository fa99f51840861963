"""Stored bytes in a file of this host, once all of them are known to be the ones that are named."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from api.http.problems import Problem
from api.registry import Registry
from database.artifacts import ArtifactRepository
from model.errors import CorruptArtifact

PIECE = 256 * 1024
"""Bytes that are sent at a time."""


async def verified_file(registry: Registry, digest: str, folder: Path) -> BinaryIO:
    """An artifact in a file that has no name, so that it goes with the process that holds it.

    What was hashed is what is sent: were it hashed and then read again, it could change between.

    Args:
        registry: the task's.
        digest: its SHA-256, hex.
        folder: on whose disk it lies; made if need be.

    Raises:
        CorruptArtifact: what is stored has another digest.
        NotFound: it is not there, or not all of it.
        RegistryUnavailable: nobody answers.
        Problem: 507, the disk has no room for it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  `pieces` closes it
    except OSError as error:
        raise _no_room(error) from error
    try:
        await _write(registry, digest, file)
    except OSError as error:
        file.close()
        raise _no_room(error) from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _write(registry: Registry, digest: str, file: BinaryIO) -> None:
    found, index, chunks = hashlib.sha256(), 0, 1
    while index < chunks:
        data, chunks = await registry.run(ArtifactRepository().part(digest, index))
        found.update(data)
        await asyncio.to_thread(file.write, data)
        index += 1
    if found.hexdigest() != digest:
        raise CorruptArtifact(f"artifact {digest}: the stored bytes have another digest")
    await asyncio.to_thread(file.flush)


async def pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """A file from its beginning, which is closed after its last byte, or when nobody reads on."""
    with file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


def _no_room(error: OSError) -> Problem:
    return Problem(
        HTTPStatus.INSUFFICIENT_STORAGE, f"FAROL_HOME cannot hold the bundle: {error.strerror}"
    )
