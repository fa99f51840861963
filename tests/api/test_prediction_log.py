from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from api.durability.carrier import Carrier
from api.durability.outbox import Outbox, decode, erase, find, waiting
from api.durability.prediction_log import LogPolicy, PredictionLog
from api.durability.shipment_gate import Gate
from api.durability.shipper import Shipper
from database.driver.commands import InsertMany, Op
from model.errors import Overloaded, RegistryUnavailable
from model.prediction import Prediction, RiskLabel, RiskStatus
from tests.api.bundles import NOW

T = TypeVar("T")


class MemoryRegistry:
    """A registry that can be slow or away."""

    def __init__(self) -> None:
        self.away = False
        self.delay = 0.0
        self.calls = 0
        self.order: list[str] = []

    async def run(self, op: Op[T]) -> T:
        self.calls += 1
        if self.away:
            op.close()
            raise RegistryUnavailable("away")
        await asyncio.sleep(self.delay)
        answer: Any = None
        try:
            while True:
                answer = self._execute(op.send(answer))
        except StopIteration as stop:
            value: T = stop.value
            return value

    def _execute(self, command: Any) -> list[int]:
        assert isinstance(command, InsertMany)
        ids = [str(d["_id"]) for d in command.documents]
        known = [i for i, name in enumerate(ids) if name in self.order]
        self.order += [name for name in ids if name not in self.order]
        return known

    async def ping(self) -> None:
        pass

    async def close(self) -> None:
        pass


def prediction(student: str | None = None) -> Prediction:
    return Prediction(
        prediction_id=uuid.uuid4().hex,
        student_id=student,
        period="2024",
        features={"inde": 7.5, "pedra": "agata"},
        imputed=("ida",),
        risk_score=0.25,
        risk_label=RiskLabel.LOW,
        status=RiskStatus.EXPECTED,
        threshold=0.5,
        model_version="v1",
        created_at=NOW,
        client="school",
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox" / "slot-0.sqlite")
    yield box
    box.close()


@asynccontextmanager
async def shipping(
    registry: MemoryRegistry, log: PredictionLog, box: Outbox
) -> AsyncIterator[Shipper]:
    shipper = Shipper(registry, log, box, Path("unused"), Path("unused"))
    task = asyncio.create_task(shipper.ship())
    yield shipper
    task.cancel()


def test_who_is_called_back_is_called_once_though_a_late_write_succeeds_after_all(
    outbox: Outbox,
) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 0.05
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.01))
        told: list[Exception | None] = []

        log.keep(prediction(), told.append, asyncio.get_running_loop())
        await asyncio.sleep(0.2)

        assert told == [None]
        assert (outbox.rows, len(registry.order)) == (1, 1)

    asyncio.run(scenario())


def test_who_is_called_back_hears_why_a_record_could_not_be_kept(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.away = True
        outbox._db.execute("PRAGMA query_only=ON")
        log = PredictionLog(registry, outbox, LogPolicy(last_seconds=0.05))
        told: list[Exception | None] = []

        log.keep(prediction(), told.append, asyncio.get_running_loop())
        await asyncio.sleep(0.3)

        assert len(told) == 1
        assert isinstance(told[0], Overloaded)

    asyncio.run(scenario())


def test_a_callback_that_fails_keeps_nobody_else_waiting(outbox: Outbox) -> None:
    async def scenario() -> None:
        log = PredictionLog(MemoryRegistry(), outbox, LogPolicy())

        def fails(_error: Exception | None) -> None:
            raise ValueError

        log.keep(prediction(), fails, asyncio.get_running_loop())
        await asyncio.wait_for(log.write(prediction()), 1)

    asyncio.run(scenario())


def test_a_record_at_rest_goes_straight_into_the_registry(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        log = PredictionLog(registry, outbox, LogPolicy())
        record = prediction()

        await log.write(record)

        assert registry.order == [record.prediction_id]
        await log.flush()
        assert (outbox.rows, log.waiting) == (0, 0)

    asyncio.run(scenario())


def test_records_that_come_together_are_written_together(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 0.005
        log = PredictionLog(registry, outbox, LogPolicy())

        await asyncio.gather(*(log.write(prediction()) for _ in range(50)))

        assert len(registry.order) == 50
        assert registry.calls <= 2

    asyncio.run(scenario())


@pytest.mark.parametrize("trouble", ["away", "slow"])
def test_the_outbox_takes_over_when_the_registry_is_away_or_slow(
    outbox: Outbox, trouble: str
) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.away, registry.delay = trouble == "away", 60.0
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.02))

        async with asyncio.timeout(1):
            await log.write(prediction())
            await log.write(prediction())

        assert outbox.rows == 2
        assert log.spilling

    asyncio.run(scenario())


def test_what_waited_is_shipped_in_order_and_once_when_the_registry_is_back(
    outbox: Outbox,
) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.away = True
        log = PredictionLog(registry, outbox, LogPolicy())
        records = [prediction() for _ in range(500)]
        for record in records:
            await log.write(record)

        async with shipping(registry, log, outbox) as shipper:
            registry.away = False
            assert await shipper.drain(5)
            await asyncio.sleep(0)
            await log.write(last := prediction())

        assert registry.order == [r.prediction_id for r in (*records, last)]
        assert not log.spilling

    asyncio.run(scenario())


def test_a_write_that_succeeds_after_it_was_given_up_is_not_doubled(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 0.05
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.01))
        record = prediction()
        await log.write(record)

        async with shipping(registry, log, outbox) as shipper:
            assert await shipper.drain(5)
            await asyncio.sleep(0.1)

        assert registry.order == [record.prediction_id]

    asyncio.run(scenario())


