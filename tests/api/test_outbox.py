"""The outbox on its own: what a refused, a large, and an interrupted write leave behind."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.durability.outbox import BUSY_SECONDS, Outbox, bodies, decode, erase, find, waiting
from database.embedded import sqlite_files
from model.errors import Overloaded
from model.prediction import Scale
from tests.api.test_prediction_log import prediction

FULL = """
CREATE TRIGGER full BEFORE INSERT ON outbox
WHEN (SELECT count(*) FROM outbox) >= 18 BEGIN SELECT RAISE(FAIL, 'no room'); END
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "outbox" / "slot-0.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    box = Outbox(path)
    yield box
    box.close()


def elsewhere(path: Path, statement: str) -> None:
    """Another process at the same file."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


def test_the_folder_is_made_and_may_exist(path: Path) -> None:
    for _ in range(2):
        box = Outbox(path)
        assert (box.folder, box.rows) == (path.parent, 0)
        box.close()


@pytest.mark.parametrize("number", [0, 1, 2, 16, 17, 40])
def test_any_number_of_predictions_is_kept_in_order(
    outbox: Outbox, path: Path, number: int
) -> None:
    records = [prediction(f"RA-{i}") for i in range(number)]
    if number:
        outbox.put(records)

    bodies, last = outbox.oldest(100)

    assert [decode(body) for body in bodies] == records
    assert (outbox.rows, last, waiting(path.parent)) == (number, number, number)


def test_a_refused_batch_leaves_nothing_and_the_next_record_is_safe(
    outbox: Outbox, path: Path
) -> None:
    elsewhere(path, FULL)
    with pytest.raises(Overloaded, match="predictions cannot be kept safely: no room"):
        outbox.put([prediction() for _ in range(20)])
    assert (outbox.rows, waiting(path.parent)) == (0, 0)

    outbox.put([record := prediction()])

    # Read by another process: what an answer waits for is committed, not only written.
    assert find(path.parent, [record.prediction_id], []) == [record]
    assert (outbox.rows, waiting(path.parent)) == (1, 1)


def test_after_a_refused_batch_a_large_one_is_kept(outbox: Outbox, path: Path) -> None:
    elsewhere(path, FULL)
    with pytest.raises(Overloaded):
        outbox.put([prediction() for _ in range(20)])
    elsewhere(path, "DROP TRIGGER full")

    outbox.put([prediction() for _ in range(20)])

    assert (outbox.rows, waiting(path.parent)) == (20, 20)


def test_a_refused_small_batch_is_not_counted(outbox: Outbox, path: Path) -> None:
    outbox.put([prediction() for _ in range(18)])
    elsewhere(path, FULL)

    with pytest.raises(Overloaded):
        outbox.put([prediction()])

    assert (outbox.rows, waiting(path.parent)) == (18, 18)


def test_what_was_shipped_is_forgotten_and_the_rest_waits(outbox: Outbox, path: Path) -> None:
    records = [prediction() for _ in range(5)]
    outbox.put(records)
    bodies, last = outbox.oldest(3)
    assert [decode(body) for body in bodies] == records[:3]

    outbox.drop(last)

    assert [decode(body) for body in outbox.oldest(10)[0]] == records[3:]
    assert (outbox.rows, waiting(path.parent)) == (2, 2)
    outbox.drop(last)
    assert outbox.rows == 2


def test_a_commit_is_in_the_log_until_a_checkpoint_moves_it_into_the_file(
    outbox: Outbox, path: Path
) -> None:
    log = path.with_name("slot-0.sqlite-wal")
    empty = path.stat().st_size
    for _ in range(120):
        outbox.put([prediction() for _ in range(100)])
    # More than SQLite would keep in the log by itself.
    assert log.stat().st_size > 1000 * 4096
    assert path.stat().st_size == empty

    outbox.checkpoint()

    assert path.stat().st_size > 100 * empty
    blocks = log.stat().st_size
    for _ in range(120):
        outbox.put([prediction() for _ in range(100)])
    assert log.stat().st_size < 1.5 * blocks
    assert waiting(path.parent) == 24_000


def test_only_the_erased_student_goes_and_only_from_outboxes(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "slot-1.sqlite")
    other = Outbox(tmp_path / "kept.sqlite")
    mine, hers, nobodys = prediction("RA-1"), prediction("RA-2"), prediction(None)
    box.put([mine, hers, nobodys])
    other.put([mine])

    assert erase(tmp_path, "RA-1") == [mine.prediction_id]
    assert erase(tmp_path, "RA-1") == []

    assert [decode(body) for body in box.oldest(5)[0]] == [hers, nobodys]
    assert (waiting(tmp_path), other.rows, len(other.oldest(5)[0])) == (2, 1, 1)
    assert find(tmp_path, [mine.prediction_id], ["RA-1"]) == []
    box.close()
    other.close()


def test_a_prediction_is_found_by_its_id_or_its_student_and_once(tmp_path: Path) -> None:
    boxes = [Outbox(tmp_path / f"slot-{i}.sqlite") for i in range(2)]
    mine, hers = prediction("RA-1"), prediction("RA-2")
    boxes[0].put([mine])
    boxes[1].put([hers, replace(hers, prediction_id="another")])

    assert find(tmp_path, [mine.prediction_id], ["RA-1"]) == [mine]
    assert [p.student_id for p in find(tmp_path, [mine.prediction_id], ["RA-2"])] == [
        "RA-1",
        "RA-2",
        "RA-2",
    ]
    assert find(tmp_path, ["unknown"], ["unknown"]) == []
    for box in boxes:
        box.close()


@pytest.mark.parametrize(
    "student",
    ["RA-1", 'a"b', "a\\", 'x,"period":"2024"', '","student_id":', "São João, 1ª", "\n", "1"],
)
def test_a_student_is_found_however_the_id_is_written_and_no_other_one_is(
    outbox: Outbox, path: Path, student: str
) -> None:
    outbox.put([record := prediction(student), prediction(None), prediction(f"{student}0")])

    assert find(path.parent, [], [student]) == [record]
    assert find(path.parent, ["null"], ["null", student[:-1]]) == []


def test_a_body_begins_with_the_ids_that_are_read_where_they_stand() -> None:
    body = orjson.dumps(replace(prediction("RA-1"), prediction_id=f"{7:032x}"))

    assert body[18:50].decode() == f"{7:032x}"
    assert body[50:].startswith(b'","student_id":"RA-1","period":')


def test_a_body_that_was_written_in_another_order_is_found_too(outbox: Outbox, path: Path) -> None:
    record = prediction('a"b')
    turned = dict(reversed(orjson.loads(orjson.dumps(record)).items()))
    outbox.put_bodies([orjson.dumps(turned)])

    assert find(path.parent, [record.prediction_id], []) == [record]
    assert find(path.parent, [], ['a"b']) == [record]
    assert find(path.parent, ["another"], ["b"]) == []


def test_an_outbox_that_is_being_made_holds_nothing_and_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "slot-0.sqlite").touch()
    box = Outbox(tmp_path / "slot-1.sqlite")
    box.put([record := prediction("RA-1")])

    assert waiting(tmp_path) == 1
    assert find(tmp_path, [], ["RA-1"]) == [record]
    box.close()


@pytest.mark.parametrize("action", ["put", "erase"])
def test_a_moment_in_which_another_process_writes_is_waited_for(
    outbox: Outbox, path: Path, action: str
) -> None:
    outbox.put([prediction("RA-1")])
    locked = threading.Event()

    def write_slowly() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(0.3)
            db.execute("COMMIT")

    other = threading.Thread(target=write_slowly)
    other.start()
    locked.wait(5)

    if action == "put":
        outbox.put([prediction()])
        assert waiting(path.parent) == 2
    else:
        assert len(erase(path.parent, "RA-1")) == 1
    other.join()


def test_a_closed_outbox_leaves_one_file_and_takes_nothing(path: Path) -> None:
    box = Outbox(path)
    box.put([prediction()])

    box.close()

    assert [found.name for found in path.parent.iterdir()] == [path.name]
    with pytest.raises(sqlite3.ProgrammingError):
        box.oldest(1)


def test_a_refused_record_is_a_fault_until_one_is_kept(outbox: Outbox, path: Path) -> None:
    outbox.put([prediction() for _ in range(18)])
    elsewhere(path, FULL)
    with pytest.raises(Overloaded):
        outbox.put([prediction()])
    refused = outbox.fault
    elsewhere(path, "DROP TRIGGER full")

    outbox.put([prediction()])

    assert (refused, outbox.fault, outbox.rows) == ("no room", None, 19)


def test_a_probe_finds_out_that_a_disk_is_full_and_that_it_has_room_again(
    outbox: Outbox, path: Path
) -> None:
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")

    outbox.probe()
    full = outbox.fault
    outbox._db.execute("PRAGMA max_page_count = 1000")
    outbox.probe()

    assert (full, outbox.fault) == ("database or disk is full", None)
    assert (outbox.oldest(9), bodies(path.parent)) == (([], 0), [])


def test_rows_that_another_process_erased_are_not_counted_once_the_outbox_is_empty(
    outbox: Outbox, path: Path
) -> None:
    outbox.put([prediction("RA-1"), prediction("RA-1")])

    erase(path.parent, "RA-1")

    assert outbox.oldest(9) == ([], 0)
    assert outbox.rows == 0


def test_an_erasure_that_leaves_the_student_in_a_log_is_told(
    outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put([prediction("RA-1")])
    monkeypatch.setattr(sqlite_files, "empty_log", lambda db: False)

    with pytest.raises(Overloaded, match=r"the log of slot-0\.sqlite cannot be emptied yet"):
        erase(path.parent, "RA-1")

    assert waiting(path.parent) == 0


def test_an_erasure_leaves_no_byte_of_the_student_in_file_or_log(
    outbox: Outbox, path: Path
) -> None:
    outbox.put([prediction("RA-secret"), prediction("RA-2")])
    outbox.checkpoint()
    outbox.put([prediction("RA-secret")])

    erase(path.parent, "RA-secret")

    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"RA-secret" not in left
    assert b"RA-2" in left


def test_what_is_shipped_is_overwritten_in_the_file(outbox: Outbox, path: Path) -> None:
    outbox.put([prediction("RA-secret")])
    outbox.checkpoint()
    assert b"RA-secret" in path.read_bytes()

    outbox.drop(1)
    outbox.checkpoint()

    assert b"RA-secret" not in path.read_bytes()


def test_a_record_of_an_earlier_release_is_a_risk_with_nothing_unseen() -> None:
    now = prediction("RA-1")
    stored = orjson.loads(orjson.dumps(now))
    for newer in ("unseen", "scale", "interval"):
        stored.pop(newer, None)

    assert decode(orjson.dumps(stored)) == now


def test_a_predicted_value_comes_out_with_its_scale_and_interval() -> None:
    graded = replace(
        prediction("RA-1"), scale=Scale.VALUE_LOW, interval=(2.0, 8.0), unseen=("fase",)
    )

    assert decode(orjson.dumps(graded)) == graded


def test_bodies_of_all_outboxes_are_read_slot_by_slot_and_oldest_first(tmp_path: Path) -> None:
    first, second, third = (prediction(f"RA-{i}") for i in range(3))
    boxes = [Outbox(tmp_path / f"slot-{i}.sqlite") for i in (0, 1)]
    boxes[1].put([third])
    boxes[0].put([first])
    boxes[0].put([second])

    assert [decode(body) for body in bodies(tmp_path)] == [first, second, third]
    for box in boxes:
        box.close()


def test_a_file_is_written_anew_once_and_never_by_an_older_release(path: Path) -> None:
    Outbox(path).close()
    assert _layout(path) == 1
    elsewhere(path, "PRAGMA user_version=2")

    Outbox(path).close()

    assert _layout(path) == 2


def _layout(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        (layout,) = db.execute("PRAGMA user_version").fetchone()
    return int(layout)


@dataclass
class Opened:
    """A connection that was opened, how, and what it was told."""

    db: sqlite3.Connection
    options: dict[str, Any]
    told: list[str] = field(default_factory=list)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Opened]:
    """Every connection to a file of SQLite's from now on."""
    really = sqlite3.connect
    all_of_them: list[Opened] = []

    def noted(path: Any, **options: Any) -> sqlite3.Connection:
        one = Opened(really(path, **options), options)
        one.db.set_trace_callback(one.told.append)
        all_of_them.append(one)
        return one.db

    monkeypatch.setattr(sqlite3, "connect", noted)
    return all_of_them


