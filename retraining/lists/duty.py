"""Publishes the newest period's list when the champion, the period or a budget has changed."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.lists.budgets import BudgetRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from database.rights.objections import without_objecting
from database.students import PeriodRepository, StudentRepository
from database.versions import ModelVersionRepository
from model.lists.published import ListBudget, PublishedList
from model.student import Observation
from preprocessing.lists.publishing import Occasion, announced, rows_of
from preprocessing.lists.ranking import rank_students
from preprocessing.lists.scoring import ScoredStudents, joined, score_students
from preprocessing.longitudinal import recalled_observations
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from retraining.run.champion import load_predictor

BY = "worker"
ABANDONED = timedelta(hours=1)
"""A list that was begun so long ago and is not complete was begun by a process that died."""


@dataclass(frozen=True, slots=True)
class Due:
    """A list that is to be published."""

    period: str
    version: str
    budgets: Sequence[ListBudget]


def publish_lists(registry: SyncRegistry, task: TaskSpec, signing_key: bytes, now: datetime) -> str:
    """Publishes the list of the newest period if whom it shows would be another by our doing.

    A list whose places were drawn stands until a person publishes another.

    Args:
        registry: of the task.
        task: as it is now.
        signing_key: of the installation; the champion must be signed with it.
        now: aware UTC.

    Returns:
        What was done, in a sentence.

    Raises:
        BundleError: the champion cannot be trusted or read.
        RegistryError: the registry fails; what was begun is nobody's list.
    """
    registry.run(_drop_abandoned(now - ABANDONED))
    found = registry.run(_due())
    if isinstance(found, str):
        return found
    version = registry.run(ModelVersionRepository().get(found.version))
    with tempfile.TemporaryDirectory(prefix="farol-lists-") as folder:
        predictor = load_predictor(registry, version, Path(folder), signing_key)
        scored = _scored(registry, predictor, found.period, task)
    ranked = rank_students(scored, found.budgets, task.promotion)
    occasion = Occasion(uuid.uuid4().hex, found.period, found.version, now, BY)
    draft = announced(occasion, scored, ranked, found.budgets)
    registry.run(PublishedListRepository().announce(draft))
    registry.run(ListedRowRepository().add_many(rows_of(draft, scored, ranked)))
    registry.run(PublishedListRepository().complete(draft))
    return f"the list of {found.period} was published: {draft.students} students, {found.version}"


def why_not(last: PublishedList | None, due: Due) -> str:
    """Why a list is not published again; empty where it is.

    >>> due = Due("2024", "v1", ())
    >>> why_not(None, due)
    ''
    """
    if last is None:
        return ""
    if last.drawn:
        return f"the draw of {last.at:%Y-%m-%d} stands for {due.period}"
    if (last.version, tuple(last.budgets)) == (due.version, tuple(due.budgets)):
        return f"nothing has changed since {last.at:%Y-%m-%d}"
    return ""


def _due() -> Op[Due | str]:
    """The list that is to be published, or why none is."""
    alias = yield from AliasRepository().find(CHAMPION)
    periods = yield from PeriodRepository().all()
    if alias is None:
        return "there is no champion yet"
    if not periods:
        return "nothing is known of any student yet"
    due = Due(periods[-1], alias.version, (yield from BudgetRepository().all()))
    last = yield from PublishedListRepository().latest(due.period)
    return why_not(last, due) or due


def _drop_abandoned(before: datetime) -> Op[None]:
    abandoned = yield from PublishedListRepository().abandoned(before)
    if abandoned:
        yield from PublishedListRepository().remove(abandoned)


def _observed(period: str, units: frozenset[str] | None) -> Op[list[Observation]]:
    """Who is in a period and these units, without whom objects."""
    found = yield from StudentRepository().in_period(period, units=units)
    return (yield from without_objecting(found))


def _scored(
    registry: SyncRegistry, predictor: Predictor, period: str, task: TaskSpec
) -> ScoredStudents:
    """The students of the newest period, read and scored unit by unit."""
    known = registry.run(StudentRepository().units())
    groups: list[frozenset[str] | None] = [None]
    if known:
        groups = [frozenset({unit}) for unit in ("", *known)]
    parts = []
    for units in groups:
        observed = registry.run(_observed(period, units))
        if task.longitudinal is not None:
            students = registry.run(StudentRepository().get_many([o.student_id for o in observed]))
            observed = recalled_observations(task.longitudinal, observed, students)
        parts.append(score_students(predictor, observed, task))
    return joined([part for part in parts if part.ids] or parts[:1])