def test_a_fast_caller_is_written_locally_and_shipped_in_bulk(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        log = PredictionLog(registry, outbox, LogPolicy(direct_per_second=10))

        async with shipping(registry, log, outbox) as shipper:
            for _ in range(300):
                await log.write(prediction())
            assert await shipper.drain(5)

        assert len(registry.order) == 300
        assert registry.calls < 150

    asyncio.run(scenario())


def test_many_callers_behind_a_slow_registry_are_written_locally_too(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 0.02  # Some 50 batches a second, each with a record of every caller.
        log = PredictionLog(registry, outbox, LogPolicy(direct_per_second=100))

        async def caller() -> None:
            for _ in range(20):
                await log.write(prediction())

        await asyncio.gather(*(caller() for _ in range(10)))

        assert log.spilling
        assert len(registry.order) < 150

    asyncio.run(scenario())


def test_too_much_waiting_is_refused_and_not_remembered(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.away = True
        log = PredictionLog(registry, outbox, LogPolicy(most_rows=3))

        for _ in range(3):
            await log.write(prediction())

        with pytest.raises(Overloaded):
            await log.write(prediction())
        assert outbox.rows == 3

    asyncio.run(scenario())


def test_memory_is_bounded(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 0.2
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.2, most_waiting=10))

        done = await asyncio.gather(
            *(log.write(prediction()) for _ in range(50)), return_exceptions=True
        )

        assert sum(isinstance(d, Overloaded) for d in done) == 40
        assert len(registry.order) == 10

    asyncio.run(scenario())


def test_a_record_comes_out_of_the_outbox_as_it_went_in(outbox: Outbox) -> None:
    record = prediction("RA-1")

    outbox.put([record])

    assert [decode(body) for body in outbox.oldest(10)[0]] == [record]


def test_an_outbox_outlives_its_worker(tmp_path: Path) -> None:
    path = tmp_path / "slot-3.sqlite"
    first = Outbox(path)
    first.put([prediction(), prediction()])
    first.close()

    second = Outbox(path)
    log = PredictionLog(MemoryRegistry(), second, LogPolicy())

    assert (second.rows, log.spilling, log.wake.is_set()) == (2, True, True)
    second.close()


def test_a_waiting_record_is_found_and_erased_in_any_outbox(tmp_path: Path) -> None:
    boxes = [Outbox(tmp_path / f"slot-{i}.sqlite") for i in range(2)]
    mine, hers = prediction("RA-1"), prediction("RA-2")
    boxes[0].put([mine])
    boxes[1].put([hers, replace(mine, prediction_id="another")])

    assert find(tmp_path, [hers.prediction_id], []) == [hers]
    assert len(find(tmp_path, [], ["RA-1"])) == 2
    assert sorted(erase(tmp_path, "RA-1")) == sorted([mine.prediction_id, "another"])
    assert waiting(tmp_path) == 1
    assert boxes[0].oldest(5) == ([], 0)
    assert boxes[0].rows == 0
    for box in boxes:
        box.close()


def test_an_erased_student_is_in_no_byte_of_a_drained_outbox(tmp_path: Path) -> None:
    with_worker = Outbox(tmp_path / "slot-0.sqlite")
    with_worker.put([prediction("RA-bytes") for _ in range(200)])
    _, last = with_worker.oldest(1_000)
    with_worker.drop(last)
    assert bytes_of(tmp_path).count(b"RA-bytes")

    erase(tmp_path, "RA-bytes")

    assert bytes_of(tmp_path).count(b"RA-bytes") == 0
    with_worker.put([prediction("RA-2")])
    assert with_worker.rows == 1
    with_worker.close()


def test_free_pages_of_an_older_release_are_overwritten_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "slot-0.sqlite"
    older = sqlite3.connect(path)
    older.execute("PRAGMA secure_delete=OFF")
    older.execute("PRAGMA journal_mode=WAL")
    older.execute("CREATE TABLE outbox (seq INTEGER PRIMARY KEY, body BLOB)")
    older.executemany("INSERT INTO outbox (body) VALUES (?)", [(b"RA-bytes" * 50,)] * 200)
    older.commit()
    older.execute("DELETE FROM outbox")
    older.commit()
    older.close()
    assert bytes_of(tmp_path).count(b"RA-bytes")

    newer = Outbox(path)
    erase(tmp_path, "RA-1")

    assert bytes_of(tmp_path).count(b"RA-bytes") == 0
    newer.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_a_shipment_under_way_is_waited_for_and_none_begins_during_an_erasure(
    outbox: Outbox,
) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.away = True
        log = PredictionLog(registry, outbox, LogPolicy())
        await log.write(prediction("RA-1"))
        registry.away, registry.delay = False, 0.2
        async with shipping(registry, log, outbox):
            await asyncio.sleep(0.1)  # The shipment is under way.
            with ExitStack() as stack:
                await asyncio.to_thread(stack.enter_context, Gate(outbox.folder).closed())
                arrived = len(registry.order)
                outbox.put([prediction("RA-1")])
                log.wake.set()
                await asyncio.sleep(0.3)
                during = len(registry.order)
            await asyncio.sleep(1.0)

        assert (arrived, during, len(registry.order)) == (1, 1, 2)

    asyncio.run(scenario())


def test_a_slow_registry_is_waited_for_where_the_disk_takes_nothing(outbox: Outbox) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 0.05
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.01, last_seconds=5.0))
        outbox._db.execute("PRAGMA query_only = ON")

        await asyncio.gather(*(log.write(prediction()) for _ in range(20)))
        await log.write(prediction())

        assert (len(registry.order), outbox.rows, log.refusing) == (21, 0, False)
        assert outbox.fault is not None

    asyncio.run(scenario())


