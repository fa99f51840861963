"""Who is let in, without a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import pytest

from api.http.credentials import secret_of
from api.http.problems import Problem
from api.security import REFRESH_SECONDS, Client, KeyRing
from model.access import ApiKey, Scope
from model.errors import ConfigurationError, RegistryError, RegistryUnavailable
from model.trust.key_seal import digest_of

REQUEST = {"headers": [(b"x-api-key", b"farol_a")]}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OTHER = {"headers": [(b"x-api-key", b"farol_b")]}


def key(secret: str, *scopes: Scope) -> ApiKey:
    made = datetime(2026, 3, 1, tzinfo=UTC)
    return ApiKey("k1", "school", digest_of(secret), frozenset(scopes), made)


class Vault:
    """The keys in force, or why they cannot be read; and a clock."""

    def __init__(self, *held: ApiKey) -> None:
        self.held: tuple[ApiKey, ...] = held
        self.error: Exception | None = None
        self.registry = object()
        self.reads = 0
        self.busy = False
        self.now = 0.0

    async def keys(self, registry: object) -> Sequence[ApiKey]:
        assert registry is self.registry
        self.reads += 1
        assert not self.busy, "two reads at once"
        self.busy = True
        await asyncio.sleep(0)
        self.busy = False
        if self.error is not None:
            raise self.error
        return self.held

    def ring(self, mode: Literal["keys", "off"] = "keys") -> KeyRing:
        return KeyRing(
            cast(Any, self.registry),
            mode,
            lambda: self.now,
            cast(Any, self),
            now=lambda: NOON + timedelta(seconds=self.now),
        )


def ask(ring: KeyRing, request: dict[str, Any], needed: Scope = Scope.READ) -> Client:
    return asyncio.run(ring.client(request, needed))


def refused(ring: KeyRing, request: dict[str, Any], needed: Scope = Scope.READ) -> Problem:
    with pytest.raises(Problem) as found:
        ask(ring, request, needed)
    return found.value


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ([], b""),
        ([(b"authorization", b"Bearer farol_a")], b"farol_a"),
        ([(b"authorization", b"bEARER  farol_a ")], b"farol_a"),
        ([(b"authorization", b"Bearer:farol_a")], b""),
        ([(b"authorization", b"Basic farol_a"), (b"x-api-key", b" farol_b ")], b"farol_b"),
        ([(b"cookie", b"Bearer farol_a")], b""),
        ([(b"x-api-key", b"farol_b"), (b"authorization", b"Bearer farol_a")], b"farol_b"),
    ],
)
def test_the_secret_is_the_bearer_or_the_api_key_header(
    headers: list[tuple[bytes, bytes]], secret: bytes
) -> None:
    assert secret_of({"headers": headers}) == secret


@pytest.mark.parametrize(
    ("peer", "answered"),
    [
        (("127.0.0.1", 5), True), (("127.8.8.8", 5), True), (("::1", 5), True),
        (("10.1.2.3", 5), False), (("localhost", 5), False), (("", 5), False), (None, False),
    ],
)  # fmt: skip
def test_with_authentication_off_only_this_machine_is_answered(
    peer: tuple[str, int] | None, answered: bool
) -> None:
    ring = Vault().ring("off")
    request: dict[str, Any] = {"headers": [], "client": peer}

    if answered:
        assert ring.known(request, Scope.ADMIN) == Client("local", frozenset(Scope))
    else:
        assert refused(ring, request).status == 403
        assert "only this machine" in refused(ring, request).detail


def test_a_request_of_no_peer_is_not_of_this_machine() -> None:
    assert refused(Vault().ring("off"), {"headers": []}).status == 403


def test_without_a_key_the_answer_says_how_to_send_one_and_nothing_is_read() -> None:
    vault = Vault(key("", Scope.ADMIN))

    problem = refused(vault.ring(), {"headers": []})

    assert (problem.status, vault.reads) == (401, 0)
    assert "X-API-Key" in problem.detail


def test_a_client_has_the_name_and_the_scopes_of_its_key() -> None:
    ring = Vault(key("farol_a", Scope.READ, Scope.LABEL)).ring()

    assert ask(ring, REQUEST) == Client("school", frozenset({Scope.READ, Scope.LABEL}), key_id="k1")
    for problem in (refused(ring, REQUEST, Scope.PREDICT), refused(ring, OTHER)):
        assert problem.status in {401, 403}
    assert "lacks the scope predict" in refused(ring, REQUEST, Scope.PREDICT).detail
    assert "unknown or revoked" in refused(ring, OTHER).detail


def test_a_scope_is_refused_at_the_first_request_as_at_any_other() -> None:
    ring = Vault(key("farol_a", Scope.READ)).ring()

    assert [refused(ring, REQUEST, Scope.ADMIN).status for _ in range(2)] == [403, 403]


def test_an_administrators_key_opens_everything() -> None:
    ring = Vault(key("farol_a", Scope.ADMIN)).ring()

    assert {ask(ring, REQUEST, scope).name for scope in Scope} == {"school"}


def test_a_client_that_was_let_in_once_is_known_without_waiting() -> None:
    ring = Vault(key("farol_a", Scope.READ)).ring()

    assert ring.known(REQUEST, Scope.READ) is None
    client = ask(ring, REQUEST)

    assert ring.known(REQUEST, Scope.READ) == client
    with pytest.raises(Problem):
        ring.known(REQUEST, Scope.ADMIN)


def test_a_new_key_works_at_once_and_guessing_does_not_load_the_registry() -> None:
    vault = Vault()
    ring = vault.ring()
    vault.now = 100.0
    assert refused(ring, REQUEST).status == 401
    vault.held = (key("farol_a", Scope.READ),)

    vault.now += REFRESH_SECONDS / 4
    assert [refused(ring, REQUEST).status for _ in range(3)] == [401] * 3
    assert vault.reads == 1

    vault.now += 0.001
    assert ask(ring, REQUEST).name == "school"
    assert vault.reads == 2
    vault.now += 100
    assert ask(ring, REQUEST).name == "school"
    assert vault.reads == 2


def test_a_key_that_was_read_already_lets_in_without_another_read() -> None:
    vault = Vault(key("farol_a", Scope.READ), key("farol_b", Scope.READ))
    ring = vault.ring()
    ask(ring, REQUEST)
    vault.now += 100

    ask(ring, OTHER)

    assert vault.reads == 1


def test_a_revoked_key_is_forgotten_with_the_next_read() -> None:
    vault = Vault(key("farol_a", Scope.READ))
    ring = vault.ring()
    ask(ring, REQUEST)
    vault.held = ()
    vault.now += 1

    assert refused(ring, OTHER).status == 401
    assert ring.known(REQUEST, Scope.READ) is None
    assert refused(ring, REQUEST).status == 401


def test_while_the_registry_is_away_known_keys_work_and_others_are_told_to_come_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    away, vault = Vault(), Vault(key("farol_a", Scope.READ))
    away.error = RegistryUnavailable("it is away")
    problem = refused(away.ring(), REQUEST)

    ring = vault.ring()
    ask(ring, REQUEST)
    vault.error, vault.now = RegistryError("it is away"), 100.0

    assert (problem.status, problem.retry_after) == (503, 1)
    assert "cannot be read" in problem.detail
    assert refused(ring, OTHER).status == 401
    assert ask(ring, REQUEST).name == "school"
    assert {(r.levelno, r.getMessage()) for r in caplog.records if r.name == "api.security"} == {
        (logging.DEBUG, "keys are not read anew: it is away")
    }


def test_a_host_that_cannot_tell_revoked_keys_lets_nobody_in_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    vault = Vault(key("farol_a", Scope.READ))
    ring = vault.ring()
    ask(ring, REQUEST)
    vault.error, vault.now = ConfigurationError("keys.json is damaged"), 100.0

    assert refused(ring, OTHER).status == 503
    assert ring.known(REQUEST, Scope.READ) is None
    assert refused(ring, REQUEST).status == 503
    assert "ERROR" in {record.levelname for record in caplog.records}
    assert "keys are not read: keys.json is damaged" in caplog.messages
    vault.error = None
    assert ask(ring, REQUEST).name == "school"


class Stopped(Exception):
    """The test has seen enough."""


def followed(ring: KeyRing, monkeypatch: pytest.MonkeyPatch, rounds: int) -> list[float]:
    """How long `follow` sleeps between its reads, if it does."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def fake(seconds: float) -> None:
        if seconds:
            slept.append(seconds)
            if len(slept) == rounds:
                raise Stopped
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", fake)
    try:
        asyncio.run(asyncio.wait_for(ring.follow(), 10))
    except Stopped:
        pass
    finally:
        monkeypatch.undo()
    return slept


