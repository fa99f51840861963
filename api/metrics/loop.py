"""Reads what the registry holds of a task's loop, off the path of every request.

One worker of a host does so for all of them, the one that follows the champion. Prometheus is
answered from what was read last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from api.background import Turns
from api.metrics.facts import LoopFacts, samples_of
from api.metrics.snapshot import write_snapshot
from api.registry import Registry
from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.drift_reports import DriftReportRepository
from database.driver.commands import Op
from database.labels import LabelRepository, OrphanRepository
from database.leases import LeaseRepository, worker_lease
from database.predictions import PredictionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from database.watch.jobs import JobRepository
from database.watch.notices import NoticeRepository
from database.watch.statistics import PerformanceRepository
from model.version import Alias
from preprocessing.task.spec import TaskSpec

EVERY = 15.0
LOOK = 1.0
"""Seconds after which a worker that does not lead asks whether it does by now."""

COUNTED_EVERY = timedelta(minutes=10)
"""How often outcomes are counted, for which an index is walked."""

RUNS = 200
PREDICTIONS = 1_000


@dataclass(frozen=True, slots=True)
class CountedLabels:
    """What takes longer to count, and when that was done."""

    at: datetime
    labelled: float | None
    orphans: int


class LoopReader:
    """Keeps a host's snapshot of one task up to date.

    Args:
        task: the task.
        registry: the task's own.
        root: the registry that holds the workers' leases.
        leads: whether this worker reads for the host.
        folder: of the host's metrics.
        now: the clock, aware UTC.

    Attributes:
        turns: what became of its readings; while they fail, what was read before stays, with its
            time.
    """

    def __init__(
        self,
        task: TaskSpec,
        registry: Registry,
        root: Registry,
        leads: Callable[[], bool],
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._task = task
        self._registry = registry
        self._root = root
        self._leads = leads
        self._folder = folder
        self._now = now
        self._counted: CountedLabels | None = None
        self._made: tuple[str, Mapping[str, float]] = ("", {})
        self.turns = Turns(f"{task.name}: metrics of the registry are old")

    async def follow(self) -> None:
        """Reads while this worker leads, until cancelled."""
        while True:
            if self._leads():
                with self.turns.turn():
                    await self.read()
                await asyncio.sleep(EVERY)
            else:
                await asyncio.sleep(LOOK)

    async def read(self) -> None:
        """Reads once.

        Raises:
            RegistryError: the registry refuses, or does not answer.
            OSError: the snapshot cannot be written.
        """
        facts = await self._facts()
        write_snapshot(self._folder, self._task.name, samples_of(self._task.name, facts))

    async def _facts(self) -> LoopFacts:
        now, run = self._now(), self._registry.run
        champion = await run(AliasRepository().find(CHAMPION))
        days = self._task.promotion.approval_days
        counted = await self._labels(now)
        measured = await run(PerformanceRepository().current())
        return LoopFacts(
            at=now,
            report=next(iter(await run(DriftReportRepository().newest(1))), None),
            alarms=await run(AlarmRepository().current()),
            runs=await run(RunRepository().outlines(RUNS)),
            lease=await self._root.run(LeaseRepository().find(worker_lease(self._task.name))),
            jobs=await run(JobRepository().all()),
            waiting=await run(approval.waiting(days, now=now)) is not None,
            champion=champion,
            when_made=await self._when_made(champion),
            degradations=measured.degradations if measured else (),
            labelled=counted.labelled,
            orphans=counted.orphans,
            notices=await run(NoticeRepository().tally()),
        )

    async def _labels(self, now: datetime) -> CountedLabels:
        if self._counted is None or now - self._counted.at >= COUNTED_EVERY:
            self._counted = await self._registry.run(_counted_labels(now))
        return self._counted

    async def _when_made(self, champion: Alias | None) -> Mapping[str, float]:
        """The champion's figures of before; read once, for its document is large."""
        if champion is None:
            return {}
        if self._made[0] != champion.version:
            version = await self._registry.run(ModelVersionRepository().find(champion.version))
            self._made = (champion.version, version.metrics if version else {})
        return self._made[1]


def _counted_labels(now: datetime) -> Op[CountedLabels]:
    ids = yield from PredictionRepository().newest_ids(PREDICTIONS)
    labelled = yield from LabelRepository().count_of_predictions(ids)
    orphans = yield from OrphanRepository().count()
    return CountedLabels(now, labelled / len(ids) if ids else None, orphans)
