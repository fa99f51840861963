"""A school's calendar played Monday by Monday: real jobs and registry, a clock that is stepped.

Nothing is mocked. The worker's own jobs decide what is due and do it; what they would start as
processes is run here, because a process would read the machine's clock. People are told over HTTP.

What joins the worker's `DUTIES` joins the story by itself. A task with more keys is
`school_task("promotion: {shadow: {days: 28}}")`, say; what schools and people do is a `Happening`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from database.driver.client import SyncRegistry
from database.watch.notices import NoticeRepository
from deployment.exit_codes import ExitCode, exit_code
from drift.check import run_drift_check
from model.errors import FarolError
from model.options import RunOptions
from model.watch.notice import Notice
from preprocessing.task.spec import TaskSpec
from retraining import pipeline
from retraining.notices.addresses import AppriseOutlet
from retraining.notices.telling import Surroundings
from retraining.run.execution import execute
from retraining.run.plan import RunPlan, applied
from retraining.worker.context import AtWork
from retraining.worker.duties import DUTIES
from retraining.worker.jobs import Jobs
from retraining.worker.subprocesses import Subprocesses

KEY = b"the installation's key"
STEP = timedelta(days=14)
"""From a Monday to the next but one: what the worker missed in between it does once."""


class Clock:
    """The story's time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class InProcess(Subprocesses):
    """The commands that the worker's jobs start, by the story's clock."""

    def __init__(self, registry: SyncRegistry, task: TaskSpec, home: Path, clock: Clock) -> None:
        super().__init__()
        self._registry, self._task, self._home, self._clock = registry, task, home, clock
        self.runs = 0

    def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
        """Runs a command to its end and gives its exit code."""
        assert arguments[:2] == ("--task", task)
        commands = {"drift.check": self._check, "retraining.pipeline": self._train}
        try:
            return commands[module](arguments[2:])
        except FarolError as error:
            return exit_code(error)

    def _check(self, arguments: Sequence[str]) -> int:
        report = run_drift_check(self._registry, self._task, now=self._clock(), signing_key=KEY)
        return ExitCode.DONE if report.compared else ExitCode.NOT_ENOUGH_DATA

    def _train(self, arguments: Sequence[str]) -> int:
        given = pipeline._parser().parse_args(arguments)
        self.runs += 1
        options = RunOptions()
        plan = RunPlan(
            run_id=given.run_id or f"run-{self.runs}",
            task=applied(options, self._task),
            options=options,
            home=self._home,
            signing_key=KEY,
            requested_by=given.requested_by,
            code_version="story",
            cause=given.cause,
        )
        execute(self._registry, plan, clock=self._clock, say=lambda _: None)
        return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that the school's own systems do: files are read, outcomes reported."""

    at: datetime
    does: Callable[[datetime], None]


class SchoolYear:
    """An installation with one task, and a worker whose Mondays come as fast as they can.

    Args:
        registry: of the task, and root.
        task: the school's.
        home: of the task on this host.
        address: where people are told.
        begins: the first moment.
    """

    def __init__(
        self, registry: SyncRegistry, task: TaskSpec, home: Path, address: str, begins: datetime
    ) -> None:
        self.registry, self.task, self.clock = registry, task, Clock(begins)
        self._told: dict[str, Notice] = {}
        around = Surroundings(AppriseOutlet(address, task.name, KEY), "story/1", home)
        here = AtWork(
            registry=registry,
            root=registry,
            task=task,
            signing_key=KEY,
            home=home,
            subprocesses=InProcess(registry, task, home, self.clock),
            clock=self.clock,
            around=lambda: around,
        )
        # What each host does for its own files is no part of the story: it has no host.
        duties = [duty for duty in DUTIES if not duty.on_every_host]
        self.jobs = Jobs(here, holder="story/1", duties=duties)

    def play(self, happenings: Iterable[Happening], until: datetime) -> None:
        """Step by step: what happens in the school, then what is due."""
        ahead = sorted(happenings, key=lambda one: one.at)
        while self.clock.now < until:
            self.clock.now += STEP
            while ahead and ahead[0].at <= self.clock.now:
                ahead.pop(0).does(self.clock.now)
            self._monday()

    @property
    def told(self) -> list[Notice]:
        """What people were told, in the order in which it happened."""
        return sorted(self._told.values(), key=lambda one: (one.at, one.kind))

    def _monday(self) -> None:
        # The lease of last Monday has run out: the first beat finds that, the second takes it.
        self.jobs.heartbeat()
        self.jobs.heartbeat()
        assert self.jobs.leading
        self.jobs.carry_out_due()
        # Noted as it comes: a story may be longer than notices are kept.
        known = self.registry.run(NoticeRepository().newest(0))
        self._told |= {one.notice_id: one for one in known if one.sent_at}
