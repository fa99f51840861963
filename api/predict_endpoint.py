"""`POST /predict`, the front door, as a bare ASGI endpoint.

FastAPI's machinery for one request costs more than scoring it, so this endpoint stands in front of
it. For the OpenAPI page it is described as a route like the others.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qs

import orjson
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from api.answers.predictions import ExplainedAnswer, PredictionAnswer
from api.bodies import RECORD
from api.http.body import SMALL, Disconnected, read_body
from api.http.problems import Problem, log_unexpected
from api.http.request_ids import SCOPE
from api.http.secure_headers import OF_DATA, REQUEST_ID, secured
from api.idempotency.header import IDEMPOTENCY_KEY, REPLAYED, key_of
from api.idempotency.once import Doing, once
from api.limits.gate import COUNTED, REFUSED, CallGate
from api.operation import EXPLAIN, SOURCE, operation
from api.payload import RecordReader, read_json, read_scorable
from api.scoring import answer, explanation, score_one
from api.security import Client
from api.services import Services
from api.units import UnitLimit
from model.access import Scope as Access
from model.errors import FarolError
from model.prediction import PredictionSource
from model.telemetry.context import TASK

PATH = "/predict"
BEFORE = "farol.answered_before"
"""Set in a request whose answer was given before."""

PREDICTED = "farol.prediction"
"""Where a request that was scored carries what was predicted."""

_JSON = (b"content-type", b"application/json")


class PredictEndpoint:
    """Answers one prediction after its record is safe.

    Args:
        services: of the task.
        gate: counts the calls; None lets any number through.

    Attributes:
        services: of the task.
    """

    def __init__(self, services: Services, gate: CallGate | None) -> None:
        self.services = services
        self._gate = gate
        self._reader = RecordReader(services.task, services.pseudonyms)
        self._task = services.task.name
        self._features = services.task.feature_names
        self._latency = services.metrics.latency.observe
        self._known = services.keys.known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; every error becomes a problem document."""
        TASK.set(self._task)
        try:
            body = await self._predict(scope, receive)
        except Disconnected:
            return
        except (Problem, FarolError) as error:
            await self._refuse(Problem.of(error), scope, receive, send)
            return
        except Exception as error:  # noqa: BLE001  nothing else is in front of this endpoint
            log_unexpected(error)
            await self._refuse(Problem.of(error), scope, receive, send)
            return
        named = (REQUEST_ID, scope[SCOPE].encode())
        headers = [_JSON, (b"content-length", str(len(body)).encode()), *OF_DATA, named]
        if BEFORE in scope:
            headers.append((REPLAYED, b"true"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _predict(self, scope: Scope, receive: Receive) -> bytes:
        started = time.perf_counter()
        if REFUSED in scope:
            raise scope[REFUSED]
        client = self._known(scope, Access.PREDICT)
        if client is None:
            client = await self._met(scope)
        if self._gate is not None and COUNTED not in scope:
            self._gate.predict(client)
        body, key = await read_body(receive, SMALL), key_of(scope)
        if key is None:
            return await self._scored(scope, client, body, started)
        asked = (b"predict", scope["query_string"], body)
        calls = self.services.calls
        work = partial(self._scored, scope, client, body, started)
        document, before = await once(calls, calls.of(client, key, *asked), work)
        if before:
            scope[BEFORE] = True
            self._latency(time.perf_counter() - started)
            self.services.metrics.repeated()
        return document

    async def _scored(
        self,
        scope: Scope,
        client: Client,
        body: bytes,
        started: float,
        doing: Doing | None = None,
    ) -> bytes:
        here = self.services
        record = read_json(body)
        now = here.now()
        limit = UnitLimit.of(client, here.task) if client.units else None
        asked = read_scorable(here, self._reader, record, str(now.year), limit)
        champion, wished = here.champion(), _wished(scope)
        explain = wished.explain
        if (arm := here.canary.arm) is None:
            prediction = score_one(
                champion,
                asked,
                features=self._features,
                now=now,
                client=client,
                request_id=scope[SCOPE],
            )
        else:
            champion, prediction = arm.score(
                champion,
                asked,
                features=self._features,
                now=now,
                client=client,
                request_id=scope[SCOPE],
                explain=explain,
            )
        if wished.source is not PredictionSource.API:
            prediction = replace(prediction, source=wished.source)
        if doing is not None:
            prediction = replace(prediction, prediction_id=doing.id_of())
            doing.about(asked.student_id)
        more = explanation(champion, asked, prediction.risk_score) if explain else None
        await here.log.write(prediction)
        seconds = time.perf_counter() - started
        self._latency(seconds)
        here.metrics.answered(prediction)
        scope[PREDICTED] = prediction
        document = answer(prediction, asked.sent_id, seconds * 1000)
        if more is None:
            return orjson.dumps(document)
        explained: ExplainedAnswer = {**document, **more}
        return orjson.dumps(explained)

    async def _met(self, scope: Scope) -> Client:
        """The client, whose key this worker has not met before."""
        if self._gate is not None:
            await self._gate.meet(scope)
        return await self.services.keys.client(scope, Access.PREDICT)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        self.services.metrics.refuse(problem.status)
        await problem.response()(scope, receive, secured(send, scope[SCOPE]))


def described() -> APIRoute:
    """The endpoint as the OpenAPI page shows it; no request comes this way."""
    return APIRoute(
        PATH,
        _any_of_the_features,
        methods=["POST"],
        operation_id="predict",
        tags=["predictions"],
        **operation(
            "Scores one record",
            PredictionAnswer | ExplainedAnswer,
            409,
            410,
            body=RECORD,
            parameters=(EXPLAIN, SOURCE, IDEMPOTENCY_KEY),
        ),
    )


def _any_of_the_features() -> None:
    """Any of the features; those that lack are filled in and named."""


@dataclass(frozen=True, slots=True)
class Wished:
    """What the query of a call asks for besides the score."""

    explain: bool = False
    source: PredictionSource = PredictionSource.API


PLAIN = Wished()


def _wished(scope: Scope) -> Wished:
    query = scope["query_string"]
    if not query:
        return PLAIN
    text = query.decode("latin-1")
    return Wished(wants_explanation(text), source_of(text))


def source_of(query: str) -> PredictionSource:
    """Where the query says that the prediction is asked for.

    Raises:
        Problem: 422, nowhere that is known.

    >>> source_of("source=dashboard"), source_of("explain=true")
    (<PredictionSource.DASHBOARD: 'dashboard'>, <PredictionSource.API: 'api'>)
    """
    given = parse_qs(query).get("source", [PredictionSource.API.value])[-1]
    try:
        return PredictionSource(given)
    except ValueError:
        known = " or ".join(PredictionSource)
        raise Problem.of_field("source", f"must be {known}") from None


def wants_explanation(query: str) -> bool:
    """Whether the query asks for reasons.

    >>> wants_explanation("explain=true"), wants_explanation("explain=0"), wants_explanation("")
    (True, False, False)
    """
    return parse_qs(query).get("explain", [""])[-1].lower() in {"true", "1", "yes"}
