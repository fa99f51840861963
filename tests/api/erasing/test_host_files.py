"""A host that was away frees its files of whom others were asked to erase, and says so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api.durability import outbox
from api.durability.outbox import Outbox
from api.erasing.host import HostErasures
from api.erasing.host_files import CarriedOut, HostFiles, carry_out
from api.idempotency.call import RepeatableCall
from api.idempotency.calls import calls_path
from api.idempotency.store import Begun, CallStore, Forgotten
from api.security import Client
from database.driver.commands import Op
from database.erasing.erasure import begin, erase_student
from database.erasing.receipts import ErasureRepository, HostRepository, outstanding
from database.labelling.recording import record_outcomes
from database.labels import OrphanRepository
from database.students import StudentRepository
from model.erasing.host import UNSEEN_DAYS, home_id
from model.erasing.receipt import Erasure, TaskPart
from model.trust.tombstone import TombstoneKey
from tests.api.test_prediction_log import prediction
from tests.database.builders import at, observation, outcome
from tests.database.drivers import MongomockRegistry

KEY = TombstoneKey(b"a data key")
WHO = "RA-erase-me-7731"


class OneDatabase(MongomockRegistry):
    """Every database of it is the same, and it stays open."""

    def on(self, db: str) -> OneDatabase:
        return self

    def close(self) -> None:
        """Stays open."""


class Awaited:
    """The same registry to whom awaits it."""

    def __init__(self, registry: MongomockRegistry) -> None:
        self._registry = registry

    async def run(self, op: Op[Any]) -> Any:
        return self._registry.run(op)


@pytest.fixture
def registry() -> OneDatabase:
    return OneDatabase("farol")


@pytest.fixture
def away(registry: OneDatabase, tmp_path: Path) -> HostFiles:
    """A host in whose outbox WHO and somebody else wait."""
    box = Outbox(tmp_path / "pede_lag" / "outbox" / "slot-0.sqlite")
    box.put([prediction(WHO), prediction("RA-2")])
    box.close()
    shared = tmp_path / "pede_lag" / "lists"
    shared.mkdir()
    (shared / "of-before.npz").write_bytes(WHO.encode())

    def databases() -> Op[dict[str, str]]:
        yield from ()
        return {"pede_lag": "farol", "elsewhere": "farol"}

    return HostFiles(
        tmp_path, lambda task: tmp_path / task, lambda: registry, databases, KEY, embedded=False
    )


def erased_elsewhere(registry: OneDatabase) -> Erasure:
    """Another host erases WHO."""
    registry.run(StudentRepository().observe([observation(WHO)]))
    assert registry.run(begin(WHO, now=at(10), tombstone_key=KEY))
    receipt = registry.run(ErasureRepository().begin(at=at(10), actor="dpo", backup_days=30))
    registry.run(erase_student(WHO, now=at(10), tombstone_key=KEY, begun=True))
    part = (TaskPart("pede_lag", {"students": 1}),)
    return registry.run(
        ErasureRepository().change(
            receipt.receipt_id, lambda known: replace(known, tasks=part, finished_at=at(10))
        )
    )


def waiting(here: HostFiles) -> set[str]:
    return outbox.students(here.folder("pede_lag") / "outbox")


def test_a_host_that_was_away_erases_when_it_is_back(
    registry: OneDatabase, away: HostFiles
) -> None:
    assert carry_out(away, at(9)) == CarriedOut(0, 0), "there was nothing to do, and it was seen"
    receipt = erased_elsewhere(registry)
    assert [one.host for one in receipt.waiting] == [home_id(away.home)]
    assert not receipt.complete

    done = carry_out(away, at(11))

    assert done == CarriedOut(1, 1)
    assert waiting(away) == {"RA-2"}
    files = b"".join(path.read_bytes() for path in away.home.rglob("*") if path.is_file())
    assert WHO.encode() not in files
    told = registry.run(ErasureRepository().get(receipt.receipt_id))
    assert told.complete
    assert told.hosts[0].done_at == at(11)
    assert told.backups_until == at(10) + timedelta(days=30)
    assert carry_out(away, at(12)) == CarriedOut(0, 0)


def test_answers_that_may_be_asked_for_again_are_forgotten(
    registry: OneDatabase, away: HostFiles
) -> None:
    kept = CallStore(calls_path(away.folder("pede_lag")), 0)
    call = RepeatableCall.of(Client("school", frozenset()), b"a key", (b"predict",), KEY)
    begun = kept.begin(call, at(11))
    assert isinstance(begun, Begun)
    kept.finish(begun, call.seal(b"{}"), [KEY.of(WHO)])
    erased_elsewhere(registry)

    carry_out(away, at(11))

    with pytest.raises(Forgotten):
        kept.begin(call, at(11))
    kept.close()


def test_what_waits_for_a_prediction_that_went_is_erased_too(
    registry: OneDatabase, away: HostFiles
) -> None:
    receipt = erased_elsewhere(registry)
    (mine,) = outbox.find(away.folder("pede_lag") / "outbox", [], [WHO])
    registry.run(record_outcomes([outcome(prediction_id=mine.prediction_id)], now=at(10)))
    assert registry.run(OrphanRepository().count()) == 1

    carry_out(away, at(11))

    assert registry.run(OrphanRepository().count()) == 0
    told = registry.run(ErasureRepository().get(receipt.receipt_id))
    assert told.hosts == (), "a host that nobody knew of then is in no receipt"


def test_one_that_died_on_the_way_does_the_rest_the_next_time(
    registry: OneDatabase, away: HostFiles
) -> None:
    for _ in range(3):
        registry.run(ErasureRepository().begin(at=at(9), actor="dpo", backup_days=None))

    assert registry.run(outstanding(home_id(away.home))) == (0, 3)
    assert carry_out(away, at(11)).erasures == 3
    erased_elsewhere(registry)

    assert registry.run(outstanding(home_id(away.home))) == (3, 4)
    assert carry_out(away, at(12)) == CarriedOut(1, 1)


def test_the_host_that_is_asked_has_done_its_part_at_once(
    registry: OneDatabase, away: HostFiles
) -> None:
    host = HostErasures(
        Awaited(registry), home_id(away.home), partial(carry_out, away), now=lambda: at(10),  # type: ignore[arg-type]
    )  # fmt: skip

    async def both() -> tuple[Erasure, Erasure]:
        first = await host.begin("dpo")
        second = await host.begin("dpo")
        # The second ends first: the host may not tell that it has carried out all up to it.
        late = await host.finish(second, (), (), emptied=True)
        assert registry.run(outstanding(host.host)) == (0, 2)
        early = await host.finish(
            first, (TaskPart("pede_lag", {"labels": 2}),), ("other",), emptied=True
        )
        return early, late

    early, late = asyncio.run(both())

    assert early.complete and late.complete
    assert early.not_reached == ("other",)
    assert registry.run(ErasureRepository().get(early.receipt_id)).tasks == early.tasks
    assert registry.run(outstanding(host.host)) == (1, 2)
    asyncio.run(host.look())
    assert registry.run(outstanding(host.host)) == (2, 2)


def test_a_host_that_was_not_seen_for_long_is_forgotten(registry: OneDatabase) -> None:
    registry.run(HostRepository().seen("a" * 16, "gone", now=at(9)))
    registry.run(HostRepository().seen("b" * 16, "here", now=at(9) + timedelta(days=UNSEEN_DAYS)))

    later = at(10) + timedelta(days=UNSEEN_DAYS)

    assert [host.name for host in registry.run(HostRepository().known(now=later))] == ["here"]
