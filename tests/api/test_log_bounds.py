"""The prediction log at its bounds: rates, memory, callers that go away, and going back to rest."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.durability.outbox import Outbox, decode
from api.durability.prediction_log import FLUSH_SECONDS, LogPolicy, PredictionLog
from database.driver.commands import Op
from model.errors import Overloaded
from tests.api.test_prediction_log import MemoryRegistry, T, prediction

FULL = "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END"
Scenario = Callable[[MemoryRegistry, PredictionLog], Awaitable[None]]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "slot-0.sqlite")
    yield box
    box.close()


def run(outbox: Outbox, scenario: Scenario, policy: LogPolicy | None = None) -> None:
    """Runs a scenario with a registry in memory and a log in front of it."""

    async def whole() -> None:
        registry = MemoryRegistry()
        log = PredictionLog(registry, outbox, policy or LogPolicy(wait_seconds=5.0))
        async with asyncio.timeout(10):
            await scenario(registry, log)
            await log.flush()

    asyncio.run(whole())


def test_a_caller_who_goes_away_does_not_hold_up_the_others(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.delay = 0.05
        first, second = prediction(), prediction()
        leaving = asyncio.create_task(log.write(first))
        staying = asyncio.create_task(log.write(second))
        await asyncio.sleep(0.01)
        leaving.cancel()

        await staying

        assert registry.order == [first.prediction_id, second.prediction_id]

    run(outbox, scenario)


def test_a_record_that_nobody_can_keep_is_refused(outbox: Outbox, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "slot-0.sqlite")) as db, db:
        db.execute(FULL)

    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.away = True
        with pytest.raises(Overloaded, match="cannot be kept safely"):
            await log.write(prediction())
        assert (outbox.rows, log.waiting) == (0, 0)

    run(outbox, scenario)


@pytest.mark.parametrize("registry_is_back", [True, False])
def test_a_log_that_refuses_says_so_until_a_record_is_safe_again(
    outbox: Outbox, tmp_path: Path, registry_is_back: bool
) -> None:
    def at_the_disk(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "slot-0.sqlite")) as db, db:
            db.execute(statement)

    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        assert not log.refusing
        at_the_disk(FULL)
        registry.away = True
        with pytest.raises(Overloaded):
            await log.write(prediction())
        assert log.refusing

        if registry_is_back:
            registry.away = False
            log.drained()
        else:
            at_the_disk("DROP TRIGGER full")
        await log.write(prediction())

        assert not log.refusing
        assert (len(registry.order), outbox.rows) == ((1, 0) if registry_is_back else (0, 1))

    run(outbox, scenario)


def test_records_given_together_are_kept_together_and_all_counted(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        await log.write_many((prediction(), prediction(), prediction()))
        await log.write(prediction())

        assert (len(registry.order), registry.calls, log.written) == (4, 2, 4)

    run(outbox, scenario)


def test_an_answer_is_held_back_as_long_as_shipping_asks_for(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        assert log.pressure == 0
        log.pressure = 0.1
        began = time.monotonic()

        await log.write(prediction())

        assert time.monotonic() - began >= 0.1

    run(outbox, scenario)


def test_a_flush_returns_once_what_is_in_flight_and_what_gathers_is_safe(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.delay = 0.05
        flying = asyncio.create_task(log.write(prediction()))
        await asyncio.sleep(0.02)
        gathering = asyncio.create_task(log.write_many((prediction(), prediction())))
        await asyncio.sleep(0)
        assert log.waiting == 3

        await log.flush()

        assert (log.waiting, len(registry.order)) == (0, 3)
        await asyncio.gather(flying, gathering)

    run(outbox, scenario)


def test_what_gathers_during_a_flight_goes_straight_after_it(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.delay = 0.03
        first = asyncio.create_task(log.write(prediction()))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(log.write(prediction())) for _ in range(5)]

        await asyncio.gather(first, *others)

        assert (len(registry.order), registry.calls, outbox.rows) == (6, 2, 0)
        assert not log.spilling
        assert not log.wake.is_set()

    run(outbox, scenario)


def test_what_gathers_during_a_flight_that_fails_goes_into_the_outbox_in_order(
    outbox: Outbox,
) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.delay = 60.0
        records = [prediction() for _ in range(3)]
        first = asyncio.create_task(log.write(records[0]))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(log.write(record)) for record in records[1:]]

        await asyncio.gather(first, *others)

        assert [decode(body) for body in outbox.oldest(10)[0]] == records
        assert registry.calls == 1
        assert log.wake.is_set()

    run(outbox, scenario, LogPolicy(wait_seconds=0.05))


def test_up_to_the_rate_records_go_straight_and_above_it_into_the_outbox(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        for _ in range(5):
            await log.write(prediction())
        assert (len(registry.order), outbox.rows, log.spilling) == (5, 0, False)

        await log.write(prediction())
        await log.write(prediction())

        assert (len(registry.order), outbox.rows, log.spilling) == (5, 2, True)
        assert log.wake.is_set()

    run(outbox, scenario, LogPolicy(wait_seconds=5.0, direct_per_second=5))


def test_the_rate_is_counted_anew_each_second(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        for _ in range(3):
            for _ in range(4):
                await log.write(prediction())
            await asyncio.sleep(1.01)

        assert (len(registry.order), outbox.rows) == (12, 0)

    run(outbox, scenario, LogPolicy(wait_seconds=5.0, direct_per_second=5))


def test_a_second_later_to_the_very_moment_the_rate_is_counted_anew(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        moments = (1000.0, 1000.5, 1001.0, 1001.5, 1001.999, 1001.999)
        written: list[tuple[int, int]] = []
        with pytest.MonkeyPatch.context() as clock:
            clock.setattr(asyncio.get_running_loop(), "time", lambda: moments[len(written)])
            for _ in range(5):
                await log.write(prediction())
                written.append((len(registry.order), outbox.rows))

        assert written == [(1, 0), (2, 0), (3, 0), (4, 0), (4, 1)]

    run(outbox, scenario, LogPolicy(wait_seconds=5.0, direct_per_second=2))


class Holding(MemoryRegistry):
    """A registry that answers when it is told to; only the tasks that wait for it refer to it."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[weakref.ref[asyncio.Future[None]]] = []

    async def run(self, op: Op[T]) -> T:
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(weakref.ref(answer))
        await answer
        return await super().run(op)


