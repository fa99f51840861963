"""The trail in the registry: told once, in one chain however many tell it, found by its student."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from database.driver.commands import DeleteMany, Document, InsertMany, Op, Replace, ReplaceMany
from database.indexes import ensure_indexes
from database.trail.checking import check_trail, heads, still_there
from database.trail.trail import MOST_ENTRIES, TrailRepository, TrailSubjectRepository
from model.access import AuditEvent
from model.audit.anchors import Anchor
from model.audit.block import id_of
from model.audit.check import ChainCheck
from model.audit.entry import ActorKind, Entry, pseudonym
from model.audit.former import BEGUN
from model.trust.tombstone import TombstoneKey
from tests.database.drivers import MongomockRegistry, Run
from tests.trail import entries, of_before

KEY = TombstoneKey(b"the data key")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WHO = pseudonym("RA-1", KEY)


@pytest.fixture
def memory() -> MongomockRegistry:
    registry = MongomockRegistry("trail")
    registry.run(ensure_indexes())
    return registry


def entry(task: str = "t", subject: str = WHO, at: datetime = NOW) -> Entry:
    return Entry(at, task, "ana", ActorKind.PERSON, "student opened", subject, "", "10.0.0.3")


def found(checks: list[ChainCheck]) -> list[tuple[str, str, tuple[int, int]]]:
    return [(c.task, one.what.name, one.numbers) for c in checks for one in c.findings]


def test_what_is_told_is_chained_sealed_and_found_by_its_student(run: Run) -> None:
    trail = TrailRepository()
    run(of_before(AuditEvent("e1", NOW, "eva", "student opened", WHO)))

    first = run(trail.tell([entry(), entry(subject="v1")], KEY, now=NOW, batch="b1"))
    again = run(trail.tell([entry(), entry(subject="v1")], KEY, now=LATER, batch="b1"))
    run(trail.tell([entry("u", at=LATER)], KEY, now=LATER))

    assert [one.block_id for one in first] == [id_of("", 1), id_of("t", 1)]
    assert again == [], "the same batch is told once"
    told = run(trail.of_student(WHO))
    assert [(e.task, e.actor) for e in told] == [("u", "ana"), ("t", "ana"), ("", "eva")]
    checks = run(check_trail([], KEY, now=LATER))
    assert [(c.task, c.entries, c.findings) for c in checks] == [
        ("", 1, ()), ("t", 2, ()), ("u", 1, ()),
    ]  # fmt: skip
    ends = run(heads(("t", "", "nobody"), LATER))
    assert [(one.task, one.number) for one in ends] == [("t", 1), ("", 1)]
    assert all(run(still_there(one)) for one in ends)


def test_touching_the_registry_is_found(run: Run) -> None:
    trail = TrailRepository()
    run(of_before(AuditEvent("e1", NOW, "eva", "erase", "student")))
    for number in range(5):
        run(trail.tell([entry()], KEY, now=NOW + timedelta(minutes=number)))
    anchors = run(heads(("t",), LATER))
    run(_removed("audit_trail", id_of("t", 2)))
    run(_removed("audit_trail", id_of("t", 5)))
    run(_removed("audit_subjects", f"{id_of('t', 3)}/{WHO}"))
    run(_named(id_of("t", 4), "somebody else"))
    run(_removed("audit", "e1"))

    checks = run(check_trail(anchors, KEY, now=LATER))

    assert found(checks) == [
        ("", "FORMER", (0, 0)), ("t", "REMOVED", (2, 2)), ("t", "UNLISTED", (3, 3)),
        ("t", "ALTERED", (4, 4)), ("t", "CUT", (5, 5)),
    ]  # fmt: skip
    assert not run(still_there(anchors[0]))
    assert found(run(check_trail(anchors, KEY, now=LATER, task="u"))) == [("", "FORMER", (0, 0))]


def test_a_document_of_no_use_is_found_and_stops_nobody(memory: MongomockRegistry) -> None:
    trail = TrailRepository()
    memory.run(trail.tell([entry()], KEY, now=NOW))
    memory.run(_put(
        {"_id": id_of("t", 2), "task": "t"},
        {"_id": "x", "task": "t", "number": "3", "sealed_at": "now"},
        {"_id": "y", "task": "t", "number": 10**15, "seal": 5},
    ))  # fmt: skip

    memory.run(trail.tell([entry()], KEY, now=LATER))

    assert ("t", "UNREADABLE") in {one[:2] for one in found(memory.run(
        check_trail([], KEY, now=LATER)
    ))}  # fmt: skip
    assert len(memory.run(entries())) == 2


def test_two_who_append_at_once_have_one_chain(memory: MongomockRegistry) -> None:
    trail = TrailRepository()
    memory.run(trail.tell([entry()], KEY, now=NOW))
    slow = trail.tell([entry()], KEY, now=NOW, batch="slow")
    command = next(slow)
    while type(command).__name__ != "InsertMany":  # It has read the end of the chain.
        command = slow.send(memory.execute(command))
    memory.run(trail.tell([entry()], KEY, now=NOW, batch="quick"))
    try:
        while True:
            command = slow.send(memory.execute(command))
    except StopIteration as done:
        (block,) = done.value

    assert block.number == 3
    assert found(memory.run(check_trail([], KEY, now=LATER))) == []


def test_many_entries_are_several_blocks_and_the_oldest_go_for_their_age(
    memory: MongomockRegistry,
) -> None:
    trail, by = TrailRepository(), replace(entry(), actor="ageing", kind=ActorKind.WORKER)
    many = [entry(subject=pseudonym(f"RA-{n}", KEY)) for n in range(MOST_ENTRIES + 1)]
    assert len(memory.run(trail.tell(many, KEY, now=NOW))) == 3
    memory.run(trail.tell([entry()], KEY, now=LATER))
    held = [Anchor(NOW, "t", 1, "any")]

    removed = memory.run(trail.shorten("t", LATER, by=by, key=KEY, now=LATER))

    assert removed == 2
    assert found(memory.run(check_trail(held, KEY, now=LATER))) == []
    assert memory.run(still_there(held[0])), "it went for its age"
    assert len(memory.run(trail.of_student(pseudonym("RA-5", KEY)))) == 0
    assert memory.run(trail.shorten("t", LATER, by=by, key=KEY, now=LATER)) == 0
    memory.run(_removed("audit_trail", id_of("t", 3)))
    assert found(memory.run(check_trail([], KEY, now=LATER))) == [("t", "REMOVED", (1, 3))]


def test_the_first_entry_says_what_was_before_the_trail(memory: MongomockRegistry) -> None:
    memory.run(of_before(AuditEvent("e1", NOW, "eva", "erase", "student")))

    memory.run(TrailRepository().tell([entry("")], KEY, now=NOW))

    first, second = memory.run(TrailRepository().blocks(task=""))[::-1]
    assert [e.action for e in first.entries] == [BEGUN] and "1 events" in first.entries[0].detail
    assert second.number == 2 and len(memory.run(TrailSubjectRepository().documents())) == 2


@pytest.mark.parametrize("actor", ["eva", "installation"])
def test_what_is_put_into_the_log_of_before_is_found(memory: MongomockRegistry, actor: str) -> None:
    memory.run(TrailRepository().tell([entry("")], KEY, now=NOW))

    memory.run(of_before(AuditEvent("e1", NOW, actor, "adopt", "api_keys", "k9")))

    assert found(memory.run(check_trail([], KEY, now=LATER))) == [("", "FORMER", (0, 0))]


def _put(*documents: Document) -> Op[None]:
    yield InsertMany(TrailRepository.collection, documents)


def _removed(collection: str, key: str) -> Op[None]:
    yield DeleteMany(collection, {"_id": key})


def _named(block_id: str, actor: str) -> Op[None]:
    block = yield from TrailRepository().get(block_id)
    other = replace(block, entries=tuple(replace(e, actor=actor) for e in block.entries))
    document = TrailRepository()._document(other)
    yield ReplaceMany(TrailRepository.collection, [Replace({"_id": block_id}, document)])
