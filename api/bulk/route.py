"""`POST /predict/bulk`: a file of records of any size, answered row by row while it is scored.

What reads tables takes 40 MB of a worker's memory, so it is imported with the first file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.access import MayPredict
from api.bulk.formats import (
    BYTES,
    MEDIA_TYPES,
    PARQUET_MAGIC,
    FileForm,
    form_of_answer,
    form_of_file,
)
from api.bulk.order import ChunkOrigin, Order
from api.bulk.spool import spooled
from api.http.body import Disconnected
from api.http.problems import Problem
from api.http.request_ids import request_id_of
from api.operation import TEXT, Json, operation
from api.payload import RecordReader
from api.services import Services, services
from api.units import UnitLimit
from model.errors import NotThisTask

if TYPE_CHECKING:
    from api.bulk.job import Job

PATH = "/predict/bulk"
FOLDER = "bulk"
LONGEST_HEADER = 4_000
BINARY: Json = {"schema": {"type": "string", "format": "binary"}}
BODY: Json = {
    "required": True,
    "content": dict.fromkeys((*MEDIA_TYPES.values(), BYTES), BINARY),
}
ANSWER: Json = {
    name: BINARY if form is FileForm.PARQUET else TEXT for form, name in MEDIA_TYPES.items()
}
PERIOD: Json = {
    "name": "period",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Of rows that give none, and of headers such as INDE 2024. Default: this year.",
}

router = APIRouter(tags=["predictions"])


@router.post(
    PATH,
    response_class=Response,
    **operation("Scores a file of any size", ANSWER, 507, body=BODY, parameters=(PERIOD,)),
)
async def predict_bulk(request: Request, client: MayPredict) -> Response:
    """One line per row, in the order of the rows: the score, or the field at fault and why.

    CSV, NDJSON or Parquet in, and out what `Accept` asks for, else the same. A piece of the answer
    leaves once its records are safe. A last line whose `error_field` is `file` says why the rows
    from there on were not scored.
    """
    here = services(request)
    origin = ChunkOrigin(
        here.champion(),
        client,
        here.task.feature_names,
        here.now(),
        here.task.unit_of,
        request_id_of(request),
    )
    with ExitStack() as stack:
        stack.enter_context(here.bulk.file())
        threads = stack.enter_context(_threads())
        order = await _order(request, here, UnitLimit.of(client, here.task))
        loop = asyncio.get_running_loop()
        try:
            job = await loop.run_in_executor(threads.scores, _begun, here, order, origin, loop)
        except NotThisTask as error:
            raise Problem.of_field("body", str(error).removeprefix("body: ")) from error
        # What a thread is doing comes to its end first: it is the thread that closes.
        stack.callback(threads.scores.submit, job.close_file)
        stack.callback(threads.keeps.submit, job.close_inlet)
        return FileAnswer(here, order, job, threads, stack.pop_all())


@dataclass(frozen=True, slots=True)
class Threads:
    """One that scores a chunk while the other keeps the one before it."""

    scores: ThreadPoolExecutor
    keeps: ThreadPoolExecutor


@contextmanager
def _threads() -> Iterator[Threads]:
    threads = Threads(ThreadPoolExecutor(1, "scores"), ThreadPoolExecutor(1, "keeps"))
    try:
        yield threads
    finally:
        # The event loop waits for neither.
        threads.scores.shutdown(wait=False)
        threads.keeps.shutdown(wait=False)


class FileAnswer(StreamingResponse):
    """The answer about a file; what it holds open is closed with it, answered or not.

    Args:
        here: the services of the task.
        order: what is asked for.
        job: does it.
        threads: in which.
        held: closes what is open.
    """

    def __init__(
        self,
        here: Services,
        order: Order,
        job: Job,
        threads: Threads,
        held: ExitStack,
    ) -> None:
        headers = {"cache-control": "no-store"}
        if job.ignored:
            headers["farol-ignored-columns"] = _listed(job.ignored)
        body = _pieces(here, job, threads)
        super().__init__(body, headers=headers, media_type=MEDIA_TYPES[order.wanted])
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; ends early where nobody reads on."""
        with self._held:
            await super().__call__(scope, receive, send)


async def _pieces(here: Services, job: Job, threads: Threads) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ahead = loop.run_in_executor(threads.scores, job.score)
    while True:
        scored = await ahead
        await here.bulk.room()
        # Once more after the end there is nothing, and it costs nothing.
        ahead = loop.run_in_executor(threads.scores, job.score)
        answered = await loop.run_in_executor(threads.keeps, job.keep, scored)
        here.metrics.served_file(answered.counts, answered.imputed, answered.unseen)
        yield answered.body
        if answered.ended:
            return


async def _order(request: Request, here: Services, limit: UnitLimit | None) -> Order:
    """What is asked for, the body spooled."""
    period = request.query_params.get("period")
    default = str(here.now().year) if period is None else RecordReader(here.task).period(period)
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    try:
        file = await spooled(request.receive, here.folders.task / FOLDER, announced)
    except Disconnected as gone:
        raise Problem(400, "The body did not come to its end.") from gone
    with ExitStack() as unless_used:
        unless_used.callback(file.close)
        beginning = await asyncio.to_thread(_beginning, file)
        sent = form_of_file(request.headers.get("content-type", ""), beginning)
        wanted = form_of_answer(request.headers.get("accept", ""), sent)
        unless_used.pop_all()
    return Order(file, sent, wanted, default, limit)


def _beginning(file: BinaryIO) -> bytes:
    """The first bytes of a file, which is then at its beginning again.

    Raises:
        Problem: 422, it is empty.
    """
    found = file.read(len(PARQUET_MAGIC))
    file.seek(0)
    if not found:
        raise Problem.of_field("body", "is empty")
    return found


def _begun(
    here: Services, order: Order, origin: ChunkOrigin, loop: asyncio.AbstractEventLoop
) -> Job:
    """The job, which closes the file; runs in the thread that scores.

    Raises:
        NotThisTask: the file is none, or not of the task; it is closed.
    """
    # Not at the top: 40 MB that a worker without files does not need.
    from api.bulk.admission import Admission
    from api.bulk.job import Job

    with ExitStack() as unless_begun:
        unless_begun.callback(order.file.close)
        admission = Admission(here.task, here.erased, here.objections, order.limit, here.pseudonyms)
        inlet = partial(here.bulk.inlet, loop)
        job = Job(order, here.task, admission, origin, inlet, here.now)
        unless_begun.pop_all()
    return job


def _listed(columns: tuple[str, ...]) -> str:
    """Names of columns as a header holds them: percent-encoded, with commas.

    >>> _listed(("Nome", "Mãe"))
    'Nome,M%C3%A3e'
    """
    return ",".join(quote(name) for name in columns)[:LONGEST_HEADER]
