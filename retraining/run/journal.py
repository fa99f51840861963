"""What a run tells: to the person who waits, and to the registry for those who look later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from database.driver.client import SyncRegistry
from database.runs import RunRepository
from model.decisions.looks import Look
from model.run import Lease, Run, RunStatus, RunStep, stopped
from retraining.run.lock import Clock

Say = Callable[[str], None]


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

    def say(self, text: str) -> None:
        """Tells whoever waits."""
        self.tell(text)

    def step(self, name: str, detail: str = "") -> None:
        """Tells that a step is finished."""
        self.tell(f"{name}: {detail}" if detail else name)


@dataclass(slots=True)
class RegistryJournal:
    """Tells, and keeps the steps in the run's document."""

    registry: SyncRegistry
    run: Run
    lease: Lease
    tell: Say
    clock: Clock
    _steps: list[RunStep] = field(default_factory=list)

    def start(self) -> None:
        """Records the run as running.

        Raises:
            Conflict: a run of that id was started already.
        """
        self.registry.run(RunRepository().start(self.run))

    def say(self, text: str) -> None:
        """Tells whoever waits."""
        self.tell(text)

    def step(self, name: str, detail: str = "") -> None:
        """Tells that a step is finished, and records it."""
        finished = RunStep(name, self.clock(), detail)
        self.registry.run(RunRepository().step(self.run.run_id, finished))
        self._steps.append(finished)
        self.tell(f"{name}: {detail}" if detail else name)

    def stopped(self, why: str) -> None:
        """Records that the run was ended from outside; one that was asked for waits once more.

        Raises:
            LeaseLost: another run took over; nothing was recorded.
        """
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
