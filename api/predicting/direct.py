"""`POST /predict` answered by the connection itself (`api.http.direct`).

Only what ends well is answered here. Whatever else a call is - one with reasons, an idempotency
key, a key this worker has not met, a mistake in the record - goes to `PredictEndpoint`, which does
all of it again and says what is wrong; so there is one place that refuses. Told here is only what
comes after the record was given to the log, since who begins anew would have it kept twice.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

import orjson

from api.http import origin
from api.http.body import SMALL
from api.http.direct import Address, Answered, Ordinary
from api.http.problems import MEDIA_TYPE, Problem, log_unexpected
from api.http.request_ids import request_id
from api.http.secure_headers import OF_DATA, REQUEST_ID, Header
from api.idempotency.header import HEADER as IDEMPOTENCY_KEY
from api.limits.gate import COUNTED, REFUSED, CallGate
from api.payload import RecordReader, read_json, read_scorable
from api.predicting.drawn_ids import DrawnIds
from api.scoring import answer, score_one
from api.security import Client
from api.services import Services
from api.units import UnitLimit
from model.access import Scope as Access
from model.errors import FarolError, Overloaded
from model.prediction import Prediction
from model.telemetry.context import REQUEST_ID as LOGGED_ID
from model.telemetry.context import TASK, doing

ORDINARY: Ordinary = {}
IS_COUNTED: Ordinary = {COUNTED: True}

_OTHERWISE = frozenset({IDEMPOTENCY_KEY, b"origin"})
"""Headers with which a call goes the ordinary way."""

_OF_PROXIES = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto"})
"""The same where the address decides who is answered: uvicorn reads it from these."""


def _lines(*headers: Header) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


_HEAD = _lines((b"content-type", b"application/json"), *OF_DATA) + REQUEST_ID + b": "
_HEAD_OF_PROBLEM = _lines((b"content-type", MEDIA_TYPE.encode()), *OF_DATA) + REQUEST_ID + b": "


class DirectPredict:
    """Answers one prediction after its record is safe, without ASGI.

    Args:
        services: of the task.
        gate: counts the calls; None lets any number through, and only this machine.
    """

    def __init__(self, services: Services, gate: CallGate | None) -> None:
        self._here = services
        self._gate = gate
        self._reader = RecordReader(services.task, services.pseudonyms)
        self._features = services.task.feature_names
        self._known = services.keys.known
        self._draw = DrawnIds().take
        self._running: asyncio.AbstractEventLoop | None = None
        self._otherwise = _OTHERWISE if gate is not None else _OTHERWISE | _OF_PROXIES

    def __call__(
        self, headers: list[Header], address: Address, body: bytes, answered: Answered
    ) -> Ordinary | None:
        """Begins to answer a call; or says what the ordinary way is to be told of it."""
        started = time.perf_counter()
        gate, told = self._gate, ORDINARY
        try:
            if self._here.canary.arm is not None or len(body) > SMALL:
                return ORDINARY
            for name, _ in headers:
                if name in self._otherwise:
                    return ORDINARY
            scope = {"headers": headers, "client": address}
            if gate is None and origin.refusal(scope) is not None:
                return ORDINARY
            client = self._known(scope, Access.PREDICT)
            if client is None:
                return ORDINARY
            if gate is not None:
                try:
                    gate.predict(client)
                except Problem as problem:
                    return {REFUSED: problem}
                told = IS_COUNTED
            self._keep(client, headers, body, started, answered)
        except (Problem, FarolError):
            return told  # The ordinary way meets it again, and tells it.
        except Exception as error:  # noqa: BLE001  which it may not meet
            self._log(error)
            return told
        return None

    def _keep(
        self,
        client: Client,
        headers: list[Header],
        body: bytes,
        started: float,
        answered: Answered,
    ) -> None:
        here, now = self._here, self._here.now()
        limit = UnitLimit.of(client, here.task) if client.units else None
        asked = read_scorable(here, self._reader, read_json(body), str(now.year), limit)
        prediction = score_one(
            here.champion(),
            asked,
            features=self._features,
            now=now,
            client=client,
            request_id=request_id(headers, self._draw),
            prediction_id=self._draw(),
        )
        safe = partial(self._safe, prediction, asked.sent_id, started, answered)
        here.log.keep(prediction, safe, self._loop)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """The one of all calls; to ask for it each time costs a call of the system."""
        if self._running is None:
            self._running = asyncio.get_running_loop()
        return self._running

    def _safe(
        self,
        prediction: Prediction,
        sent_id: str | None,
        started: float,
        answered: Answered,
        error: Overloaded | None,
    ) -> None:
        if error is not None:
            self._refuse(prediction, answered, error)
        elif pressure := self._here.log.pressure:
            self._loop.call_later(pressure, self._answer, prediction, sent_id, started, answered)
        else:
            self._answer(prediction, sent_id, started, answered)

    def _answer(
        self, prediction: Prediction, sent_id: str | None, started: float, answered: Answered
    ) -> None:
        try:
            document = self._document(prediction, sent_id, time.perf_counter() - started)
        except Exception as error:  # noqa: BLE001  nobody else would answer
            self._log(error, prediction.request_id)
            self._refuse(prediction, answered, error)
            return
        answered(200, b"%b%b\r\n" % (_HEAD, prediction.request_id.encode()), document)

    def _document(self, prediction: Prediction, sent_id: str | None, seconds: float) -> bytes:
        metrics = self._here.metrics
        metrics.latency.observe(seconds)
        metrics.answered(prediction)
        return orjson.dumps(answer(prediction, sent_id, seconds * 1000))

    def _refuse(self, prediction: Prediction, answered: Answered, error: Exception) -> None:
        problem = Problem.of(error)
        self._here.metrics.refuse(problem.status)
        lines = b"%b%b\r\n" % (_HEAD_OF_PROBLEM, prediction.request_id.encode())
        if problem.retry_after is not None:
            lines += _lines((b"retry-after", str(problem.retry_after).encode()))
        answered(problem.status, lines, problem.body())

    def _log(self, error: Exception, request_id: str = "") -> None:
        with doing(TASK, self._here.task.name), doing(LOGGED_ID, request_id):
            log_unexpected(error)