@pytest.mark.parametrize(
    ("number", "transaction", "statements"), [(16, False, 1), (17, True, 1), (257, True, 2)]
)
def test_sixteen_records_are_one_statement_and_more_are_a_transaction(
    opened: list[Opened], outbox: Outbox, number: int, transaction: bool, statements: int
) -> None:
    (worker,) = opened
    worker.told.clear()

    outbox.put([prediction() for _ in range(number)])

    inserted = [told for told in worker.told if told.startswith("INSERT")]
    assert len(inserted) == statements
    assert waiting(outbox.folder) == number
    others = [told for told in worker.told if told not in inserted]
    assert others == (["BEGIN IMMEDIATE", "COMMIT"] if transaction else [])


def test_a_refused_batch_is_rolled_back(opened: list[Opened], outbox: Outbox, path: Path) -> None:
    elsewhere(path, FULL)
    with pytest.raises(Overloaded):
        outbox.put([prediction() for _ in range(20)])

    assert opened[0].told[-1] == "ROLLBACK"


def test_a_checkpoint_moves_the_most_before_it_takes_the_lock_and_closes_its_connection(
    opened: list[Opened], outbox: Outbox
) -> None:
    outbox.checkpoint()

    helper = opened[-1]
    assert helper.told == ["PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(RESTART)"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        helper.db.execute("SELECT 1")


def test_only_a_file_of_an_older_release_is_written_anew(opened: list[Opened], path: Path) -> None:
    for _ in range(2):
        Outbox(path).close()

    assert ["VACUUM" in one.told for one in opened] == [True, False]


def test_every_connection_waits_as_long_for_a_lock_and_a_reader_cannot_write(
    opened: list[Opened], outbox: Outbox, path: Path
) -> None:
    outbox.checkpoint()
    waiting(path.parent)
    erase(path.parent, "RA-1")

    assert [one.options["timeout"] for one in opened] == [BUSY_SECONDS] * 4
    _, _, reader, eraser = opened
    assert reader.options["uri"] is True
    # What the erasure deletes is overwritten, whatever this build of SQLite does by itself.
    assert eraser.told[0] == sqlite_files.SECURE_DELETE
