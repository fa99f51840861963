"""Students of a list as they are shown, read for each page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from api.answers.predictions import ListedStudent
from api.answers.scales import score_fields
from api.lists.view import ListView
from api.ranked.reading import observed_of
from api.scoring import explained_fields
from api.services import Services
from database.driver.commands import Op
from database.driver.paging import in_parts
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.lists.published import ListedRowRepository
from model.helping.action import ActionKind
from model.lists.published import ListedRow
from model.student import Observation
from preprocessing.student_ids import sent_id
from preprocessing.task.spec import TaskSpec

PART = 500
"""Students of a file that are read and explained at a time."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is known of the students of a page, by student."""

    observed: Mapping[str, Observation]
    before: Mapping[str, ListedRow]
    done: Mapping[str, ActionKind]
    assigned: Mapping[str, str]


async def shown(here: Services, view: ListView, positions: Sequence[int]) -> list[ListedStudent]:
    """Students of a list with their reasons, in the order given.

    One of whom nothing is known any more is left out.

    Args:
        here: the services of the task.
        view: the list.
        positions: whom of it.

    Raises:
        RegistryError: the registry does not answer.
    """
    if view.period is None or not positions:
        return []
    ids = [view.scored.ids[place] for place in positions]
    known = await here.registry.run(_known(here, view, view.period, ids))
    return await asyncio.to_thread(listed_students, here.task, view, positions, known)


async def every_part(
    here: Services, view: ListView, positions: Sequence[int]
) -> AsyncIterator[list[ListedStudent]]:
    """Many students of a list, some at a time.

    Raises:
        RegistryError: the registry does not answer.
    """
    for part in in_parts(positions, PART):
        yield await shown(here, view, part)


def _known(here: Services, view: ListView, period: str, ids: Sequence[str]) -> Op[PageFacts]:
    observed = view.observed
    if not observed:
        observed = yield from observed_of(here.task.longitudinal, period, ids)
    before: Mapping[str, ListedRow] = {}
    if view.published is not None:
        before = yield from ListedRowRepository().of_students(view.published.list_id, ids)
    actions = yield from ActionRepository().of_students(ids, view.told)
    assigned = yield from AssignmentRepository().of_students(ids, view.told)
    done = {
        student: one.kind
        for student, told in actions.items()
        if (one := next((a for a in told if a.period == period), None)) is not None
    }
    people = {student: one.person for student, one in assigned.items()}
    return PageFacts(observed, before, done, people)


def listed_students(
    task: TaskSpec, view: ListView, positions: Sequence[int], known: PageFacts
) -> list[ListedStudent]:
    """Students of a list as they are shown; pure.

    Args:
        task: of the list.
        view: the list.
        positions: whom of it.
        known: what is known of them.
    """
    there = [
        (place, one)
        for place in positions
        if (one := known.observed.get(view.scored.ids[place])) is not None
        and (view.units is None or one.unit in view.units)
    ]
    records = [one.features for _, one in there]
    champion, scale = view.champion, view.champion.thresholds.scale
    assessed = champion.predictor.assess_many(records)
    explained = champion.predictor.explain_many(records)
    rows: list[ListedStudent] = []
    for (place, o), found, why in zip(there, assessed, explained, strict=True):
        before = known.before.get(o.student_id)
        rows.append(
            {
                "student_id": sent_id(task, o.student_id),
                "units": o.units,
                "period": o.period,
                **score_fields(scale, found.score, found.interval),
                "risk_label": found.label,
                "status": found.status,
                "known_weight": found.known_weight,
                "model_version": champion.version,
                "lane": view.scored.lanes[place],
                "rank": int(view.ranked.rank[place]),
                "rank_before": None if before is None else before.rank,
                "score_before": None if before is None else before.score,
                "within": bool(view.within[place]),
                "done": known.done.get(o.student_id),
                "assigned": known.assigned.get(o.student_id),
                **explained_fields(champion, why, found.score),
            }
        )
    return rows
