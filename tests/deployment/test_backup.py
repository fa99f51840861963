"""A backup of an installation that works, and what becomes of it on an empty home."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.keyring.made import PREFIX
from database.aliases import CHAMPION, AliasRepository
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.labels import LabelRepository
from database.leases import RELEASED, LeaseRepository
from database.promotions import PromotionRepository
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from database.trail.checking import check_trail, heads
from database.trail.trail import TrailRepository
from database.versions import ModelVersionRepository
from deployment.backup import back_up
from deployment.backup_file import Manifest
from deployment.restore import restore
from deployment.settings import Settings
from deployment.wiring import private_settings, registry
from model.access import ApiKey, Scope
from model.audit.anchors import AnchorFile
from model.audit.check import Tampering
from model.audit.entry import ActorKind, Entry
from model.errors import ConfigurationError, NotFound
from model.trust.key_seal import digest_of, sealed
from tests.api import bundles
from tests.api.bundles import KEY
from tests.api.server import served, until
from tests.database.builders import observation
from tests.trail import entries

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORD = {"inde": 6.1, "ida": 5.2, "ipv": 7.3, "fase": 3, "pedra": "agata"}
OWN_KEY = {"FAROL_SIGNING_KEY": ""}
"""The API takes the key that is in its home."""

GOOD, REVOKED = PREFIX + "good", PREFIX + "revoked"


@dataclass(frozen=True, slots=True)
class Home:
    settings: Settings
    registry: SyncRegistry

    @property
    def path(self) -> Path:
        return self.settings.home


@contextmanager
def opened(home: Path) -> Iterator[Home]:
    settings = private_settings({"FAROL_HOME": str(home)})
    try:
        with registry(settings) as found:
            yield Home(settings, found)
    finally:
        lifecycle.stop(home)


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """An installation with a champion, its predecessor, API keys, one of them revoked."""
    home = tmp_path_factory.mktemp("former")
    (home / "signing.key").write_bytes(KEY)
    with opened(home) as here:
        run = here.registry.run
        for offset in (0.0, 0.7):
            bundles.promote(here.registry, bundles.register(here.registry, bundles.archive(offset)))
        run(
            LeaseRepository().acquire(
                "retraining", "host/run", now=NOW, ttl=NOW - datetime(2026, 1, 1, tzinfo=UTC)
            )
        )
        run(ApiKeyRepository().establish(NOW, KEY, trusted=False))
        for name, secret in (("good", GOOD), ("revoked", REVOKED)):
            scopes = frozenset({Scope.PREDICT, Scope.READ, Scope.LABEL})
            run(
                ApiKeyRepository().add(
                    sealed(ApiKey(name, name, digest_of(secret), scopes, NOW), KEY)
                )
            )
        run(ApiKeyRepository().revoke("revoked", NOW, KEY))
        yield here


def backed_up(here: Home, file: Path, *, with_key: bool) -> Manifest:
    return back_up(here.registry, here.settings, file, now=NOW, with_key=with_key)


def put_back(file: Path, home: Path, *, re_sign: bool = False, **env: str) -> None:
    restore(file, {"FAROL_HOME": str(home), **env}, now=NOW, re_sign=re_sign)


@pytest.mark.slow
def test_a_restored_installation_goes_on_as_if_nothing_had_happened(
    former: Home, tmp_path: Path
) -> None:
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    key = {"Authorization": f"Bearer {GOOD}"}
    with served(former.path, workers=1, auth="keys", env=OWN_KEY) as server:
        until(lambda: server.get("/health/ready").status_code == 200)
        asked = {**RECORD, "student_id": "RA-1", "period": "2024"}
        before = server.post("/predict", asked, **key).json()
        told = {"student_id": "RA-1", "period": "2024", "outcome": 1}
        assert server.post("/labels", told, **key).json()["accepted"] == 1
        manifest = backed_up(former, file, with_key=True)  # While it runs.

    put_back(file, home)

    assert manifest.has_signing_key
    with opened(home) as here, served(home, workers=1, auth="keys", env=OWN_KEY) as server:
        until(lambda: server.get("/health/ready").status_code == 200)
        after = server.post("/predict", asked, **key).json()
        refused = server.post("/predict", asked, Authorization=f"Bearer {REVOKED}")
        again = {"prediction_id": before["prediction_id"], "outcome": 0}
        corrected = server.post("/labels", again, **key).json()
        page = server.get("/models/v2", **key).json()
        lease = here.registry.run(LeaseRepository().find("retraining"))

    assert (after["risk_score"], after["model_version"]) == (before["risk_score"], "v2")
    assert refused.status_code == 401
    assert corrected["corrected"] == 1
    assert page["decision"]["reasons"] == ["test"]
    assert lease is not None and (lease.token, lease.expires_at) == (1, RELEASED)


@pytest.mark.slow
def test_without_the_signing_key_it_is_told_what_to_do_and_re_signing_makes_the_champion_serve(
    former: Home, tmp_path: Path
) -> None:
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    manifest = backed_up(former, file, with_key=False)
    assert not manifest.has_signing_key

    with pytest.raises(ConfigurationError) as raised:
        put_back(file, home)
    message = str(raised.value)
    assert "v1" in message and "API key good" in message
    assert "FAROL_SIGNING_KEY" in message and "--re-sign" in message
    assert "trusts the registry as it is" in message
    assert not (home / "registry").exists()

    put_back(file, home, re_sign=True)

    with served(home, workers=1, env={"FAROL_SIGNING_KEY": "the key of nobody"}) as server:
        # The registry is there and the key is not: every place says the same, with the remedy.
        until(lambda: "quarantined" in server.get("/health").json()["parts"]["champion"])
        remedy = "v2 is not signed with this installation's key"
        answers = [server.get(p).text for p in ("/health", "/health/ready")]
        answers.append(server.post("/predict", RECORD).text)
        assert all(remedy in told and "--re-sign" in told for told in answers)

    with opened(home) as here:
        events = here.registry.run(entries())
        assert [e.subject for e in events if e.action == "re-sign"] == [
            "2 versions, 2 API keys, 0 people"
        ]
        with served(home, workers=1, auth="keys", env=OWN_KEY) as server:
            until(lambda: server.get("/health/ready").status_code == 200)
            champion = server.get("/health").json()["parts"]["champion"]
            good, bad = (
                server.post("/predict", RECORD, Authorization=f"Bearer {secret}").status_code
                for secret in (GOOD, REVOKED)
            )
    assert (champion["state"], champion["version"]) == ("ok", "v2")
    assert (good, bad) == (200, 401)


def test_the_former_key_in_the_environment_is_enough(former: Home, tmp_path: Path) -> None:
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    backed_up(former, file, with_key=False)

    put_back(file, home, FAROL_SIGNING_KEY=KEY.decode())

    with opened(home) as here:
        here.registry.run(ModelVersionRepository().get("v2")).verify(KEY)
        assert (home / "data.key").read_bytes() == (former.path / "data.key").read_bytes()


def test_the_audit_trail_is_whole_on_another_home_and_old_anchors_tell_what_came_after_the_backup(
    tmp_path: Path,
) -> None:
    (tmp_path / "old").mkdir()
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    with opened(tmp_path / "old") as old:
        key = old.settings.tombstone_key
        told = Entry(NOW, "", "ana", ActorKind.KEY, "export", key.of("RA-1"))
        old.registry.run(TrailRepository().tell([told], key, now=NOW))
        backed_up(old, file, with_key=True)
        old.registry.run(TrailRepository().tell([told], key, now=NOW))
        anchors = old.registry.run(heads([""], NOW))

    put_back(file, home)

    with opened(home) as here:
        assert AnchorFile(home).read() == []
        key = here.settings.tombstone_key
        (whole,) = here.registry.run(check_trail([], key, now=NOW + timedelta(days=1)))
        (cut,) = here.registry.run(check_trail(anchors, key, now=NOW + timedelta(days=1)))
    assert (whole.entries, whole.anchored, whole.findings) == (2, None, ())
    assert [(one.what, one.numbers) for one in cut.findings] == [(Tampering.CUT, (3, 3))]


def test_a_backup_is_readable_by_its_owner_only_and_holds_no_key_that_was_not_asked_for(
    former: Home, tmp_path: Path
) -> None:
    file = tmp_path / "farol.backup"

    backed_up(former, file, with_key=False)

    assert file.stat().st_mode & 0o777 == 0o600
    assert KEY not in gzip.decompress(file.read_bytes())
    assert [path.name for path in tmp_path.iterdir()] == ["farol.backup"]


def test_a_home_in_use_is_refused_with_the_remedy(former: Home, tmp_path: Path) -> None:
    file = tmp_path / "farol.backup"
    backed_up(former, file, with_key=True)

    with pytest.raises(ConfigurationError, match="already; give an empty FAROL_HOME"):
        put_back(file, former.path)

    assert former.registry.run(AliasRepository().find(CHAMPION)) is not None


def test_a_restore_that_was_interrupted_is_finished_by_the_same_command(
    former: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    backed_up(former, file, with_key=True)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("deployment.restore._tell_missing", _interrupt)
        put_back(file, home)

    put_back(file, home)

    with opened(home) as here:
        assert [v.version for v in here.registry.run(ModelVersionRepository().newest())] == [
            "v2",
            "v1",
        ]
    assert not (home / "restore.json").exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "no archive", "absent"])
def test_a_file_that_is_no_whole_backup_is_refused_before_anything_is_written(
    former: Home, tmp_path: Path, damage: str
) -> None:
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    backed_up(former, file, with_key=True)
    whole = file.read_bytes()
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "changed":
        plain = bytearray(gzip.decompress(whole))
        at = plain.index(b"made up for a test")
        plain[at : at + 4] = b"fake"
        file.write_bytes(gzip.compress(plain))
    elif damage == "no archive":
        file.write_bytes(b"nothing of the kind")
    else:
        file.unlink()

    with pytest.raises(ConfigurationError, match=str(file)):
        put_back(file, home)

    assert not home.exists()


class Busy:
    """A registry in which somebody promotes another version while the backup reads it."""

    def __init__(self, behind: SyncRegistry) -> None:
        self._behind = behind
        self.promoted = ""

    def execute(self, command: Any) -> Any:
        if command.collection == PromotionRepository.collection and not self.promoted:
            self.promoted = bundles.register(self._behind, bundles.archive(3.0))
            bundles.promote(self._behind, self.promoted)
        return self._behind.execute(command)

    def run(self, op: Any) -> Any:
        return self._behind.run(op)


def test_what_points_into_a_backup_finds_what_it_points_at_though_the_champion_moves_meanwhile(
    tmp_path: Path,
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "signing.key").write_bytes(KEY)
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    with opened(tmp_path / "old") as old:
        old.registry.run(ensure_indexes())
        bundles.promote(old.registry, bundles.register(old.registry, bundles.archive()))
        busy: Any = Busy(old.registry)
        back_up(busy, old.settings, file, now=NOW, with_key=True)
        assert busy.promoted == "v2"

    put_back(file, home)

    with opened(home) as here:
        alias = here.registry.run(AliasRepository().find(CHAMPION))
        assert alias is not None
        assert here.registry.run(ModelVersionRepository().get(alias.version)).version == "v1"
        assert here.registry.run(LabelRepository().count()) == 0


def test_an_erased_student_does_not_come_back_with_a_backup_and_its_tombstone_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "old").mkdir()
    file, home = tmp_path / "farol.backup", tmp_path / "new"
    with opened(tmp_path / "old") as old:
        key = old.settings.tombstone_key
        old.registry.run(StudentRepository().observe([observation("RA-1"), observation("RA-2")]))

        class Erasing(Busy):
            def execute(self, command: Any) -> Any:
                found = self._behind.execute(command)
                if command.collection == StudentRepository.collection and not self.promoted:
                    self.promoted = "done"  # Read with the student; erased before the tombstones.
                    self._behind.run(TombstoneRepository().lay([key.of("RA-1")], at=NOW))
                return found

        erasing: Any = Erasing(old.registry)
        back_up(erasing, old.settings, file, now=NOW, with_key=True)

    put_back(file, home)

    with opened(home) as here:
        assert here.registry.run(TombstoneRepository().all()) == {key.of("RA-1")}
        assert here.registry.run(StudentRepository().get("RA-2")) is not None
        with pytest.raises(NotFound):
            here.registry.run(StudentRepository().get("RA-1"))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
