"""What is known of a student, read in one task and put into the words of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from api.answers.dossiers import (
    StudentAssignment,
    StudentCorrection,
    StudentLabel,
    StudentListed,
    StudentObjection,
    StudentOrphan,
    StudentOutcome,
    StudentPrediction,
    StudentRecord,
    TaskPage,
    WholeParts,
)
from api.answers.filled import filled
from api.answers.helping import ActionFields, AssignmentFields, InterventionFields
from api.answers.predictions import ScoreFields
from api.answers.scales import score_fields
from api.durability import outbox
from api.security import Client
from api.services import Services
from api.units import UnitLimit
from database.dossier import Dossier, KeptDocument, dossier_of, within
from database.driver.commands import Op
from database.driver.paging import in_parts
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.tombstones import TombstoneRepository
from model.errors import ErasedStudent
from model.helping.intervention import Assignment
from model.label import Label
from model.labels.facts import Filed
from model.prediction import Prediction

SCORE_NAMES = frozenset(ScoreFields.__annotations__)
"""Fields of an answer of which the scale of the score says which are there."""


@dataclass(frozen=True, slots=True)
class StudentReader:
    """What one task knows of a student, and where its pages are read.

    Attributes:
        here: the services of the task.
        student: the key of the student.
        units: the (folded) units that the caller's key is for; None is all.
        dossier: as far as the key may see it.
    """

    here: Services
    student: str
    units: frozenset[str] | None
    dossier: Dossier

    async def predictions(self, offset: int, limit: int) -> list[StudentPrediction]:
        """A page of the predictions: what waits for the registry, then what is in it.

        Each newest first; one that was erased meanwhile is left out.

        Raises:
            RegistryError: they cannot be read.
        """
        waiting = self.dossier.waiting
        page = await self._waiting(waiting[offset : offset + limit])
        rest = limit - len(waiting[offset : offset + limit])
        if not rest:
            return page
        skip = max(0, offset - len(waiting))
        # With what was shipped since, which is told already.
        rows = await self._stored(skip=skip, limit=rest + len(waiting))
        return page + self._not_waiting(rows)[:rest]

    async def every_prediction(self, size: int) -> AsyncIterator[list[StudentPrediction]]:
        """All predictions in the same order, `size` at a time.

        What comes meanwhile moves the others on: so what the page before told is left out. Each is
        told once, unless more than a page of the student's predictions come between two reads.

        Raises:
            RegistryError: they cannot be read.
        """
        for part in in_parts(self.dossier.waiting, size):
            yield await self._waiting(part)
        skip, before = 0, frozenset[str]()
        while rows := await self._stored(skip=skip, limit=size):
            yield self._not_waiting(row for row in rows if row.prediction_id not in before)
            skip, before = skip + len(rows), frozenset(row.prediction_id for row in rows)

    async def _stored(self, *, skip: int, limit: int) -> list[Prediction]:
        page = PredictionRepository().of_student(
            self.student, units=self.units, skip=skip, limit=limit
        )
        return await self.here.registry.run(page)

    def _not_waiting(self, rows: Iterable[Prediction]) -> list[StudentPrediction]:
        told = {one.key for one in self.dossier.waiting}
        return [_prediction(r, waiting=False) for r in rows if r.prediction_id not in told]

    async def _waiting(self, part: Sequence[KeptDocument]) -> list[StudentPrediction]:
        keys = [one.key for one in part]
        if not keys:
            return []
        found = await asyncio.to_thread(outbox.find, self.here.folders.outbox, keys, [])
        waiting = {one.prediction_id: one for one in found}
        # What is not there any more was shipped.
        missing = [key for key in keys if key not in waiting]
        stored = await self.here.registry.run(PredictionRepository().get_many(missing))
        known = waiting | stored
        return [_prediction(known[k], waiting=k in waiting) for k in keys if k in known]

    async def outcomes(self, offset: int, limit: int) -> list[StudentOutcome]:
        """A page of the reported outcomes, newest first.

        Raises:
            RegistryError: they cannot be read.
        """
        keys = [one.key for one in self.dossier.outcomes[offset : offset + limit]]
        stored = await self.here.registry.run(OutcomeRepository().get_many(keys))
        return [_outcome(stored[key]) for key in keys if key in stored]

    async def every_outcome(self, size: int) -> AsyncIterator[list[StudentOutcome]]:
        """All reported outcomes in the same order, `size` at a time.

        Raises:
            RegistryError: they cannot be read.
        """
        for offset in range(0, len(self.dossier.outcomes), size):
            yield await self.outcomes(offset, size)

    def whole(self) -> WholeParts:
        """What every page tells."""
        known = self.dossier
        return WholeParts(
            records=[filled(StudentRecord, one) for one in known.records],
            labels=[_label(one) for one in known.labels],
            orphans=[filled(StudentOrphan, one) for one in known.orphans],
            actions=[filled(ActionFields, one) for one in known.actions],
            interventions=[filled(InterventionFields, one) for one in known.interventions],
            assigned=_assigned(known.assigned),
            listed=[filled(StudentListed, one) for one in known.listed],
            corrections=[filled(StudentCorrection, one) for one in known.corrections],
            objection=filled(StudentObjection, known.objection) if known.objection else None,
        )

    async def page(self, offset: int, limit: int) -> TaskPage:
        """What is known, with one page of predictions and of outcomes.

        Raises:
            RegistryError: it cannot be read.
        """
        predictions = await self.predictions(offset, limit + 1)
        outcomes = await self.outcomes(offset, limit + 1)
        return {
            **self.whole(),
            "predictions": predictions[:limit],
            "outcomes": outcomes[:limit],
            "more": max(len(predictions), len(outcomes)) > limit,
        }


async def student_reader(here: Services, client: Client, student: str) -> StudentReader | None:
    """What a task knows of a student, as far as the key may see it; None where that is nothing.

    The outboxes are read before the registry: what is shipped in between is found there.

    Raises:
        ErasedStudent: the student was erased in this task.
        RegistryError: it cannot be read.
    """
    limit = UnitLimit.of(client, here.task)
    waiting = await asyncio.to_thread(outbox.kept_of, here.folders.outbox, student)
    units = None if limit is None else limit.chosen(None)
    mark = here.erased.key.of(student)
    dossier = await here.registry.run(_dossier(student, waiting, units, mark))
    return None if dossier.empty else StudentReader(here, student, units, dossier)


def _dossier(
    student: str, waiting: Sequence[KeptDocument], units: frozenset[str] | None, mark: str
) -> Op[Dossier]:
    if (yield from TombstoneRepository().among([mark])):
        raise ErasedStudent
    dossier = yield from dossier_of(student, waiting)
    return dossier if units is None else (yield from within(dossier, student, units))


def _prediction(known: Prediction, *, waiting: bool) -> StudentPrediction:
    shown = filled(StudentPrediction, known, waiting=waiting)
    rest = {name: value for name, value in shown.items() if name not in SCORE_NAMES}
    scored = score_fields(known.scale, known.risk_score, known.interval)
    return cast(StudentPrediction, {**rest, **scored})


def _assigned(known: Sequence[Assignment]) -> StudentAssignment | None:
    if not known:
        return None
    former = [filled(AssignmentFields, one) for one in known[1:]]
    return filled(StudentAssignment, known[0], former=former)


def _outcome(filed: Filed) -> StudentOutcome:
    return filled(
        StudentOutcome,
        filed.report,
        period=filed.period or filed.stated_period,
        prediction_id=filed.prediction_id,
    )


def _label(label: Label) -> StudentLabel:
    return filled(StudentLabel, label, score=label.risk_score)
