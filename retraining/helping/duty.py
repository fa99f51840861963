"""The worker's job that measures whether the help helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.helping.effects import EffectRepository
from database.helping.interventions import InterventionRepository
from database.labels import LabelRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from database.rights.objections import ObjectionRepository, without_objecting
from model.helping.effect import SUBJECT, CutEffect, EffectReport, PowerTable, Silence
from model.lists.published import ListedRow, PublishedList
from preprocessing.task.spec import TaskSpec
from retraining.helping.discontinuity import EXTRA, cut_effect, installed
from retraining.helping.effect_words import summary
from retraining.helping.helped import help_given
from retraining.helping.lists_read import (
    Became,
    ListWithRows,
    cut_standings,
    drawn_standings,
    in_force_longest,
    near_cut,
    prospects_of,
    risk_at_cut,
    who_drew,
)
from retraining.helping.lottery import lottery_effects
from retraining.helping.power import power_table

MOST_LISTS = 400
MOST_PERIODS = 6
"""Lists that are looked at, those of the newest periods."""


def measure_effects(registry: SyncRegistry, task: TaskSpec, _: bytes, now: datetime) -> str:
    """Measures anew where a label, a list or help came since, or the library for the cut did.

    Args:
        registry: of the task.
        task: says which outcomes are of risk.
        now: aware UTC.

    Returns:
        What was done, in a sentence.

    Raises:
        RegistryError: the registry fails.
    """
    lists = registry.run(_lists())
    seen = registry.run(_seen(lists))
    former = registry.run(EffectRepository().current())
    if former is not None and former.seen == seen:
        return "no label, list or help is new"
    report = registry.run(_measured(lists, task, seen, now))
    registry.run(EffectRepository().put(report))
    return summary(report)


def at_risk_of(task: TaskSpec) -> Callable[[float], bool]:
    """Whether an outcome of the task is one of risk; of a number, beyond where `alert` begins."""
    if task.outcome.form.two_valued:
        return lambda outcome: outcome > 0.5
    cuts = task.status.cutoffs()
    return lambda outcome: cuts.scale.reached(outcome, cuts.alert)


def _lists() -> Op[list[PublishedList]]:
    """The complete lists of the newest periods, oldest first."""
    found = yield from PublishedListRepository().newest(MOST_LISTS)
    complete = [one for one in found if one.complete]
    periods = sorted({one.period for one in complete})[-MOST_PERIODS:]
    return sorted(
        (one for one in complete if one.period in periods), key=lambda one: (one.at, one.list_id)
    )


def _seen(lists: Sequence[PublishedList]) -> Op[str]:
    """What the newest label, list and help are, who objects, and what it is measured with."""
    labels = yield from LabelRepository().newest(1)
    helped = yield from InterventionRepository().newest(1)
    number = yield from InterventionRepository().count()
    objections = yield from ObjectionRepository().newest(1)
    objecting = yield from ObjectionRepository().count()
    newest = [one.arrived_at for one in labels] + [one.at for one in helped]
    newest += [one.at for one in objections]
    ids = [one.list_id for one in lists[-1:]]
    extra = [EXTRA] if installed() else []
    return " ".join(
        [*(moment.isoformat() for moment in newest), str(number), str(objecting), *ids, *extra]
    )


def _measured(
    lists: Sequence[PublishedList], task: TaskSpec, seen: str, now: datetime
) -> Op[EffectReport]:
    drawn = [one for one in lists if one.drawn]
    plain = [one for one in in_force_longest(lists, now) if not one.drawn]
    newest = lists[-1] if lists else None
    power = yield from _power(newest, of_risks=task.outcome.form.two_valued)
    with_lots = yield from _with_rows(drawn, who_drew)
    without = yield from _with_rows(plain, near_cut)
    became = yield from _became([*with_lots, *without], task, now)
    return EffectReport(
        subject=SUBJECT,
        at=now,
        lists=len(lists),
        periods=tuple(sorted({one.period for one in lists})),
        lottery=lottery_effects(drawn_standings(with_lots, became)),
        cut=cut_effect(cut_standings(without, became), len(plain))
        if lists
        else CutEffect(silent=Silence.NO_LIST),
        power=power,
        seen=seen,
    )


def _power(newest: PublishedList | None, *, of_risks: bool) -> Op[PowerTable]:
    """What could be seen on the newest list; its rows are kept no longer than that takes."""
    if newest is None:
        return power_table(None)
    rows = ListWithRows(newest, (yield from _rows(newest)))
    return power_table(risk_at_cut(rows) if of_risks else None, prospects_of(rows))


def _with_rows(
    lists: Sequence[PublishedList], kept: Callable[[ListWithRows], ListWithRows]
) -> Op[list[ListWithRows]]:
    """Lists with what is kept of their rows; of one at a time all are in memory."""
    found = []
    for one in lists:
        found.append(kept(ListWithRows(one, (yield from _rows(one)))))
    return found


def _rows(one: PublishedList) -> Op[list[ListedRow]]:
    """What is kept of a list's rows, but of those who object."""
    return (yield from without_objecting((yield from ListedRowRepository().of_list(one.list_id))))


def _became(lists: Sequence[ListWithRows], task: TaskSpec, now: datetime) -> Op[Became]:
    subjects = {(row.student_id, one.about.period) for one in lists for row in one.rows}
    outcomes = yield from LabelRepository().outcomes_of(subjects)
    given = yield from help_given()
    return Became(outcomes, given, at_risk_of(task), now.date())
