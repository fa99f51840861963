"""A worker for tests: its clock is moved by hand, and what it would start is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from database.driver.client import SyncRegistry
from preprocessing.task.spec import TaskSpec
from retraining.notices.telling import Surroundings
from retraining.worker.context import AtWork
from retraining.worker.duties import DUTIES, Duty
from retraining.worker.jobs import Jobs
from retraining.worker.subprocesses import Subprocesses
from tests.retraining.notices.builders import Recorded
from tests.retraining.school import KEY, START, task

NOW = START + timedelta(days=500)  # Sunday 2027-05-16, midnight
UNADDRESSED = Surroundings(Recorded(), "a/1")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(slots=True)
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


class Recorder(Subprocesses):
    """Remembers what it was asked to run, and exits with a code of our choice."""

    def __init__(self, code: int | None = 0) -> None:
        super().__init__()
        self.code = code
        self.asked: list[tuple[str, ...]] = []

    def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
        assert arguments[:2] == ("--task", task)
        self.asked.append((module, *arguments[2:]))
        return self.code

    def ask(self, module: str, *arguments: str) -> tuple[int | None, str]:
        self.asked.append((module, *arguments))
        return self.code, '{"told": "nothing waits"}'

    @property
    def modules(self) -> list[str]:
        return [module for module, *_ in self.asked]


def at_work(
    registry: SyncRegistry,
    subprocesses: Subprocesses | None = None,
    clock: Callable[[], datetime] | None = None,
    spec: TaskSpec | None = None,
    home: Path = Path("nowhere"),
    around: Callable[[], Surroundings] = lambda: UNADDRESSED,
) -> AtWork:
    return AtWork(
        registry=registry,
        root=registry,
        task=spec or task(),
        signing_key=KEY,
        home=home,
        subprocesses=subprocesses or Recorder(),
        clock=clock or Clock(),
        around=around,
    )


def jobs(
    registry: SyncRegistry,
    subprocesses: Subprocesses | None = None,
    holder: str = "a/1",
    clock: Callable[[], datetime] | None = None,
    spec: TaskSpec | None = None,
    duties: Sequence[Duty] = DUTIES,
) -> Jobs:
    return Jobs(at_work(registry, subprocesses, clock, spec), holder=holder, duties=duties)


@dataclass(slots=True)
class Work:
    """Work that does what it is told, and counts."""

    error: Exception | None = None
    done: list[datetime] = field(default_factory=list)

    def __call__(self, here: AtWork) -> str:
        self.done.append(here.clock())
        if self.error is not None:
            raise self.error
        return "done"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
