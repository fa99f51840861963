"""Tokens, their keys, the use of keys, and what the commands make; without a server."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from api.http.problems import Problem
from api.keyring.claims import client_of
from api.keyring.jwks import AGAIN, EVERY, MOST_BYTES, NAME, KeySource, fetched, keys_of
from api.keyring.listed import lines
from api.keyring.made import new_key, successor, usable
from api.keyring.tokens import TokenDoor
from api.keyring.uses import KeyUses
from database.api_keys import ApiKeyRepository, KeyUseRepository
from model.access import ApiKey, Scope
from model.errors import ConfigurationError, Conflict, NotFound, RegistryUnavailable
from model.trust.key_file import KeyFile, KeyNotes
from model.trust.key_seal import digest_of, sealed
from model.trust.key_watch import SINCE, SOON, UNUSED, ending, unused
from model.trust.token_issuer import TokenIssuer
from tests.api.test_key_trust import Direct
from tests.api.tokens import AUDIENCE, ISSUER, Provider, private_key

KEY = b"the installation's"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
READ = frozenset({Scope.READ})


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider()


class World:
    """A provider behind an address, and a clock."""

    def __init__(self, home: Path, answer: bytes | Exception) -> None:
        self.answer, self.asked, self.now, self.home = answer, 0, datetime.now(UTC), home

    def fetch(self, address: str) -> bytes:
        assert address == "https://login.example.org/keys"
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def source(self, keys: str = "https://login.example.org/keys") -> KeySource:
        made = KeySource(
            TokenIssuer(ISSUER, AUDIENCE, keys), self.home, lambda: self.now, self.fetch
        )
        made.open()
        return made

    def door(self, source: KeySource) -> TokenDoor:
        return TokenDoor(TokenIssuer(ISSUER, AUDIENCE, ""), source, lambda: self.now)

    def turn(self, source: KeySource, later: timedelta = timedelta(0)) -> None:
        self.now += later
        asyncio.run(source.turn())


@contextmanager
def https(folder: Path, answers: Mapping[str, tuple[int, bytes]]) -> Iterator[str]:
    """A server with a certificate that it signed itself; `folder / "tls.pem"` vouches for it."""
    key = private_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=9999))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tls.pem").write_bytes(pem + made.public_bytes(Encoding.PEM))

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[self.path]
            self.send_response(status)
            self.send_header("location", "/keys")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_keys_come_over_https_from_whom_a_certificate_vouches_for_and_from_nobody_else(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {
        "/keys": (200, provider.jwks()),
        "/elsewhere": (302, b""),
        "/long": (200, b" " * (MOST_BYTES + 1)),
    }
    with https(tmp_path, answers) as url:
        with pytest.raises(httpx.ConnectError, match="certificate"):
            fetched(f"{url}/keys")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
        assert keys_of(fetched(f"{url}/keys"), NOW).by_id.keys() == {"k1"}
        with pytest.raises(httpx.HTTPError, match="it answers 302"):
            fetched(f"{url}/elsewhere")
        with pytest.raises(ValueError, match="too long"):
            fetched(f"{url}/long")


def why(door: TokenDoor, token: str) -> str:
    with pytest.raises(Problem) as raised:
        door.verify(token.encode())
    return f"{raised.value.status} {raised.value.detail}"


def test_a_token_says_who_asks_and_what_that_may_be(provider: Provider, tmp_path: Path) -> None:
    world = World(tmp_path, provider.jwks())
    source = world.source()
    world.turn(source)
    token = provider.token(
        scope="openid farol:read predict", farol_units=["Escola A"], farol_tasks="pede_lag"
    ).encode()
    door = world.door(source)
    assert door.known(token) is None

    client = door.verify(token)

    assert client.scopes == {Scope.READ, Scope.PREDICT}
    assert (client.name, client.units, client.kind) == ("system", ("Escola A",), "token")
    assert client.tasks == {"pede_lag"}
    assert client.key_id.startswith("token-") and "system" not in client.key_id
    assert door.known(token) is client
    world.now += timedelta(seconds=700)
    assert door.known(token) is None


def test_keys_are_asked_for_seldom_kept_and_believed_while_the_provider_is_away(
    provider: Provider, tmp_path: Path
) -> None:
    world = World(tmp_path, provider.jwks())
    source = world.source()
    world.turn(source)
    world.turn(source, EVERY / 2)
    assert world.asked == 1

    world.answer = httpx.ConnectError("no route")
    world.turn(source, EVERY)
    assert "no route" in source.fault
    assert source.keys is not None
    again = world.source()
    assert world.door(again).verify(provider.token().encode()).name == "system"
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600

    world.answer = provider.jwks()
    world.turn(source, AGAIN)
    assert (source.fault, world.asked) == ("", 3)
    assert world.source("https://login.example.org/other").keys is None


def test_a_key_that_is_not_known_is_asked_for_soon_and_not_by_whoever_sends_it(
    provider: Provider, tmp_path: Path
) -> None:
    world, new = World(tmp_path, provider.jwks()), Provider("k2")
    source = world.source()
    world.turn(source)
    door = world.door(source)
    world.answer = new.jwks()

    assert "a key that the provider does not show" in why(door, new.token())
    world.turn(source, AGAIN / 2)
    assert world.asked == 1
    world.turn(source, AGAIN)

    assert door.verify(new.token().encode()).name == "system"
    assert "does not show" in why(door, provider.token())


def test_before_the_keys_are_known_a_token_is_told_to_come_again(tmp_path: Path) -> None:
    world = World(tmp_path, httpx.ConnectError("no route"))
    source = world.source()
    world.turn(source)

    assert why(world.door(source), "eyJ.e.e").startswith("503")
    assert source.fault


def test_a_file_of_keys_is_read_anew_when_it_changes_and_stands_while_it_is_damaged(
    provider: Provider, tmp_path: Path
) -> None:
    file, new = tmp_path / "jwks.json", Provider("k2")
    world = World(tmp_path, b"")
    with pytest.raises(ConfigurationError, match=r"FAROL_JWT_KEYS.*jwks\.json"):
        world.source(str(file))
    file.write_bytes(provider.jwks())
    source = world.source(str(file))
    door = world.door(source)
    assert door.verify(provider.token().encode()).name == "system"

    file.write_bytes(b"{half")
    world.turn(source)
    assert source.fault and door.verify(provider.token().encode())
    file.write_bytes(new.jwks())
    world.turn(source)

    assert not source.fault
    assert door.verify(new.token().encode()).name == "system"


def test_keys_that_must_not_verify_are_left_out_of_a_jwks(provider: Provider) -> None:
    secret = {"kty": "oct", "kid": "hmac", "k": "c2VjcmV0", "alg": "HS256"}
    own = json.loads(provider.jwks())["keys"][0]
    private = own | {"kid": "private", "d": "AQAB"}
    for_encryption = own | {"kid": "enc", "use": "enc"}
    as_hmac = own | {"kid": "as-hmac", "alg": "HS256"}
    told = provider.jwks(secret, private, for_encryption, as_hmac, {"kty": "?"})

    found = keys_of(told, NOW)

    assert found.by_id.keys() == {"k1"}
    with pytest.raises(ValueError, match="no public key"):
        keys_of(json.dumps({"keys": [secret]}).encode(), NOW)
    with pytest.raises(ValueError, match="no JWKS"):
        keys_of(b"[]", NOW)


def test_a_key_is_used_with_its_own_algorithm_and_a_header_that_asks_for_more_is_refused(
    provider: Provider, tmp_path: Path
) -> None:
    world = World(tmp_path, provider.jwks(alg="RS256"))
    source = world.source()
    world.turn(source)
    door = world.door(source)

    assert "is not accepted" in why(door, provider.token(alg="PS256"))
    assert "can be read" in why(door, provider.token(header={"crit": ["exp"], "exp": 1}))
    assert "no token that can be read" in why(door, "eyJ.e.e")
    assert "longer than" in why(door, provider.token(x="y" * 20_000))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"scope": 7}, "scope must be a text"),
        ({"scp": ["read", 7]}, "scp must be a text"),
        ({"farol_units": []}, "farol_units is there and names nothing"),
        ({"farol_units": None}, "farol_units must be"),
        ({"farol_units": ["A", " "]}, "farol_units is there and names nothing"),
        ({"farol_tasks": {"a": 1}}, "farol_tasks must be"),
        ({"scope": "admin", "farol_units": "A"}, "what an admin does"),
        ({"sub": ""}, "sub must be"),
        ({"exp": NOW.timestamp() + 90_000}, "more than 24 hours"),
        ({"exp": 10**18}, "more than 24 hours"),  # No time that this machine can tell.
    ],
)
def test_a_claim_that_is_not_as_it_has_to_be_opens_nothing(
    claims: dict[str, Any], reason: str
) -> None:
    said = {"iss": ISSUER, "sub": "s", "exp": NOW.timestamp() + 60} | claims
    with pytest.raises(ValueError, match=reason):
        client_of(said, NOW)


@pytest.fixture
def registry() -> Iterator[Direct]:
    yield Direct()


def test_the_use_of_keys_is_written_once_a_minute_and_tried_again(registry: Direct) -> None:
    moment = [NOW]
    uses = KeyUses(registry, lambda: moment[0])

    def after(seconds: float, *used: str) -> dict[str, datetime]:
        moment[0] += timedelta(seconds=seconds)
        for key_id in used:
            uses.note(key_id)
        asyncio.run(uses.write())
        return registry.inner.run(KeyUseRepository().all())

    assert after(0, "k1") == {"k1": NOW, SINCE: NOW}
    assert after(59, "k1", "k2") == {"k1": NOW, SINCE: NOW}
    later = after(1)
    assert later == {"k1": NOW + timedelta(60 / 86400), "k2": moment[0], SINCE: NOW}
    assert after(600) == later


def test_while_the_registry_is_away_what_was_used_is_not_forgotten() -> None:
    class Away(Direct):
        away = True

        async def run(self, op: Any) -> Any:
            if self.away:
                raise RegistryUnavailable("it is away")
            return await super().run(op)

    registry, moment = Away(), [NOW]
    uses = KeyUses(registry, lambda: moment[0])
    uses.note("k1")
    asyncio.run(uses.write())
    registry.away = False
    moment[0] += timedelta(minutes=1)
    asyncio.run(uses.write())

    assert registry.inner.run(KeyUseRepository().all())["k1"] == moment[0]


def key(key_id: str, **more: Any) -> ApiKey:
    return sealed(ApiKey(key_id, key_id, digest_of(key_id), READ, NOW, **more), KEY)


def test_a_key_that_nobody_uses_is_named_and_none_before_that_is_known(registry: Direct) -> None:
    registry.inner.run(ApiKeyRepository().add(key("idle")))
    registry.inner.run(ApiKeyRepository().add(key("busy")))
    then = NOW + UNUSED
    found = registry.inner.run(ApiKeyRepository().those_in_force(KeyNotes(), KEY, then))
    keys = registry.inner.run(ApiKeyRepository().all())

    told = list(lines(keys, found, {SINCE: NOW, "busy": then}, then))

    assert told[-1].startswith("not used for 90 days: idle (idle); revoke")
    used = [line.split("  ")[-1] for line in told[:-1]]
    assert used == ["used 2026-05-31 12:00", "not seen used"]
    assert unused(found.keys, {SINCE: then}, then) == []
    assert unused(found.keys, {}, then) == []


def test_a_key_in_the_place_of_another_has_its_rights_and_the_former_ends_by_itself(
    registry: Direct, tmp_path: Path
) -> None:
    run = registry.inner.run
    former = key("k1", units=("Escola A",), expires_at=NOW + timedelta(days=30))
    run(ApiKeyRepository().add(former))
    found = run(ApiKeyRepository().those_in_force(KeyNotes(), KEY, NOW))
    now, until = NOW + timedelta(days=10), NOW + timedelta(days=11)

    later, secret = successor(usable("k1", found), now, lasts=None)
    run(ApiKeyRepository().replace_by(former, sealed(later, KEY), until, KEY))
    both = run(ApiKeyRepository().those_in_force(KeyNotes(), KEY, now))
    after = run(ApiKeyRepository().those_in_force(KeyNotes(), KEY, until))

    assert (later.replaces, later.units, later.scopes) == ("k1", former.units, former.scopes)
    assert later.expires_at == now + timedelta(days=30)
    assert later.digest == digest_of(secret) != former.digest
    assert {one.key_id: one.expires_at for one in both.keys} == {
        "k1": until,
        later.key_id: later.expires_at,
    }
    assert [one.key_id for one in after.keys] == [later.key_id]
    with pytest.raises(Conflict, match="was rotated already"):
        usable("k1", both)
    with pytest.raises(NotFound, match="does not count"):
        usable("k1", after)


def test_an_end_that_somebody_takes_out_of_the_registry_holds_where_it_was_seen(
    registry: Direct, tmp_path: Path
) -> None:
    run, file, until = registry.inner.run, KeyFile(tmp_path), NOW + timedelta(hours=1)
    former = key("k1")
    run(ApiKeyRepository().add(former))
    file.add(ends={"k1": until})
    file.add(ends={"k1": until + timedelta(days=9)})
    file.add(revoked={"k0"})

    assert file.read().ends == {"k1": until}
    assert run(ApiKeyRepository().those_in_force(file.read(), KEY, NOW)).keys[0].expires_at == until
    gone = run(ApiKeyRepository().those_in_force(file.read(), KEY, until))
    assert (gone.keys, [one.key_id for one in gone.expired]) == ((), ["k1"])


def test_a_key_that_is_revoked_before_its_end_is_revoked_now(
    registry: Direct, tmp_path: Path
) -> None:
    run, file = registry.inner.run, KeyFile(tmp_path)
    file.add(ends={"k1": NOW + timedelta(hours=1)})
    run(ApiKeyRepository().add(key("k1")))
    run(ApiKeyRepository().revoke("k1", NOW, KEY))

    found = run(ApiKeyRepository().those_in_force(file.read(), KEY, NOW))

    assert (found.keys, found.expired, found.revoked) == ((), (), frozenset({"k1"}))


def test_a_key_of_before_has_the_seal_that_it_had() -> None:
    """Made by the release that knew neither ends nor successors."""
    of_before = "100764deacf8e4d76d66200df209bf5f0fdd5b48882c71b01f6c8d6630b99532"

    assert sealed(ApiKey("k1", "n", "d", READ, NOW), KEY).signature == of_before


def test_a_made_key_counts_as_long_as_it_is_asked_to() -> None:
    made, secret = new_key("n", READ, NOW, lasts=timedelta(days=2))

    assert made.expires_at == NOW + timedelta(days=2)
    assert secret.startswith("farol_") and made.digest == digest_of(secret)


def test_a_key_that_ends_soon_is_named_unless_another_is_in_its_place() -> None:
    ends = NOW + SOON
    soon, later = key("soon", expires_at=ends), key("later", expires_at=ends + SOON)
    replaced = key("replaced", expires_at=ends)
    over = key("over", expires_at=NOW)
    keys = [soon, later, replaced, over, key("new", replaces="replaced"), key("endless")]

    assert [one.key_id for one in ending(keys, NOW)] == ["soon"]
