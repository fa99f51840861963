"""What a registry that somebody else can write to cannot do with keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from api.http.problems import Problem
from api.key_trust import KeyTrust
from api.security import KeyRing
from database.api_keys import SUBJECT, ApiKeyRepository, KeyAdoptionRepository
from database.driver.commands import DeleteMany, Document, Op, Replace, ReplaceMany
from database.mapping.documents import to_document
from model.access import ApiKey, Scope
from model.trust.key_file import KeyFile
from model.trust.key_seal import digest_of, sealed
from model.trust.tombstone import TombstoneKey
from tests.database.drivers import MongomockRegistry
from tests.trail import entries

T = TypeVar("T")
KEY = b"the installation's"
DATA = TombstoneKey(b"the data key")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "farol_secret"


class Direct:
    """The in-memory registry, asked as the API asks."""

    def __init__(self) -> None:
        self.inner = MongomockRegistry("keys")

    async def run(self, op: Op[T]) -> T:
        return self.inner.run(op)

    async def ping(self) -> None:
        pass

    async def close(self) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[Direct]:
    yield Direct()


def key_of(secret: str, *scopes: Scope, key_id: str = "k1") -> ApiKey:
    return ApiKey(key_id, "school", digest_of(secret), frozenset(scopes), NOW)


def put_back(key: ApiKey) -> Op[None]:
    document: Document = to_document(key, key="key_id")
    yield ReplaceMany("api_keys", [Replace({"_id": key.key_id}, document)])


def delete_all(collection: str) -> Op[None]:
    yield DeleteMany(collection, {})


def ask(
    registry: Direct, home: Path, scope: Scope, *, served_before: bool = False, secret: str = SECRET
) -> int:
    """What a worker of that home answers: 200, or the status of the problem."""

    async def asked() -> int:
        trust = KeyTrust(KeyFile(home), KEY, DATA, served_before=served_before, now=lambda: NOW)
        ring = KeyRing(registry, "keys", lambda: 0.0, trust, now=lambda: NOW)
        try:
            await ring.client({"headers": [(b"x-api-key", secret.encode())]}, scope)
        except Problem as problem:
            return problem.status
        return 200

    return asyncio.run(asked())


def test_a_key_that_was_inserted_into_the_registry_is_nothing(
    registry: Direct, tmp_path: Path
) -> None:
    ask(registry, tmp_path, Scope.READ)
    registry.inner.run(ApiKeyRepository().add(key_of(SECRET, Scope.ADMIN)))
    foreign = sealed(key_of("farol_b", Scope.ADMIN, key_id="k2"), b"another installation's")
    registry.inner.run(ApiKeyRepository().add(foreign))

    assert ask(registry, tmp_path, Scope.READ) == 401
    assert ask(registry, tmp_path, Scope.READ, secret="farol_b") == 401


def test_a_key_whose_scopes_were_widened_in_the_registry_is_nothing(
    registry: Direct, tmp_path: Path
) -> None:
    key = sealed(key_of(SECRET, Scope.PREDICT), KEY)
    registry.inner.run(ApiKeyRepository().add(key))
    before = ask(registry, tmp_path, Scope.PREDICT)

    registry.inner.run(put_back(replace(key, scopes=frozenset({Scope.ADMIN}))))

    assert (before, ask(registry, tmp_path, Scope.PREDICT)) == (200, 401)


def test_a_revoked_key_that_was_put_back_with_all_its_traces_gone_is_nothing_where_it_was_seen(
    registry: Direct, tmp_path: Path
) -> None:
    key = sealed(key_of(SECRET, Scope.READ), KEY)
    registry.inner.run(ApiKeyRepository().add(key))
    registry.inner.run(ApiKeyRepository().revoke("k1", NOW, KEY))
    assert ask(registry, tmp_path, Scope.READ) == 401

    registry.inner.run(put_back(key))
    registry.inner.run(delete_all("key_revocations"))

    assert ask(registry, tmp_path, Scope.READ) == 401
    assert KeyFile(tmp_path).read().revoked == {"k1"}


def test_a_revocation_that_nobody_signed_revokes_nothing(registry: Direct, tmp_path: Path) -> None:
    registry.inner.run(ApiKeyRepository().add(sealed(key_of(SECRET, Scope.READ), KEY)))
    registry.inner.run(ApiKeyRepository().revoke("k1", NOW, b"another installation's"))
    registry.inner.run(put_back(sealed(key_of(SECRET, Scope.READ), KEY)))

    assert ask(registry, tmp_path, Scope.READ) == 200
    assert KeyFile(tmp_path).read().revoked == frozenset()


def test_keys_of_an_earlier_release_are_adopted_once_and_that_is_recorded(
    registry: Direct, tmp_path: Path
) -> None:
    registry.inner.run(ApiKeyRepository().add(key_of(SECRET, Scope.READ)))

    assert ask(registry, tmp_path, Scope.READ, served_before=True) == 200
    done = registry.inner.run(KeyAdoptionRepository().find(SUBJECT))
    (event,) = registry.inner.run(entries())
    assert done is not None
    assert (done.key_ids, event.action, event.detail) == (("k1",), "adopt", "k1")

    registry.inner.run(ApiKeyRepository().add(key_of("farol_b", Scope.ADMIN, key_id="k2")))
    registry.inner.run(delete_all("key_adoptions"))
    assert ask(registry, tmp_path, Scope.READ, served_before=True, secret="farol_b") == 401
    assert ask(registry, tmp_path, Scope.READ, served_before=True) == 200


def test_a_key_revoked_before_keys_were_signed_stays_revoked_when_it_is_put_back(
    registry: Direct, tmp_path: Path
) -> None:
    revoked = replace(key_of(SECRET, Scope.READ), revoked_at=NOW - timedelta(days=1))
    registry.inner.run(ApiKeyRepository().add(revoked))
    ask(registry, tmp_path, Scope.READ, served_before=True)

    registry.inner.run(put_back(sealed(replace(revoked, revoked_at=None), KEY)))

    assert ask(registry, tmp_path, Scope.READ) == 401


def test_a_new_host_vouches_for_no_key_whatever_the_registry_says(
    registry: Direct, tmp_path: Path
) -> None:
    registry.inner.run(ApiKeyRepository().add(key_of(SECRET, Scope.ADMIN)))

    assert ask(registry, tmp_path, Scope.READ) == 401
    assert ask(registry, tmp_path, Scope.READ, served_before=True) == 401
    assert registry.inner.run(KeyAdoptionRepository().find(SUBJECT)) is None


def test_keys_that_an_administrator_signs_anew_work(registry: Direct, tmp_path: Path) -> None:
    key = sealed(key_of(SECRET, Scope.READ), b"a lost key")
    registry.inner.run(ApiKeyRepository().add(key))
    before = ask(registry, tmp_path, Scope.READ)

    registry.inner.run(ApiKeyRepository().adopt([key], NOW, KEY))

    assert (before, ask(registry, tmp_path, Scope.READ)) == (401, 200)


def test_without_its_notes_a_host_lets_nobody_in_rather_than_a_revoked_key(
    registry: Direct, tmp_path: Path
) -> None:
    registry.inner.run(ApiKeyRepository().add(sealed(key_of(SECRET, Scope.READ), KEY)))
    (tmp_path / "keys.json").write_text("{half")

    assert ask(registry, tmp_path, Scope.READ) == 503
