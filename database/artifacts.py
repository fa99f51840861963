"""Bytes by their SHA-256, in chunks far below MongoDB's 16 MB a document."""

from __future__ import annotations

import hashlib
from typing import Any

from database.driver.commands import DeleteMany, Document, Find, InsertMany, Op
from model.errors import CorruptArtifact, NotFound

COLLECTION = "artifacts"
CHUNK = 4 * 1024 * 1024
"""Bytes a chunk; the embedded server keeps bytes as base64, a third longer."""


def put(data: bytes) -> Op[str]:
    """Stores bytes and gives their SHA-256, hex; the same bytes are stored once.

    A put that died half way is completed by putting the same bytes again.
    """
    digest = hashlib.sha256(data).hexdigest()
    for document in _chunks(digest, data):
        yield InsertMany(COLLECTION, [document])
    return digest


def get(digest: str) -> Op[bytes]:
    """The bytes of that SHA-256, verified.

    Raises:
        NotFound: no such artifact, or not all of it.
        CorruptArtifact: what is stored does not have that digest.
    """
    first = yield from _chunk(digest, 0)
    parts: list[bytes] = [first["data"]]
    for index in range(1, first["chunks"]):
        chunk = yield from _chunk(digest, index)
        parts.append(chunk["data"])
    data = b"".join(parts)
    if hashlib.sha256(data).hexdigest() != digest:
        raise CorruptArtifact(f"artifact {digest}: the stored bytes have another digest")
    return data


def repair(data: bytes) -> Op[str]:
    """Puts good bytes in the place of whatever is stored under their digest."""
    yield DeleteMany(COLLECTION, {"artifact": hashlib.sha256(data).hexdigest()})
    digest = yield from put(data)
    return digest


def _chunk(digest: str, index: int) -> Op[dict[str, Any]]:
    found = yield Find(COLLECTION, {"_id": f"{digest}:{index}"})
    if not found:
        raise NotFound(f"artifact {digest}: chunk {index} is not there")
    chunk: dict[str, Any] = found[0]
    return chunk


def _chunks(digest: str, data: bytes) -> list[Document]:
    starts = range(0, max(len(data), 1), CHUNK)
    return [
        {
            "_id": f"{digest}:{index}",
            "artifact": digest,
            "index": index,
            "chunks": len(starts),
            "data": data[start : start + CHUNK],
        }
        for index, start in enumerate(starts)
    ]
