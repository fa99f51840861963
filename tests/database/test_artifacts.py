"""Artifacts of real size, and damage that must be seen."""

from __future__ import annotations

import hashlib
import random

import pytest

from database.artifacts import CHUNK, ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany, Find, InsertMany
from model.errors import CorruptArtifact, NotFound

FORTY_MB = 40 * 1024 * 1024


@pytest.mark.slow
def test_forty_megabytes_come_back_and_one_flipped_byte_is_seen(registry: SyncRegistry) -> None:
    data = random.Random(1).randbytes(FORTY_MB)
    digest = registry.run(ArtifactRepository().put(data))

    assert registry.run(ArtifactRepository().get(digest)) == data

    _flip_a_byte(registry, f"{digest}:3")
    with pytest.raises(CorruptArtifact):
        registry.run(ArtifactRepository().get(digest))

    registry.run(ArtifactRepository().repair(data))
    assert hashlib.sha256(registry.run(ArtifactRepository().get(digest))).hexdigest() == digest


def test_a_put_that_died_half_way_is_not_found_until_it_is_put_again(
    registry: SyncRegistry,
) -> None:
    data = bytes(CHUNK) + b"the rest"
    half = ArtifactRepository().put(data)
    registry.execute(next(half))
    half.close()
    digest = hashlib.sha256(data).hexdigest()

    with pytest.raises(NotFound):
        registry.run(ArtifactRepository().get(digest))

    assert registry.run(ArtifactRepository().put(data)) == digest
    assert registry.run(ArtifactRepository().get(digest)) == data


def test_no_chunk_comes_near_the_limit_of_a_document() -> None:
    assert CHUNK <= 8 * 1024 * 1024


def _flip_a_byte(registry: SyncRegistry, chunk_id: str) -> None:
    (chunk,) = registry.execute(Find(ArtifactRepository.collection, {"_id": chunk_id}))
    data = bytearray(chunk["data"])
    data[1000] ^= 1
    registry.execute(DeleteMany(ArtifactRepository.collection, {"_id": chunk_id}))
    registry.execute(InsertMany(ArtifactRepository.collection, [chunk | {"data": bytes(data)}]))
