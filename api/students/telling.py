"""What is known of a student, read in one task and put into the words of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from api.answers.dossiers import (
    DossierTotals,
    StudentLabel,
    StudentOrphan,
    StudentOutcome,
    StudentPrediction,
    StudentRecord,
    TaskDossier,
)
from api.answers.filled import filled
from api.answers.predictions import ScoreFields
from api.answers.scales import score_fields
from api.durability import outbox
from api.security import Client
from api.services import Services
from api.units import UnitLimit
from database.dossier import Dossier, Kept, dossier_of, within
from database.driver.commands import Op
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.tombstones import TombstoneRepository
from model.errors import ErasedStudent
from model.label import Label
from model.labels.facts import Filed
from model.prediction import Prediction

SCORE_NAMES = frozenset(ScoreFields.__annotations__)
"""Fields of an answer of which the scale of the score says which are there."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one task knows of a student, and where its pages are read.

    Attributes:
        here: the services of the task.
        dossier: as far as the key may see it.
    """

    here: Services
    dossier: Dossier

    async def predictions(self, offset: int, limit: int) -> list[StudentPrediction]:
        """A page of the predictions, newest first; one that was erased meanwhile is left out.

        Raises:
            RegistryError: they cannot be read.
        """
        keys = [one.key for one in self.dossier.predictions[offset : offset + limit]]
        stored = await self.here.registry.run(PredictionRepository().get_many(keys))
        missing = [key for key in keys if key not in stored]
        waiting: dict[str, Prediction] = {}
        if missing:
            folder = self.here.folders.outbox
            found = await asyncio.to_thread(outbox.find, folder, missing, [])
            waiting = {one.prediction_id: one for one in found}
            # Between the two looks some may have been shipped.
            stored |= await self.here.registry.run(PredictionRepository().get_many(missing))
        return [
            _prediction(known, waiting=key not in stored)
            for key in keys
            if (known := stored.get(key) or waiting.get(key)) is not None
        ]

    async def outcomes(self, offset: int, limit: int) -> list[StudentOutcome]:
        """A page of the reported outcomes, newest first.

        Raises:
            RegistryError: they cannot be read.
        """
        keys = [one.key for one in self.dossier.outcomes[offset : offset + limit]]
        stored = await self.here.registry.run(OutcomeRepository().get_many(keys))
        return [_outcome(stored[key]) for key in keys if key in stored]

    def whole(self) -> TaskDossier:
        """What is told whole on every page; predictions and outcomes are empty."""
        known = self.dossier
        return TaskDossier(
            records=[filled(StudentRecord, one) for one in known.records],
            labels=[_label(one) for one in known.labels],
            orphans=[filled(StudentOrphan, one) for one in known.orphans],
            totals=DossierTotals(predictions=len(known.predictions), outcomes=len(known.outcomes)),
            predictions=[],
            outcomes=[],
        )

    async def page(self, offset: int, limit: int) -> TaskDossier:
        """What is known, with one page of predictions and of outcomes.

        Raises:
            RegistryError: it cannot be read.
        """
        return {
            **self.whole(),
            "predictions": await self.predictions(offset, limit),
            "outcomes": await self.outcomes(offset, limit),
        }


async def told(here: Services, client: Client, student: str) -> Told | None:
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
    return None if dossier.empty else Told(here, dossier)


def _dossier(
    student: str, waiting: Sequence[Kept], units: frozenset[str] | None, mark: str
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


def _outcome(filed: Filed) -> StudentOutcome:
    return filled(
        StudentOutcome,
        filed.report,
        period=filed.period or filed.stated_period,
        prediction_id=filed.prediction_id,
    )


def _label(label: Label) -> StudentLabel:
    return filled(StudentLabel, label, score=label.risk_score)
