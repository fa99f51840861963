"""A version's bundle over HTTP: the signed bytes, told to the trail, or none."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from api.bundles.verified import pieces, verified_file
from api.http.problems import Problem
from database.artifacts import CHUNK, ArtifactRepository
from database.driver.commands import DeleteMany, InsertMany, Op
from database.versions import ModelVersionRepository
from model.archive import unpack
from model.bundle import load_signed
from model.errors import CorruptArtifact, NotFound
from tests.api import bundles
from tests.api.conftest import World
from tests.api.server import Server, served
from tests.database.drivers import MongomockRegistry
from tests.disks import small_disk
from tests.trail import entries, settled

T = TypeVar("T")
ARTIFACTS = ArtifactRepository.collection


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        yield running


def test_the_bundle_is_the_signed_one_and_that_it_was_handed_out_is_in_the_trail(
    world: World, server: Server, tmp_path: Path
) -> None:
    answer = server.get("/models/v1/bundle")

    version = world.registry.run(ModelVersionRepository().get("v1"))
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == version.artifact
    digest = base64.b64encode(bytes.fromhex(version.artifact)).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-disposition"].endswith('filename="farol-pede_lag-v1.tar"')
    assert answer.headers["cache-control"] == "no-store"
    unpack(answer.content, tmp_path)
    load_signed(tmp_path, version.statement, version.signature, bundles.KEY)
    settled(world.home)
    newest = world.registry.run(entries())[0]
    assert (newest.action, newest.subject) == ("download", "bundle v1")


def test_bytes_that_are_not_the_signed_ones_are_refused_and_no_download_is_told(
    world: World, server: Server
) -> None:
    name = bundles.register(world.registry, bundles.archive(5.0))
    artifact = world.registry.run(ModelVersionRepository().get(name)).artifact
    tampered = world.registry.run(ArtifactRepository().stored(f"{artifact}:0"))
    assert tampered is not None
    world.registry.execute(DeleteMany(ARTIFACTS, {"artifact": artifact}))
    other = bytes(tampered["data"]).replace(b'"intercept"', b'"Intercept"')
    world.registry.execute(InsertMany(ARTIFACTS, [tampered | {"data": other}]))

    answer = server.get(f"/models/{name}/bundle")

    assert answer.status_code == 409
    assert "is not the one that was signed" in answer.json()["detail"]
    settled(world.home)
    assert f"bundle {name}" not in {one.subject for one in world.registry.run(entries())}


def test_a_version_that_somebody_put_into_the_registry_is_refused(
    world: World, server: Server
) -> None:
    known = world.registry.run(ModelVersionRepository().get("v1"))
    forged = world.registry.run(
        ModelVersionRepository().register(
            lambda n: replace(known, version=f"v{n}", number=n, signature="0" * 64)
        )
    )

    assert server.get(f"/models/{forged.version}/bundle").status_code == 409


class Registry:
    """A registry on an event loop."""

    def __init__(self) -> None:
        self.inner = MongomockRegistry("bundles")

    async def run(self, op: Op[T]) -> T:
        return self.inner.run(op)

    async def ping(self) -> None:
        return None


async def whole(registry: Registry, digest: str, folder: Path) -> bytes:
    file = await verified_file(registry, digest, folder)
    return b"".join([piece async for piece in pieces(file)])


def test_an_artifact_of_several_chunks_is_sent_whole_and_leaves_no_file(tmp_path: Path) -> None:
    registry, data = Registry(), bytes(range(256)) * (CHUNK // 256) + b"and more"
    digest = registry.inner.run(ArtifactRepository().put(data))

    assert asyncio.run(whole(registry, digest, tmp_path / "new")) == data
    assert list((tmp_path / "new").iterdir()) == []

    registry.inner.execute(DeleteMany(ARTIFACTS, {"index": 1}))
    with pytest.raises(NotFound, match="chunk 1"):
        asyncio.run(whole(registry, digest, tmp_path))


def test_chunks_that_do_not_make_the_digest_are_refused(tmp_path: Path) -> None:
    registry = Registry()
    digest = registry.inner.run(ArtifactRepository().put(b"one"))
    stored = registry.inner.run(ArtifactRepository().stored(f"{digest}:0"))
    assert stored is not None
    registry.inner.execute(DeleteMany(ARTIFACTS, {"artifact": digest}))
    registry.inner.execute(InsertMany(ARTIFACTS, [stored | {"data": b"two"}]))

    with pytest.raises(CorruptArtifact):
        asyncio.run(whole(registry, digest, tmp_path))


def test_a_disk_without_room_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    registry = Registry()
    digest = registry.inner.run(ArtifactRepository().put(b"\1" * (2 * CHUNK)))

    with small_disk(tmp_path / "disk", 1) as disk, pytest.raises(Problem) as refused:
        asyncio.run(whole(registry, digest, disk / "bundles"))

    assert refused.value.status == 507
