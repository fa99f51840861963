"""Versions of before are adopted once, whoever is first and wherever it dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from database.adoption import Adoption, VersionAdoptionRepository, adopt
from database.driver.commands import Command, DeleteMany, InsertMany, Op, ReplaceMany
from database.versions import ModelVersionRepository
from model.errors import BundleError
from model.trust.adoption_file import AdoptionFile
from model.trust.tombstone import TombstoneKey
from tests.api.bundles import KEY, NOW, archive, register, register_of_before
from tests.database.drivers import MongomockRegistry, Run
from tests.database.test_interleavings import with_pause
from tests.trail import entries

DATA = TombstoneKey(b"the data key")
PACKED = (archive(0.0), archive(1.0))


@pytest.fixture
def registry() -> MongomockRegistry:
    """Two versions of before and one of another key."""
    made = MongomockRegistry("farol")
    for number, packed in enumerate(PACKED, start=1):
        register_of_before(made, packed, number)
    register_of_before(made, archive(2.0, key=b"another"), 3)
    return made


@pytest.fixture
def kept(tmp_path: Path) -> AdoptionFile:
    return AdoptionFile(tmp_path)


def trusted(registry: MongomockRegistry, key: bytes = KEY) -> list[str]:
    found = []
    for version in registry.run(ModelVersionRepository().newest()):
        try:
            version.verify(key)
        except BundleError:
            continue
        found.append(version.version)
    return sorted(found)


def test_versions_whose_old_signature_holds_are_signed_anew_and_no_others(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    assert trusted(registry) == []

    signed = registry.run(adopt(kept, KEY, DATA, now=NOW))

    assert (signed, trusted(registry)) == (2, ["v1", "v2"])
    assert registry.run(ModelVersionRepository().get("v1")).bundle == PACKED[0].bundle
    assert kept.path.stat().st_mode & 0o777 == 0o600
    events = registry.run(entries())
    assert [(e.task, e.action, e.subject, e.at) for e in events] == [
        ("", "adopt", "2 versions of before", NOW)
    ]
    assert events[0].detail.endswith(": v1, v2")


def test_a_second_start_signs_nothing_and_asks_one_thing(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    registry.run(adopt(kept, KEY, DATA, now=NOW))
    registry.execute(DeleteMany(ModelVersionRepository.collection, {"_id": "v3"}))
    asked = commands(registry, adopt(kept, KEY, DATA, now=NOW))

    assert len(asked) == 1
    assert len(registry.run(entries())) == 1


def test_after_the_adoption_a_version_of_before_stays_refused(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    registry.run(adopt(kept, KEY, DATA, now=NOW))
    register_of_before(registry, PACKED[0], 702)

    assert registry.run(adopt(kept, KEY, DATA, now=NOW)) == 0
    assert trusted(registry) == ["v1", "v2"]


@pytest.mark.parametrize("copy_kept", [True, False], ids=["this host's copy", "no copy"])
def test_a_list_removed_from_the_registry_does_not_open_the_adoption_again(
    registry: MongomockRegistry, kept: AdoptionFile, copy_kept: bool
) -> None:
    registry.run(adopt(kept, KEY, DATA, now=NOW))
    registry.execute(DeleteMany(VersionAdoptionRepository.collection, {}))
    register_of_before(registry, PACKED[0], 702)
    if not copy_kept:
        kept.path.unlink()

    assert registry.run(adopt(kept, KEY, DATA, now=NOW)) == 0
    assert trusted(registry) == ["v1", "v2"]


def test_with_the_copy_alone_even_a_registry_without_signed_versions_adopts_nothing(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    registry.run(adopt(kept, KEY, DATA, now=NOW))
    registry.execute(DeleteMany(VersionAdoptionRepository.collection, {}))
    registry.execute(DeleteMany(ModelVersionRepository.collection, {}))
    register_of_before(registry, PACKED[0], 702)

    assert registry.run(adopt(kept, KEY, DATA, now=NOW)) == 0
    assert trusted(registry) == []


def test_a_host_with_a_key_of_its_own_closes_nobodys_adoption(
    registry: MongomockRegistry, kept: AdoptionFile, tmp_path: Path
) -> None:
    (tmp_path / "dashboard").mkdir()
    stranger = AdoptionFile(tmp_path / "dashboard")

    assert registry.run(adopt(stranger, b"a dashboard's key", DATA, now=NOW)) == 0

    assert stranger.read() is None
    assert registry.run(adopt(kept, KEY, DATA, now=NOW)) == 2


def test_an_installation_without_versions_of_before_never_adopts_any(
    kept: AdoptionFile,
) -> None:
    registry = MongomockRegistry("farol")
    registry.run(adopt(kept, KEY, DATA, now=NOW))
    register(registry, PACKED[0])
    register_of_before(registry, PACKED[1], 2)

    assert registry.run(adopt(kept, KEY, DATA, now=NOW)) == 0
    assert trusted(registry) == ["v1"]


def test_a_list_that_somebody_changed_vouches_for_nothing(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    forged = Adoption({"v3": "f" * 64}, {"v3": "e" * 64}).to_document(b"another")
    real = Adoption().to_document(KEY)
    registry.execute(
        InsertMany(VersionAdoptionRepository.collection, [{**forged, "_id": real["_id"]}])
    )

    assert registry.run(adopt(kept, KEY, DATA, now=NOW)) == 0
    assert trusted(registry) == []


def test_a_version_whose_archive_is_gone_is_left_as_it_is(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    registry.execute(DeleteMany("artifacts", {"artifact": PACKED[0].digest}))

    registry.run(adopt(kept, KEY, DATA, now=NOW))

    assert trusted(registry) == ["v2"]


def test_a_document_changed_after_it_was_vouched_for_is_not_signed(
    registry: MongomockRegistry, kept: AdoptionFile
) -> None:
    stop_after(registry, adopt(kept, KEY, DATA, now=NOW), 1)
    registry.execute(DeleteMany(ModelVersionRepository.collection, {"_id": "v1"}))
    register_of_before(registry, PACKED[0], 1, trained_on="e" * 64)

    registry.run(adopt(kept, KEY, DATA, now=NOW))

    assert trusted(registry) == ["v2"]


@pytest.mark.parametrize("writes", range(9))
def test_a_start_that_dies_between_any_two_writes_is_finished_by_the_next(
    registry: MongomockRegistry, kept: AdoptionFile, writes: int
) -> None:
    stop_after(registry, adopt(kept, KEY, DATA, now=NOW), writes)

    registry.run(adopt(kept, KEY, DATA, now=NOW))

    assert trusted(registry) == ["v1", "v2"]
    assert len(registry.run(entries())) == 1


@pytest.mark.parametrize("pause", range(26))
def test_two_hosts_at_once_adopt_once(
    registry: MongomockRegistry, kept: AdoptionFile, tmp_path: Path, pause: int
) -> None:
    (tmp_path / "second").mkdir()
    second = AdoptionFile(tmp_path / "second")

    with_pause(registry, adopt(kept, KEY, DATA, now=NOW), pause, adopt(second, KEY, DATA, now=NOW))

    assert trusted(registry) == ["v1", "v2"]
    assert len(registry.run(entries())) == 1
    assert kept.read() is not None and second.read() is not None


def test_adoption_runs_on_every_server_and_driver(run: Run, kept: AdoptionFile) -> None:
    def planted() -> Op[None]:
        for command in seen(lambda registry: register_of_before(registry, PACKED[0], 1)):
            _ = yield command

    run(planted())

    assert run(adopt(kept, KEY, DATA, now=NOW)) == 1
    run(ModelVersionRepository().get("v1")).verify(KEY)


def commands(registry: MongomockRegistry, op: Op[Any]) -> list[Command]:
    """Runs an operation; what it asked."""
    asked: list[Command] = []

    def noted() -> Op[None]:
        answer = None
        while True:
            try:
                command = op.send(answer)
            except StopIteration:
                return
            asked.append(command)
            answer = yield command

    registry.run(noted())
    return asked


def seen(write: Callable[[MongomockRegistry], object]) -> list[Command]:
    """The writes that something does to a registry."""
    noted: list[Command] = []

    class Noting(MongomockRegistry):
        def execute(self, command: Command) -> Any:
            if isinstance(command, InsertMany):
                noted.append(command)
            return super().execute(command)

    write(Noting("noted"))
    return noted


def stop_after(registry: MongomockRegistry, op: Op[Any], writes: int) -> None:
    """Runs an operation and lets its process die before the write after that many."""
    answer = None
    try:
        while True:
            command = op.send(answer)
            if isinstance(command, InsertMany | ReplaceMany):
                if not writes:
                    op.close()
                    return
                writes -= 1
            answer = registry.execute(command)
    except StopIteration:
        return
