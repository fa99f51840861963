"""Scores for many records, and for a student the feature store knows."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayPredict
from api.answers.predictions import BatchAnswer, ExplainedAnswer, PredictionAnswer, RecordError
from api.bodies import MOST_RECORDS, RECORDS
from api.http.body import LARGE, read_body
from api.http.json_answer import json_answer, json_bytes
from api.http.problems import FieldError, Problem
from api.http.request_ids import request_id_of
from api.idempotency.header import IDEMPOTENCY_KEY
from api.idempotency.once import Doing, answered_once
from api.operation import EXPLAIN, UNIT, operation
from api.payload import RecordReader, named_student, read_json, read_scorable
from api.predict_endpoint import wants_explanation
from api.records.asked import Asked
from api.scoring import answer, explanation, score_many, score_one
from api.security import Client
from api.services import Services, services
from api.units import UnitLimit
from database.students import StudentRepository
from model.errors import InvalidRecord, NotFound
from preprocessing.longitudinal import recalled

router = APIRouter(tags=["predictions"])

UNKNOWN = "is not known to this registry"


@router.post(
    "/predict/batch",
    **operation(
        "Scores up to 1,000 records",
        BatchAnswer,
        409,
        410,
        body=RECORDS,
        parameters=(IDEMPOTENCY_KEY,),
    ),
)
async def predict_batch(request: Request, client: MayPredict) -> Response:
    """Good rows are served though others are bad; `errors` names those by index.

    One version scores all of them, the champion's, whatever canary there is: whoever sends many
    ranks them.
    """
    here = services(request)
    body = await read_body(request.receive, LARGE)
    work = partial(_batch, here, client, request_id_of(request), body)
    return await answered_once(here.calls, request, client, body, work)


async def _batch(
    here: Services, client: Client, request_id: str, body: bytes, doing: Doing | None
) -> bytes:
    started = time.perf_counter()
    records = _records(read_json(body))
    now = here.now()
    limit = UnitLimit.of(client, here.task)
    good, errors = _read(here, records, str(now.year), limit)
    champion = here.champion()
    served = score_many(
        champion,
        [asked for _, asked in good],
        features=here.task.feature_names,
        now=now,
        client=client,
        request_id=request_id,
    )
    if doing is not None:
        # By the place in what was sent: when it is sent again, others of it may be refused.
        served = [
            replace(one, prediction_id=doing.id_of(index))
            for (index, _), one in zip(good, served, strict=True)
        ]
        doing.about(*(asked.student_id for _, asked in good))
    if served:
        await here.log.write_many(tuple(served))
    for prediction in served:
        here.metrics.served(prediction)
    latency = (time.perf_counter() - started) * 1000
    return json_bytes(
        BatchAnswer(
            model_version=champion.version,
            predictions=[
                {"index": index, **answer(prediction, asked.sent_id, latency)}
                for (index, asked), prediction in zip(good, served, strict=True)
            ],
            errors=errors,
            latency_ms=round(latency, 3),
        )
    )


@router.post(
    "/predict/{student_id:path}",
    **operation(
        "Scores a student from the latest record",
        PredictionAnswer | ExplainedAnswer,
        404,
        409,
        410,
        422,
        parameters=(EXPLAIN, UNIT),
    ),
)
async def predict_student(request: Request, student_id: str, client: MayPredict) -> Response:
    """The features are the latest that the feature store holds, with what earlier periods add.

    404 if it knows no such student. `unit` says whose id it is, where schools number their own.
    """
    started = time.perf_counter()
    here = services(request)
    champion = here.champion()
    key = named_student(here.task, student_id, request)
    here.erased.check(key)
    try:
        known = await here.registry.run(StudentRepository().get(key))
    except NotFound as error:
        raise Problem.of_field("student_id", UNKNOWN, 404) from error
    latest = known.latest
    limit = UnitLimit.of(client, here.task)
    if limit is not None and not limit.admits(latest.unit):
        raise Problem.of_field("student_id", UNKNOWN, 404)
    here.objections.check(key)
    features = recalled(here.task.longitudinal, latest.features, latest.period, known.observations)
    asked = Asked(key, latest.period, features, student_id, latest.units, latest.unit)
    names, now = here.task.feature_names, here.now()
    explain, request_id = wants_explanation(request.url.query), request_id_of(request)
    if (arm := here.canary.arm) is None:
        prediction = score_one(
            champion, asked, features=names, now=now, client=client, request_id=request_id
        )
    else:
        champion, prediction = arm.score(
            champion,
            asked,
            features=names,
            now=now,
            client=client,
            request_id=request_id,
            explain=explain,
        )
    await here.log.write(prediction)
    here.metrics.served(prediction)
    document = answer(prediction, student_id, (time.perf_counter() - started) * 1000)
    if not explain:
        return json_answer(document)
    explained: ExplainedAnswer = {**document, **explanation(champion, asked, prediction.risk_score)}
    return json_answer(explained)


def _records(body: Any) -> list[Any]:
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise Problem.of_field("records", "must be a list of records")
    if len(records) > MOST_RECORDS:
        raise Problem.of_field("records", f"must be at most {MOST_RECORDS} at a time")
    return records


def _read(
    here: Services, records: list[Any], default_period: str, limit: UnitLimit | None
) -> tuple[list[tuple[int, Asked]], list[RecordError]]:
    reader = RecordReader(here.task, here.pseudonyms)
    good: list[tuple[int, Asked]] = []
    errors: list[RecordError] = []
    for index, record in enumerate(records):
        try:
            good.append((index, read_scorable(here, reader, record, default_period, limit)))
        except InvalidRecord as error:
            errors.append(_refused(index, error))
    return good, errors


def _refused(index: int, error: InvalidRecord) -> RecordError:
    every = [FieldError(one.field, one.reason) for one in error.all]
    return {"index": index, "field": error.field, "detail": error.reason, "errors": every}
