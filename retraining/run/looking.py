"""The look that a run takes at the labels of a period, and what it costs of the error budget."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.looks import LookRepository
from database.predictions import PredictionRepository
from database.runs import RunRepository
from database.students import StudentRepository
from database.unit_history import MOST_PREDICTIONS
from model.decisions.looks import Look, PeriodLooks, TakenLook
from model.errors import Conflict
from model.promotion import Guard
from model.run import Run, RunStatus
from preprocessing.dataset import TrainingSet
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.decision import objections_to
from retraining.promotion.looks import (
    Counted,
    Weighed,
    added,
    identical,
    not_taken,
    since,
    taken,
    told,
    weigh,
)
from retraining.run.champion import StoredChampion
from retraining.run.plan import RunPlan
from retraining.run.whole.window import WholeWindow
from retraining.run.window import Mask, fresh_mask

UNRELATED = {
    "title", "title_pt", "description", "excluded", "checked", "schedule", "drift", "example"
}  # fmt: skip
"""Parts of a TaskSpec that no comparison follows from."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A look that a run may take.

    Attributes:
        held: the looks taken at that period so far.
        weighed: what this one would be.
        digest: of all that its evidence follows from.
        at: labels that arrived later are not looked at (aware UTC).
        fresh: the records it judges, shape (n,).
        policy: the task's.
    """

    held: PeriodLooks
    weighed: Weighed
    digest: str
    at: datetime
    fresh: Mask
    policy: PromotionPolicy

    @property
    def repeated(self) -> TakenLook | None:
        """The same look, where it was taken before: it costs nothing."""
        return identical(self.held, self.digest)

    @property
    def objections(self) -> tuple[Guard, ...]:
        """The guards of the look, if one objects to it; else none."""
        return () if self.repeated else objections_to(self.weighed, self.policy)

    def narrowed(self, data: TrainingSet) -> Prospect:
        """The same with the records alone that it judges: of a renewed budget, the new ones."""
        again = self.repeated
        moment = since(self.held, again) if again else self.weighed.since
        if moment is None:
            return self
        return replace(self, fresh=self.fresh & came_after(data, moment))

    @property
    def refused(self) -> Look:
        """The look as a run tells of it that did not take it."""
        return not_taken(self.weighed)


def prospect_of(
    registry: SyncRegistry,
    plan: RunPlan,
    data: TrainingSet,
    champion: StoredChampion,
    left_out: Mapping[str, int],
    *,
    now: datetime,
    whole: WholeWindow | None = None,
) -> Prospect | None:
    """The look that a run would take; None where every record of the window is the champion's.

    Args:
        registry: the installation's.
        plan: of the run.
        data: the window, n records.
        champion: whom the challenger has to beat.
        left_out: period to labelled records that the window had no room for.
        now: labels that arrived later are not looked at.
        whole: the window, where `data` is but the part that is judged on.

    Raises:
        RegistryError: the registry fails.
    """
    fresh = fresh_mask(data, champion.trained_on)
    if not fresh.any():
        return None
    period = str(max(data.periods[fresh]))
    labels = Counter(data.periods.tolist()) if whole is None else whole.labels
    labels += Counter(left_out)
    held = registry.run(LookRepository().find(period)) or PeriodLooks(period)
    counted = Counted(
        period,
        labels[period],
        registry.run(_expected(labels, period)),
        _came_since(whole or data, period, held.looks[-1].at) if held.looks else labels[period],
    )
    prospect = Prospect(
        held,
        weigh(held, counted, 1.0 - plan.task.promotion.confidence),
        _digest(data, champion, plan, whole),
        now,
        fresh,
        plan.task.promotion,
    )
    return prospect.narrowed(data)


def take(registry: SyncRegistry, prospect: Prospect, run_id: str) -> Look | Prospect:
    """Writes that the look is taken, before anybody sees its evidence.

    A look that was taken before is not written again: it has the level that it had then.

    Args:
        registry: the installation's.
        prospect: as it was when the run began.
        run_id: who takes it.

    Returns:
        The look; or, where somebody else has taken one meanwhile that leaves nothing for this one,
        what it would be now.

    Raises:
        RegistryError: the registry fails.
    """
    budget = prospect.weighed.budget
    while True:
        if (before := prospect.repeated) is not None:
            return told(prospect.held, before, budget)
        if prospect.objections:
            return prospect
        look = taken(prospect.weighed, at=prospect.at, run_id=run_id, digest=prospect.digest)
        held = added(prospect.held, look)
        try:
            registry.run(LookRepository().put(held))
        except Conflict:
            prospect = _again(registry, prospect)
            continue
        return told(held, look, budget)


def decided_before(registry: SyncRegistry, prospect: Prospect) -> tuple[Run, Look] | None:
    """The run that took this very look and kept the champion, with the look; else None.

    A look of a dry run, or of one that died before it decided, has decided nothing.

    Raises:
        RegistryError: the registry fails.
    """
    if (before := prospect.repeated) is None:
        return None
    look = told(prospect.held, before, prospect.weighed.budget)
    for run in reversed(registry.run(RunRepository().newest())):
        taken_then = run.look if run.status is RunStatus.KEPT else None
        if taken_then and (taken_then.period, taken_then.number) == (look.period, look.number):
            return run, look
    return None


def _again(registry: SyncRegistry, prospect: Prospect) -> Prospect:
    """The prospect beside a look that somebody else took while this run was training.

    None of the labels that this run has read came after that look.
    """
    held = registry.run(LookRepository().get(prospect.held.period))
    counted = replace(prospect.weighed.counted, new=0)
    return replace(prospect, held=held, weighed=weigh(held, counted, prospect.weighed.budget))


def _expected(labels: Mapping[str, int], period: str) -> Op[int]:
    """How many labels the period will have in the end; 0 where that is not known.

    As many as students are known of it, less the part that never had an outcome in the period
    before it.
    """
    known = yield from _known(period)
    for earlier in sorted((p for p in labels if p < period), reverse=True):
        then = yield from StudentRepository().count_in_period(earlier)
        if then:
            return math.ceil(known * min(1.0, labels[earlier] / then))
    return known


def _known(period: str) -> Op[int]:
    """Students of a period: those of school files, or else those that a score was asked for."""
    observed = yield from StudentRepository().count_in_period(period)
    if observed:
        return observed
    served = yield from PredictionRepository().count_by_unit(MOST_PREDICTIONS)
    return sum(unit.students for (_, when), unit in served.items() if when == period)


def _came_since(data: TrainingSet | WholeWindow, period: str, moment: datetime) -> int:
    if isinstance(data, WholeWindow):
        return data.came_after(period, moment)
    return int((came_after(data, moment) & (data.periods == period)).sum())


def came_after(data: TrainingSet, moment: datetime) -> Mask:
    """The records whose outcome first arrived later, shape (n,)."""
    if data.arrived is None:
        raise ValueError("when the labels arrived is not known")
    later: Mask = data.arrived > moment.timestamp()
    return later


def _digest(
    data: TrainingSet, champion: StoredChampion, plan: RunPlan, whole: WholeWindow | None
) -> str:
    """SHA-256 of all that a comparison follows from, hex: the same for the same look only."""
    digest = hashlib.sha256()
    said = (
        champion.version.version,
        champion.version.artifact,
        plan.options.seed,
        plan.code_version,
        # What a budget of time finds depends on the machine: such a look is never the same.
        plan.run_id if plan.task.training.seconds else "",
        plan.task.model_dump(mode="json", exclude=UNRELATED),
        # A cluster adds up in an order of its own, and features of the rest are not in memory.
        *(() if whole is None else (whole.digest, plan.run_id)),
    )
    digest.update(json.dumps(said, sort_keys=True).encode())
    for record, outcome, name in zip(
        data.records, data.outcome.tolist(), data.record_ids(), strict=True
    ):
        digest.update(f"\n{name} {outcome!r} {sorted(record.items())!r}".encode())
    return digest.hexdigest()
