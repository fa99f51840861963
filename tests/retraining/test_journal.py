"""What a run tells while it goes on is kept, and never in its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from database.driver.client import SyncRegistry
from database.leases import LeaseRepository
from database.runs import RunRepository
from database.watch.run_logs import RunLogRepository
from model.errors import RegistryUnavailable
from model.run import Lease, Run, RunStatus
from retraining.run.journal import LOG_EVERY, RegistryJournal

START = datetime(2026, 3, 1, tzinfo=UTC)
LEASE = Lease("retraining", "host/1", 1, START + timedelta(hours=1))
RUN = Run("r", RunStatus.RUNNING, "cli", START, START, token=1)


class SteppingClock:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Counting:
    """Passes operations on, counts them, and is away when told to be."""

    def __init__(self, registry: SyncRegistry) -> None:
        self.registry, self.asked, self.away = registry, 0, False

    def run(self, operation: object) -> object:
        if self.away:
            raise RegistryUnavailable("away")
        self.asked += 1
        return self.registry.run(operation)  # type: ignore[arg-type]


def lines(registry: SyncRegistry) -> list[str]:
    log = registry.run(RunLogRepository().find("r"))
    return [] if log is None else [line.text for line in log.lines]


def test_steps_are_logged_at_once_and_what_is_said_between_them_every_two_seconds(
    registry: SyncRegistry,
) -> None:
    clock, told = SteppingClock(), list[str]()
    counting = Counting(registry)
    journal = RegistryJournal(cast(SyncRegistry, counting), RUN, LEASE, told.append, clock)
    journal.start()

    journal.say("fold 1")
    written = counting.asked
    journal.say("fold 2")
    journal.say("fold 3")

    assert counting.asked == written and lines(registry) == ["fold 1"]
    clock.now += LOG_EVERY
    journal.say("fold 4")
    assert lines(registry) == ["fold 1", "fold 2", "fold 3", "fold 4"]
    journal.step("trained", "xgboost")
    assert lines(registry)[-1] == "trained: xgboost"
    assert told == [*lines(registry)]


def test_what_was_said_last_is_in_the_log_of_a_run_that_failed_right_after(
    registry: SyncRegistry,
) -> None:
    hour = timedelta(hours=1)
    lease = registry.run(LeaseRepository().acquire("retraining", "host/1", now=START, ttl=hour))
    journal = RegistryJournal(registry, RUN, lease, lambda _: None, SteppingClock())
    journal.start()

    journal.say("fold 1")
    journal.say("fold 2")
    journal.finish(RunStatus.FAILED, error="MemoryError")

    assert lines(registry) == ["fold 1", "fold 2"]


def test_a_registry_that_is_away_for_a_moment_ends_no_training_and_has_the_lines_later(
    registry: SyncRegistry,
) -> None:
    clock, counting = SteppingClock(), Counting(registry)
    journal = RegistryJournal(cast(SyncRegistry, counting), RUN, LEASE, lambda _: None, clock)
    registry.run(RunRepository().start(RUN))

    counting.away = True
    journal.say("fold 1")
    counting.away = False
    clock.now += LOG_EVERY
    journal.say("fold 2")

    assert lines(registry) == ["fold 1", "fold 2"]
