"""What a run tells: to the person who waits, and to the registry for those who look later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from database.driver.client import SyncRegistry
from database.runs import RunRepository
from database.watch.run_logs import RunLogRepository
from model.decisions.looks import Look
from model.errors import RegistryError
from model.run import Lease, Run, RunStatus, RunStep, stopped
from model.watch.run_log import LogLine, RunLog
from retraining.run.lock import Clock

Say = Callable[[str], None]

Stepped = Callable[[str], None]
"""Told of a step that ended, by its name alone."""

LOG_EVERY = timedelta(seconds=2)
"""What is said between two steps is written this often at most."""


def untold(_name: str) -> None:
    """Where nobody is told of a step."""


class Journal(Protocol):
    """Where a run's steps go."""

    def say(self, text: str) -> None:
        """Tells whoever waits; nothing is kept."""

    def step(self, name: str, detail: str = "") -> None:
        """Tells that a step is finished, and keeps it."""


@dataclass(slots=True)
class DryJournal:
    """Tells and keeps nothing."""

    tell: Say
    stepped: Stepped = untold

    def say(self, text: str) -> None:
        """Tells whoever waits."""
        self.tell(text)

    def step(self, name: str, detail: str = "") -> None:
        """Tells that a step is finished."""
        self.stepped(name)
        self.tell(f"{name}: {detail}" if detail else name)


@dataclass(slots=True)
class RegistryJournal:
    """Tells, and keeps the steps in the run's document and every line in its log."""

    registry: SyncRegistry
    run: Run
    lease: Lease
    tell: Say
    clock: Clock
    stepped: Stepped = untold
    _steps: list[RunStep] = field(default_factory=list)
    _unwritten: list[LogLine] = field(default_factory=list)
    _written_at: datetime | None = None

    def start(self) -> None:
        """Records the run as running.

        Raises:
            Conflict: a run of that id was started already.
        """
        self.registry.run(RunRepository().start(self.run))

    def say(self, text: str) -> None:
        """Tells whoever waits, now or later."""
        self.tell(text)
        now = self.clock()
        self._unwritten.append(LogLine(now, text))
        if self._written_at is None or now - self._written_at >= LOG_EVERY:
            self._write_log(now)

    def step(self, name: str, detail: str = "") -> None:
        """Tells that a step is finished, and records it."""
        finished = RunStep(name, self.clock(), detail)
        self.registry.run(RunRepository().step(self.run.run_id, finished))
        self._steps.append(finished)
        self.stepped(name)
        told = f"{name}: {detail}" if detail else name
        self.tell(told)
        self._unwritten.append(LogLine(finished.at, told))
        self._write_log(finished.at)

    def _write_log(self, now: datetime) -> None:
        """Writes what was said; a registry that is away for a moment has it with the next line.

        A training of an hour does not end for the lack of its log: a step, which is the run's own
        record, says so soon enough.
        """
        self._written_at = now
        if not self._unwritten:
            return
        try:
            self.registry.run(RunLogRepository().add(self.run.run_id, self._unwritten))
        except RegistryError:
            kept = RunLog(self.run.run_id, now).plus(self._unwritten)
            self._unwritten = [*kept.lines]
            return
        self._unwritten = []

    def stopped(self, why: str) -> None:
        """Records that the run was ended from outside; one that was asked for waits once more.

        Raises:
            LeaseLost: another run took over; nothing was recorded.
        """
        self._write_log(self.clock())
        now = replace(self.run, steps=(*self.run.steps, *self._steps))
        ended = stopped(now, self.clock(), why)
        self.registry.run(RunRepository().finish(ended, lease=self.lease))

    def finish(
        self,
        status: RunStatus,
        *,
        challenger: str | None = None,
        champion: str | None = None,
        reasons: tuple[str, ...] = (),
        error: str | None = None,
        look: Look | None = None,
    ) -> None:
        """Records how the run ended.

        Args:
            status: how.
            challenger: the version that was registered, if any.
            champion: the version that serves now, if any.
            reasons: of the decision, in words.
            error: what stopped it, in our own words and never a record's.
            look: at the labels of a period, taken or not.

        Raises:
            LeaseLost: another run took over; nothing was recorded.
        """
        self._write_log(self.clock())
        ended = replace(
            self.run,
            status=status,
            finished_at=self.clock(),
            steps=tuple(self._steps),
            challenger=challenger,
            champion=champion,
            reasons=reasons,
            error=error,
            look=look,
        )
        self.registry.run(RunRepository().finish(ended, lease=self.lease))
