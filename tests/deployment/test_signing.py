"""The signing key is changed, and nothing that counted stops counting."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.keys import main as keys_main
from database import indexes
from database.api_keys import (
    SUBJECT,
    ApiKeyRepository,
    KeyAdoptionRepository,
    KeyRevocationRepository,
)
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.people.people import PersonRepository
from database.repositories import REPOSITORIES
from database.repository import Repository
from database.versions import ModelVersionRepository
from deployment.home import TASKS
from deployment.settings import load_settings
from deployment.signing.__main__ import main
from deployment.signing.resealing import OF_ROOT, OF_TASK
from model.access import ApiKey, Scope
from model.errors import BundleError, ConfigurationError
from model.live.folder import LiveModel
from model.live.pointer import LivePointer
from model.people.session import begun, session_in, token_of
from model.trust.key_file import KeyFile, KeyNotes
from model.trust.key_seal import digest_of, is_genuine, sealed
from model.trust.keychain import KeyChange, chained, keys_in, stage_of
from tests.api import bundles
from tests.api.server import served, until
from tests.architecture.imports import PRODUCT, ROOT, imports_of
from tests.people import person

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class House:
    """A home with an embedded registry, signed with a key of its own."""

    home: Path
    registry: SyncRegistry

    def run(self, step: str, **env: str) -> tuple[int, str, str]:
        return self.command(main, step, **env)

    def command(self, entry: object, *arguments: str, **env: str) -> tuple[int, str, str]:
        assert callable(entry)
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("FAROL_HOME", str(self.home))
            patch.delenv("FAROL_SIGNING_KEY", raising=False)
            for name, value in env.items():
                patch.setenv(name, value)
            code = entry(list(arguments))
        return code, out.getvalue().strip(), err.getvalue()

    @property
    def key(self) -> bytes:
        return (self.home / "signing.key").read_bytes()

    @property
    def live(self) -> LiveModel:
        return LiveModel(self.home / TASKS / "pede_lag")

    @property
    def pointer(self) -> LivePointer:
        found = self.live.current()
        assert found is not None
        return found

    def counting(self, key: bytes) -> set[str]:
        """What counts for whoever believes that key, or chain."""
        found = self.registry.run(ApiKeyRepository().those_in_force(KeyNotes(), key, NOW))
        told = {f"key {one.key_id}" for one in found.keys}
        told |= {f"revoked {key_id}" for key_id in found.revoked}
        people = self.registry.run(PersonRepository().all())
        told |= {f"person {one.name}" for one in people if is_genuine(one, key)}
        adopted = self.registry.run(KeyAdoptionRepository().find(SUBJECT))
        if adopted is not None and is_genuine(adopted, key):
            told.add("adoption")
        for version in self.registry.run(ModelVersionRepository().newest(0)):
            try:
                version.verify(key)
            except BundleError:
                continue
            told.add(version.version)
        return told


def signed(house: House, name: str, key: bytes) -> None:
    made = ApiKey(name, name, digest_of(name), frozenset({Scope.READ}), NOW)
    house.registry.run(ApiKeyRepository().add(sealed(made, key)))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("signing")
    (home / "signing.key").write_bytes(bundles.KEY)
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            yield House(home, registry)
    finally:
        lifecycle.stop(home)


def test_the_signing_key_is_changed_in_three_steps_and_everything_goes_on_counting(
    house: House,
) -> None:
    former = house.key
    packed = bundles.archive()
    bundles.promote(house.registry, bundles.register(house.registry, packed))
    (version,) = house.registry.run(ModelVersionRepository().newest(0))
    house.live.publish(version.statement, version.signature, packed.data, 1)
    for name in ("k1", "k2"):
        signed(house, name, former)
    house.registry.run(ApiKeyRepository().establish(NOW, former, trusted=False))
    house.registry.run(ApiKeyRepository().revoke("k2", NOW, former))
    somebody = sealed(person("ana", Scope.READ), former)
    house.registry.run(PersonRepository().add(somebody))
    signed(house, "inserted", b"somebody else's")
    token = token_of(begun(somebody, "s1", datetime.now(UTC)), former)
    everything = {"key k1", "revoked k2", "person ana", "adoption", "v1"}
    assert house.counting(former) == everything

    assert house.run("prepare")[0] == 0
    prepared = house.key
    assert (stage_of(prepared), keys_in(prepared)[0]) == (KeyChange.PREPARED, former)
    assert house.counting(former) == house.counting(prepared) == everything

    code, out, told = house.run("switch")
    switched = house.key
    new = keys_in(switched)[0]
    assert (code, out, keys_in(switched)[1]) == (0, "", former)
    assert "api_keys inserted" in told
    assert house.counting(new) == house.counting(prepared) == everything
    house.pointer.verify(new)

    signed(house, "late", former)  # By a process that was not started anew yet.
    assert house.run("finish")[0] == 0
    assert (stage_of(house.key), house.key) == (KeyChange.ONE, new)
    assert house.counting(new) == everything | {"key late"}
    assert house.counting(former) == set()
    assert session_in(token, switched, datetime.now(UTC)) is not None
    assert session_in(token, house.key, datetime.now(UTC)) is None
    assert (house.home / "signing.key").stat().st_mode & 0o777 == 0o600


def test_a_step_out_of_turn_is_refused_and_says_which_one_is_next(house: House) -> None:
    before = house.key
    for step in ("switch", "finish"):
        code, _, told = house.run(step)
        assert code == 2 and "begins with prepare" in told
    assert house.key == before
    house.run("prepare")
    for step in ("prepare", "finish"):
        assert "go on with switch" in house.run(step)[2]
    assert "to be sealed anew" in house.run("status")[2]
    house.run("switch")
    for step in ("prepare", "switch"):
        assert "go on with finish" in house.run(step)[2]
    house.run("finish")


def test_a_worker_that_does_not_know_the_new_key_yet_stops_a_step(house: House) -> None:
    house.run("prepare")
    folder = house.home / TASKS / "pede_lag" / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    state = {"slot": 0, "pid": os.getpid(), "generation": 1, "version": "v1"}
    file = folder / "slot-0.json"
    file.write_text(json.dumps(state | {"started_at": "2026-03-02T00:00:00+00:00"}))

    code, _, told = house.run("switch")

    assert code == 2 and f"process {os.getpid()} of the API" in told
    later = datetime.now(UTC) + timedelta(seconds=30)
    file.write_text(json.dumps(state | {"started_at": later.isoformat()}))
    assert house.run("switch")[0] == 0
    file.unlink()
    assert house.run("finish")[0] == 0


def test_a_host_on_which_switch_did_not_run_signs_its_pointers_anew_at_the_start_after_it(
    house: House,
) -> None:
    was = house.live.pointer_path.read_bytes()
    house.run("prepare")
    house.run("switch")
    new = keys_in(house.key)[0]
    house.live.pointer_path.write_bytes(was)  # As on a host beside the one of the command.
    with pytest.raises(BundleError):
        house.pointer.verify(new)

    chain = {"FAROL_SIGNING_KEY": house.key.decode()}
    with served(house.home, workers=1, env=chain) as running:
        until(lambda: running.get("/health/ready").status_code == 200)

    house.pointer.verify(new)
    assert house.run("finish")[0] == 0


def test_a_key_of_the_environment_is_printed_and_not_written(house: House) -> None:
    key = house.key.decode()

    code, prepared, told = house.run("prepare", FAROL_SIGNING_KEY=key)
    _, switched, _ = house.run("switch", FAROL_SIGNING_KEY=prepared)
    _, new, _ = house.run("finish", FAROL_SIGNING_KEY=switched)

    assert code == 0 and "Set FAROL_SIGNING_KEY" in told and key not in told
    assert keys_in(switched.encode()) == (new.encode(), key.encode())
    assert house.key.decode() == key
    (house.home / "signing.key").write_text(new)


def test_a_key_is_rotated_by_the_command_and_ends_by_itself(house: House) -> None:
    _, secret, _ = house.command(
        keys_main, "create", "--name", "system", "--scope", "read", "--expires", "30"
    )
    keys = ApiKeyRepository()
    former = next(one for one in house.registry.run(keys.all()) if one.digest == digest_of(secret))

    code, later, told = house.command(keys_main, "rotate", former.key_id, "--overlap", "2")
    again = house.command(keys_main, "rotate", former.key_id)
    _, listed, _ = house.command(keys_main, "list")

    assert code == 0 and former.key_id in told and later.startswith("farol_")
    assert again[0] == 1 and "was rotated already" in again[2]
    ends = KeyFile(house.home).read().ends
    assert timedelta(hours=1.9) < ends[former.key_id] - datetime.now(UTC) < timedelta(hours=2.1)
    line = next(one for one in listed.splitlines() if one.startswith(former.key_id))
    assert "another is in its place" in line and line.endswith("not seen used")
    assert later not in listed
    (revocation,) = house.registry.run(KeyRevocationRepository().get_many([former.key_id])).values()
    assert abs(revocation.at - ends[former.key_id]) < timedelta(milliseconds=1)


@pytest.mark.parametrize("content", ["", "two:YQ==,Yg==", "prepared:YQ==", "prepared:YQ==,?"])
def test_a_chain_that_is_none_stops_the_start_by_name(content: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FAROL_SIGNING_KEY") as raised:
        load_settings({"FAROL_HOME": str(tmp_path), "FAROL_SIGNING_KEY": f"farol-keys:{content}"})

    assert "YQ==" not in str(raised.value)


def test_what_either_key_of_a_chain_sealed_is_believed_and_the_first_one_seals() -> None:
    chain = chained(KeyChange.PREPARED, b"a", b"b")
    made = ApiKey("k", "n", "d", frozenset(), NOW)

    assert all(is_genuine(sealed(made, key), chain) for key in (b"a", b"b", chain))
    assert sealed(made, chain) == sealed(made, b"a")
    assert not is_genuine(sealed(made, b"c"), chain)
    assert not is_genuine(replace(sealed(made, b"a"), name="m"), chain)


SIGNERS = {
    "database.adoption": "each key has its own list; a version that is signed anew stands for it",
    "database.api_keys": "sealed anew",
    "database.people.people": "sealed anew",
    "database.people.signing_in": "counts of wrong passwords begin anew",
    "api.keys": "writes what database.api_keys reads",
    "api.people.__main__": "writes what database.people reads",
    "deployment.resigning": "signs what a restore brought with the key that is in force",
    "deployment.signing.resealing": "is what seals anew",
    "model.audit.block": "sealed with the data key, which stays",
    "model.people.session": "sessions of the former key end, as finish says",
    "model.trust.key_seal": "seals what others name",
    "model.trust.signature": "seals what others name",
    "model.trust.statement": "the signature of a version: signed anew",
    "retraining.notices.addresses": "an address has another mark: what is under way may come twice",
}
"""Who makes seals, and what becomes of them when the signing key is changed."""


def test_every_record_with_a_seal_is_sealed_anew_when_the_key_is_changed() -> None:
    with_seal = {
        kind
        for kind in REPOSITORIES
        if issubclass(kind, Repository) and "signature" in {f.name for f in fields(kind.record)}
    }

    assert with_seal == {kind.repository for kind in (*OF_ROOT, *OF_TASK)}


def test_whoever_makes_a_seal_says_what_a_change_of_the_key_does_to_it() -> None:
    makers = {
        ("model.trust.key_seal", "sealed"),
        ("model.trust.signature", "seal"),
        ("model.trust.signature", None),
        ("model.trust.keychain", "signing"),
        ("model.trust", "signature"),
    }
    found = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        if makers & set(imports_of(path))
    }

    assert found | {"model.trust.signature"} == SIGNERS.keys()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"FAROL_JWT_ISSUER": "https://id"}, "FAROL_JWT_AUDIENCE, FAROL_JWT_KEYS must be set"),
        (
            {
                "FAROL_JWT_ISSUER": "i",
                "FAROL_JWT_AUDIENCE": "a",
                "FAROL_JWT_KEYS": "http://id/keys",
            },
            "FAROL_JWT_KEYS",
        ),
    ],
)
def test_tokens_need_issuer_audience_and_keys_that_come_safely(
    given: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_settings({"FAROL_HOME": str(tmp_path), **given})
