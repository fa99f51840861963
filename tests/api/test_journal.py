"""Records on their way into an outbox: what a full disk, a kill and an erasure leave of them."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.durability import journal
from api.durability.journal import ROOM, SUM, RecordJournal, journal_of
from api.durability.outbox import (
    FEW,
    MOST_LINES,
    Outbox,
    bodies,
    decode,
    erase,
    find,
    kept_of,
    students,
    waiting,
)
from model.errors import Overloaded
from tests.api.test_prediction_log import prediction

FULL = "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slot-0.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    box = Outbox(path, quick=True)
    yield box
    box.close()


def in_file(path: Path) -> int:
    """How many records SQLite has."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])


def written(path: Path) -> bytes:
    """What a journal holds."""
    return path.read_bytes().rstrip(b"\0")


def elsewhere(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


def test_few_records_go_into_the_journal_and_are_seen_by_every_process_at_once(
    outbox: Outbox, path: Path
) -> None:
    mine, hers = prediction("RA-1"), prediction("RA-2")

    outbox.put([mine])
    outbox.put([hers])

    assert (outbox.rows, in_file(path), waiting(path.parent)) == (2, 0, 2)
    assert [decode(body) for body in bodies(path.parent)] == [mine, hers]
    assert find(path.parent, [mine.prediction_id], []) == [mine]
    assert find(path.parent, [], ["RA-2"]) == [hers]
    assert [one.key for one in kept_of(path.parent, "RA-1")] == [mine.prediction_id]
    assert students(path.parent) == {"RA-1", "RA-2"}


@pytest.mark.parametrize("together", [1, FEW])
def test_what_came_by_the_journal_and_what_came_at_once_is_shipped_in_its_order(
    outbox: Outbox, path: Path, together: int
) -> None:
    records = [prediction(f"RA-{i}") for i in range(3 * together + FEW + 1)]
    first, rest = records[: 2 * together], records[2 * together :]
    many, last = rest[: FEW + 1], rest[FEW + 1 :]
    for at in range(0, len(first), together):
        outbox.put(first[at : at + together])
    outbox.put(many)
    outbox.put(last)

    found, up_to = outbox.oldest(1_000)

    assert [decode(body) for body in found] == records
    assert written(journal_of(path)) == b""
    outbox.drop(up_to)
    assert (outbox.rows, waiting(path.parent)) == (0, 0)


def test_a_journal_is_bounded(outbox: Outbox, path: Path) -> None:
    for _ in range(MOST_LINES + 1):
        outbox.put([prediction()])

    assert in_file(path) == MOST_LINES
    assert (outbox.rows, waiting(path.parent)) == (MOST_LINES + 1, MOST_LINES + 1)


def test_whoever_opens_the_outbox_of_a_dead_worker_finds_what_its_journal_holds(path: Path) -> None:
    dead = Outbox(path, quick=True)
    dead.put([record := prediction("RA-1")])

    successor = Outbox(path)

    assert (successor.rows, in_file(path)) == (1, 1)
    assert [decode(body) for body in successor.oldest(5)[0]] == [record]
    successor.close()
    dead.close()


def test_what_a_process_moved_before_it_was_killed_is_not_doubled(path: Path) -> None:
    box = Outbox(path, quick=True)
    records = [prediction() for _ in range(3)]
    for record in records:
        box.put([record])
    lines = journal_of(path).read_bytes()
    box.oldest(1)
    journal_of(path).write_bytes(lines)

    successor = Outbox(path, quick=True)

    assert (successor.rows, in_file(path)) == (3, 3)
    assert [decode(body) for body in successor.oldest(9)[0]] == records
    for one in (box, successor):
        one.close()


def test_a_closed_outbox_leaves_an_empty_journal(path: Path) -> None:
    box = Outbox(path, quick=True)
    box.put([prediction()])

    box.close()

    assert written(journal_of(path)) == b""
    assert in_file(path) == 1


def test_an_erasure_leaves_no_byte_of_the_student_in_the_journal(
    outbox: Outbox, path: Path
) -> None:
    mine, hers = [prediction("RA-secret"), prediction("RA-secret")], prediction("RA-2")
    outbox.put([mine[0]])
    outbox.put([hers])
    outbox.put([mine[1]])

    gone = erase(path.parent, "RA-secret", "RA-3")

    assert gone == [one.prediction_id for one in mine]
    assert b"RA-secret" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert (waiting(path.parent), students(path.parent)) == (1, {"RA-2"})
    outbox.put([after := prediction("RA-4")])
    assert [decode(body) for body in outbox.oldest(9)[0]] == [hers, after]
    assert outbox.rows == 2


def test_while_others_read_and_erase_no_record_is_lost_or_doubled(
    outbox: Outbox, path: Path
) -> None:
    over, seen = threading.Event(), []

    def read() -> None:
        while not over.is_set():
            erase(path.parent, "RA-gone")
            ids = [orjson.loads(body)["prediction_id"] for body in bodies(path.parent)]
            seen.append(len(ids) == len(set(ids)))

    reader = threading.Thread(target=read)
    reader.start()
    kept = []
    for place in range(600):
        outbox.put([record := prediction("RA-gone" if place % 10 == 0 else "RA-stays")])
        kept += [] if place % 10 == 0 else [record.prediction_id]
        if place % 50 == 0:
            outbox.oldest(1)
    over.set()
    reader.join()
    erase(path.parent, "RA-gone")

    assert [decode(body).prediction_id for body in outbox.oldest(1_000)[0]] == kept
    assert seen and all(seen)


@pytest.mark.parametrize(
    "left",
    [b'{"a":', b'{"a":{"b":1}', b"\0\0\0\0", b'{"a"\0\0\0}\n', b'{"a":3}0c7e5b11\n', b"   \n"],
)
def test_what_a_kill_or_a_power_cut_left_of_a_record_harms_no_other_one(
    path: Path, left: bytes
) -> None:
    before = RecordJournal(path)
    before.append([b'{"a":1}'])
    before.close()
    path.write_bytes(written(path) + left)

    lines = RecordJournal(path)
    assert lines.append([b'{"a":2}'])

    with lines.taken_over() as found:
        assert found == [b'{"a":1}', b'{"a":2}']
    assert (lines.records, written(path)) == (0, b"")
    lines.close()


def test_a_journal_takes_no_more_than_it_has_room_for(path: Path) -> None:
    lines, record = RecordJournal(path), b'{"a":"%b"}' % (b"x" * 1_000)
    kept = 0
    while lines.append([record]):
        kept += 1

    assert (kept, lines.records) == (ROOM // (len(record) + SUM + 1), kept)
    with journal.held(path) as found:
        assert found == [record] * kept
    assert path.stat().st_size == ROOM
    lines.close()


def test_records_that_do_not_fit_go_behind_those_that_did(outbox: Outbox, path: Path) -> None:
    long = "x" * 60_000
    records = [replace(prediction(f"RA-{i}"), features={"pedra": long}) for i in range(9)]
    records.append(replace(prediction("RA-9"), features={"pedra": "x" * ROOM}))
    records.append(prediction("RA-10"))

    for record in records:
        outbox.put([record])

    assert (outbox.rows, in_file(path)) == (11, 10)
    assert [decode(body) for body in outbox.oldest(20)[0]] == records


def test_where_there_is_no_room_for_a_journal_records_are_kept_without(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    box = Outbox(path, quick=True)
    told = box.fault

    box.put([record := prediction()])

    assert (told, box.fault, in_file(path)) == ("the disk is full", None, 1)
    assert [decode(body) for body in bodies(path.parent)] == [record]
    box.close()


def test_a_disk_that_takes_a_part_of_a_journal_is_full(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", lambda _file, data, _at: len(data) - 1)

    with pytest.raises(OSError, match="No space left"):
        RecordJournal(path)


def test_a_file_that_takes_nothing_over_refuses_once_the_journal_is_at_its_bound(
    outbox: Outbox, path: Path
) -> None:
    elsewhere(path, FULL)
    for _ in range(MOST_LINES):
        outbox.put([prediction()])

    with pytest.raises(Overloaded, match="full"):
        outbox.put([prediction()])
    with pytest.raises(sqlite3.Error, match="full"):
        outbox.oldest(1)
    counted = outbox.rows
    elsewhere(path, "DROP TRIGGER full")

    assert (counted, waiting(path.parent)) == (MOST_LINES, MOST_LINES)
    assert len(outbox.oldest(1_000)[0]) == MOST_LINES


def test_a_worker_starts_though_its_file_takes_nothing_over_and_keeps_the_journal(
    path: Path,
) -> None:
    dead = Outbox(path, quick=True)
    dead.put([prediction()])
    elsewhere(path, FULL)

    successor = Outbox(path, quick=True)

    assert (successor.rows, successor.fault, waiting(path.parent)) == (1, "full", 1)
    elsewhere(path, "DROP TRIGGER full")
    assert len(successor.oldest(9)[0]) == 1
    for one in (successor, dead):
        one.close()
