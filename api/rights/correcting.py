"""What somebody says is right of a student, read; and what the champion says then."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from api.answers.rights import RescoredFields, ScoreThen
from api.answers.scales import score_fields
from api.champion import Champion
from api.helping.student import place_of, units_of
from api.outcomes import OutcomeReader
from api.payload import RecordReader, checked_reason
from api.records.asked import Asked
from api.scoring import score_one
from api.security import Client
from api.services import Services
from api.students.assessment import with_history
from database.mapping.documents import milliseconds
from database.rights.rectifying import Corrected, CorrectionWanted
from model.errors import Faults, InvalidRecord
from model.label import Outcome
from model.prediction import RiskStatus
from model.rights.rectification import OUTCOME, RecordPart
from model.student import Value
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import check_value

MOST_VALUES = 100


async def read_correction(
    here: Services, client: Client, student: str, body: Mapping[str, Any]
) -> CorrectionWanted:
    """What a body says is right.

    Args:
        here: the services of the task.
        client: who says so.
        student: the key of the student.
        body: `period`, `values` and `reason`.

    Raises:
        InvalidRecord: names the field that is missing or wrong.
        Problem: 404, nothing is known of the student, or the key may not know it.
        ErasedStudent: the student was erased.
        RegistryError: it cannot be read.
    """
    if unknown := sorted(body.keys() - {"period", "values", "reason"}):
        raise InvalidRecord(unknown[0][:MOST_VALUES], "is not part of a correction")
    if body.get("period") is None:
        raise InvalidRecord("period", "is missing")
    period = RecordReader(here.task).period(body["period"])
    reason = checked_reason(body.get("reason"))
    values = body.get("values")
    if not isinstance(values, dict) or not 0 < len(values) <= MOST_VALUES:
        raise InvalidRecord("values", "must be an object of columns with their right values")
    place = await place_of(here, client, student, period)
    units = units_of(client, here.task)
    now = milliseconds(here.now())
    outcome = None
    if OUTCOME in values:
        value = OutcomeReader(here.task).value({OUTCOME: values[OUTCOME]})
        outcome = Outcome(
            value, now, student_id=student, period=period, source=client.name,
            horizon=here.task.outcome.horizon, unit="" if units is None else place.unit,
        )  # fmt: skip
    rest = {name: value for name, value in values.items() if name != OUTCOME}
    return CorrectionWanted(
        student_id=student,
        period=period,
        values=dict(_read(here.task, rest)),
        outcome=outcome,
        at=now,
        by=client.name,
        reason=reason,
        units=units,
        new_id=lambda: uuid.uuid4().hex,
    )


def _read(
    task: TaskSpec, values: Mapping[str, Any]
) -> Iterator[tuple[tuple[RecordPart, str], Value | None]]:
    columns, faults = dict(_columns(task)), Faults()
    for name, value in values.items():
        if name not in columns:
            faults.note(InvalidRecord(name[:MOST_VALUES], "is no column that can be put right"))
            continue
        part, column = columns[name]
        with faults.noted():
            yield (part, name), None if value is None else check_value(column, value)
    faults.check()


def _columns(task: TaskSpec) -> Iterator[tuple[str, tuple[RecordPart, Column]]]:
    """Every column of a record that is not who, when or where."""
    for part, columns in (
        (RecordPart.CHECKED, task.checked),
        (RecordPart.PROTECTED, task.protected),
        (RecordPart.FEATURES, task.features),
    ):
        for column in columns:
            yield column.name, (part, column)


async def rescored(
    here: Services, client: Client, done: Corrected, sent_id: str, request_id: str
) -> RescoredFields | None:
    """Scores the newest record as it is now, and tells it beside what was said before.

    Args:
        here: the services of the task.
        client: who asks; the log of predictions keeps it.
        done: what was put right.
        sent_id: the student as asked for.
        request_id: of the request that corrects.

    Returns:
        None where no record was put right, nobody serves, the student objects, or the key may not
        know the newest record.

    Raises:
        Overloaded: the prediction cannot be kept.
    """
    before, after, champion = done.before, done.after, here.holder.current
    units = units_of(client, here.task)
    if champion is None or before is None or after is None or before == after:
        return None
    newest = after.latest
    if after.student_id in here.objections or (units is not None and newest.unit not in units):
        return None
    was = champion.predictor.assess_one(with_history(here.task, before.latest, before))
    features = with_history(here.task, newest, after)
    asked = Asked(after.student_id, newest.period, features, sent_id, newest.units, newest.unit)
    names, now = here.task.feature_names, here.now()
    prediction = score_one(
        champion, asked, features=names, now=now, client=client, request_id=request_id
    )
    await here.log.write(prediction)
    here.metrics.served(prediction)
    return RescoredFields(
        prediction_id=prediction.prediction_id,
        model_version=champion.version,
        period=newest.period,
        before=_score(champion, was.score, was.interval, was.status),
        after=_score(champion, prediction.risk_score, prediction.interval, prediction.status),
    )


def _score(
    champion: Champion, score: float, interval: tuple[float, float] | None, status: RiskStatus
) -> ScoreThen:
    return {**score_fields(champion.thresholds.scale, score, interval), "status": status}