def test_a_write_that_was_given_up_goes_on_though_nothing_else_refers_to_it(
    outbox: Outbox,
) -> None:
    async def scenario() -> None:
        registry = Holding()
        log = PredictionLog(registry, outbox, LogPolicy(wait_seconds=0.01))
        await log.write(record := prediction())
        assert (outbox.rows, registry.order) == (1, [])
        await asyncio.sleep(0.01)
        gc.collect()

        (answer,) = (held() for held in registry.answers)
        assert answer is not None
        answer.set_result(None)
        await asyncio.sleep(0.01)

        assert registry.order == [record.prediction_id]

    asyncio.run(scenario())


def test_no_task_is_left_of_what_was_written(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        for _ in range(3):
            await log.write(prediction())
        await asyncio.sleep(0.01)
        gc.collect()

        left = [o for o in gc.get_objects() if isinstance(o, asyncio.Task)]
        assert left == [asyncio.current_task()]

    run(outbox, scenario)


def test_a_flush_looks_often_and_does_not_spin(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.delay = 0.02
        writing = asyncio.create_task(log.write(prediction()))
        await asyncio.sleep(0)
        sleep = asyncio.sleep
        with monkeypatch.context() as noting:

            async def noted(seconds: float) -> None:
                pauses.append(seconds)
                await sleep(seconds)

            noting.setattr(asyncio, "sleep", noted)
            await log.flush()
        await writing

    run(outbox, scenario)

    assert 0 < FLUSH_SECONDS < 0.1
    assert set(pauses) - {0.02} == {FLUSH_SECONDS}


def test_once_the_outbox_is_drained_records_go_straight_again(outbox: Outbox) -> None:
    outbox.put([prediction()])

    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        assert log.spilling and log.wake.is_set()
        await log.write(prediction())
        assert (len(registry.order), outbox.rows) == (0, 2)
        outbox.drop(outbox.oldest(10)[1])

        log.drained()
        await log.write(prediction())

        assert (len(registry.order), outbox.rows) == (1, 0)
        assert not log.spilling
        assert not log.wake.is_set()

    run(outbox, scenario)


def test_what_gathers_takes_exactly_as_much_as_is_allowed(outbox: Outbox) -> None:
    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        registry.delay = 0.2
        tasks = []
        for number in (1, 6, 4):  # The first is on its way; the others gather.
            records = tuple(prediction() for _ in range(number))
            tasks.append(asyncio.create_task(log.write_many(records)))
            await asyncio.sleep(0.01)

        with pytest.raises(Overloaded, match="too many predictions wait to be kept"):
            await log.write(prediction())

        await asyncio.gather(*tasks)
        assert (len(registry.order), log.written) == (11, 11)

    run(outbox, scenario, LogPolicy(wait_seconds=5.0, most_waiting=10))


def test_a_full_outbox_is_named_as_the_reason(outbox: Outbox) -> None:
    outbox.put([prediction(), prediction()])

    async def scenario(registry: MemoryRegistry, log: PredictionLog) -> None:
        with pytest.raises(Overloaded, match="too many predictions wait for the registry"):
            await log.write(prediction())

    run(outbox, scenario, LogPolicy(most_rows=2))