def test_keys_are_read_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(key("farol_a", Scope.READ))

    assert followed(vault.ring(), monkeypatch, 3) == [REFRESH_SECONDS] * 3
    assert vault.reads == 3


def test_with_authentication_off_keys_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    vault, away = Vault(), Vault()
    away.error = RegistryUnavailable("it is away")

    assert followed(vault.ring("off"), monkeypatch, 3) == []
    assert vault.reads == 1
    assert len(followed(away.ring("off"), monkeypatch, 3)) == away.reads == 3


def test_two_who_ask_at_once_do_not_read_at_once() -> None:
    vault = Vault(key("farol_a", Scope.READ))
    ring = vault.ring()

    async def both() -> list[Client]:
        return list(await asyncio.gather(*(ring.client(REQUEST, Scope.READ) for _ in range(2))))

    assert [client.name for client in asyncio.run(both())] == ["school", "school"]


def test_a_key_opens_nothing_from_the_moment_on_at_which_it_expires() -> None:
    vault = Vault(replace(key("farol_a", Scope.READ), expires_at=NOON + timedelta(seconds=60)))
    ring = vault.ring()
    vault.now = 59.9
    assert ask(ring, REQUEST).name == "school"
    assert ring.known(REQUEST, Scope.READ) is not None

    vault.now = 60.0

    with pytest.raises(Problem) as known:
        ring.known(REQUEST, Scope.READ)
    assert known.value.status == refused(ring, REQUEST).status == 401
    assert "expired on 2026-03-02 12:01 UTC" in refused(ring, REQUEST).detail
    assert vault.reads == 1