def test_with_neither_disk_nor_registry_a_record_is_refused_and_the_log_says_so(
    outbox: Outbox,
) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        registry.delay = 60.0
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.01, last_seconds=0.02))
        outbox._db.execute("PRAGMA query_only = ON")

        for _ in range(2):
            with pytest.raises(Overloaded, match="predictions cannot be kept safely"):
                await log.write(prediction())
        refusing = log.refusing
        outbox._db.execute("PRAGMA query_only = OFF")
        outbox.probe()
        await log.write(prediction())

        assert (refusing, log.refusing, outbox.rows, log.waiting) == (True, False, 1, 0)

    asyncio.run(scenario())


def test_records_that_the_disk_does_not_let_go_of_are_told_and_shipped_once(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        registry = MemoryRegistry()
        carrier = Carrier(registry, outbox.folder)
        outbox.put([prediction() for _ in range(5)])
        outbox._db.execute("PRAGMA query_only = ON")

        refused = [await carrier.carry(outbox, 10, shared=shared) for shared in (False, True)]
        fault, rows = outbox.fault, outbox.rows
        outbox._db.execute("PRAGMA query_only = OFF")
        outbox.probe()
        done = await carrier.carry(outbox, 10)

        assert (refused, rows, done, outbox.rows) == ([False, False], 5, True, 0)
        assert fault == "attempt to write a readonly database" and outbox.fault is None
        assert len(registry.order) == len(set(registry.order)) == 5
        assert caplog.messages == [f"slot-0.sqlite keeps what was shipped: {fault}"]

    asyncio.run(scenario())
