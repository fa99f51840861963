"""Bytes by their SHA-256, in chunks far below MongoDB's 16 MB per document."""

from __future__ import annotations

import hashlib

from database.driver.commands import Document, Find, Op
from database.repository import Documents
from model.errors import CorruptArtifact, NotFound

CHUNK = 4 * 1024 * 1024
"""Bytes per chunk; the embedded server keeps bytes as base64, a third longer."""


class ArtifactRepository(Documents):
    """Bundles and lists of training records, as bytes."""

    collection = "artifacts"
    indexes = ([("artifact", 1)],)  # repair, remove

    def put(self, data: bytes) -> Op[str]:
        """Stores bytes and gives their SHA-256, hex; the same bytes are stored once.

        A put that died half way is completed by putting the same bytes again.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        digest = hashlib.sha256(data).hexdigest()
        for document in _chunks(digest, data):
            yield from self._add(document)
        return digest

    def get(self, digest: str) -> Op[bytes]:
        """The bytes of that SHA-256, verified.

        Raises:
            NotFound: no such artifact, or not all of it.
            CorruptArtifact: what is stored does not have that digest.
        """
        first, chunks = yield from self.part(digest, 0)
        parts = [first]
        for index in range(1, chunks):
            part, _ = yield from self.part(digest, index)
            parts.append(part)
        data = b"".join(parts)
        if hashlib.sha256(data).hexdigest() != digest:
            raise CorruptArtifact(f"artifact {digest}: the stored bytes have another digest")
        return data

    def part(self, digest: str, index: int) -> Op[tuple[bytes, int]]:
        """One piece of what is stored under a SHA-256, and how many there are; not verified.

        For who has no memory for the whole, and hashes the pieces one by one.

        Raises:
            NotFound: no such piece.
        """
        chunk = yield from self._chunk(digest, index)
        return chunk["data"], chunk["chunks"]

    def repair(self, data: bytes) -> Op[str]:
        """Puts good bytes in the place of whatever is stored under their digest.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._delete({"artifact": hashlib.sha256(data).hexdigest()})
        return (yield from self.put(data))

    def digests(self) -> Op[set[str]]:
        """The SHA-256 of everything that is stored, whole or in part; reads every document.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {}, fields=["artifact"])
        return {row["artifact"] for row in found}

    def remove(self, digest: str) -> Op[int]:
        """Removes what is stored under a SHA-256; gives how many documents it was.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._delete({"artifact": digest}))

    def _chunk(self, digest: str, index: int) -> Op[Document]:
        chunk = yield from self.stored(f"{digest}:{index}")
        if chunk is None:
            raise NotFound(f"artifact {digest}: chunk {index} is not there")
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
