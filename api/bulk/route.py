"""`POST /predict/bulk`: a file of records of any size, answered row by row while it is scored.

What reads tables takes 40 MB of a worker's memory, so it is imported with the first file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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
from api.bulk.order import Order, Origin
from api.bulk.spool import spooled
from api.http.body import Disconnected
from api.http.problems import Problem
from api.operation import TEXT, Json, operation
from api.payload import RecordReader
from api.services import Services, services
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
    **operation("Scores a file of any size", ANSWER, 507, body=BODY, parameters=(PERIOD,)),
)
async def predict_bulk(request: Request, client: MayPredict) -> Response:
    """One line per row, in the order of the rows: the score, or the field at fault and why.

    CSV, NDJSON or Parquet in, and out what `Accept` asks for, else the same. A piece of the answer
    leaves once its records are safe. A last line whose `error_field` is `file` says why the rows
    from there on were not scored.
    """
    here = services(request)
    champion = here.champion()
    period = request.query_params.get("period")
    default = str(here.now().year) if period is None else RecordReader(here.task).period(period)
    with ExitStack() as stack:
        stack.enter_context(here.bulk.file())
        file = await _spooled(request, here)
        stack.callback(file.close)
        beginning = await asyncio.to_thread(_beginning, file)
        sent = form_of_file(request.headers.get("content-type", ""), beginning)
        order = Order(file, sent, form_of_answer(request.headers.get("accept", ""), sent), default)
        origin = Origin(champion, client.name, here.task.feature_names, here.now())
        thread = ThreadPoolExecutor(1, "bulk")
        stack.callback(thread.shutdown, wait=False)
        loop = asyncio.get_running_loop()
        job = await loop.run_in_executor(thread, _begun, here, order, origin, loop)
        # What the thread is doing comes to its end first: it is the thread that closes.
        stack.callback(thread.submit, job.close)
        return FileAnswer(here, order, job, thread, stack.pop_all())


class FileAnswer(StreamingResponse):
    """The answer about a file; what it holds open is closed with it, answered or not.

    Args:
        here: the services of the task.
        order: what is asked for.
        job: does it.
        thread: in which.
        held: closes what is open.
    """

    def __init__(
        self,
        here: Services,
        order: Order,
        job: Job,
        thread: ThreadPoolExecutor,
        held: ExitStack,
    ) -> None:
        headers = {"cache-control": "no-store"}
        if job.ignored:
            headers["farol-ignored-columns"] = _listed(job.ignored)
        body = _pieces(here, job, thread)
        super().__init__(body, headers=headers, media_type=MEDIA_TYPES[order.wanted])
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; ends early where nobody reads on."""
        with self._held:
            await super().__call__(scope, receive, send)


async def _pieces(here: Services, job: Job, thread: ThreadPoolExecutor) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    while True:
        await here.bulk.room()
        answered = await loop.run_in_executor(thread, job.step)
        if answered is None:
            return
        here.metrics.served_file(answered.counts, answered.imputed, answered.unseen)
        yield answered.body


async def _spooled(request: Request, here: Services) -> BinaryIO:
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    try:
        return await spooled(request.receive, here.folders.task / FOLDER, announced)
    except Disconnected as gone:
        raise Problem(400, "The body did not come to its end.") from gone


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


def _begun(here: Services, order: Order, origin: Origin, loop: asyncio.AbstractEventLoop) -> Job:
    # Not at the top: 40 MB that a worker without files does not need.
    from api.bulk.admission import Admission
    from api.bulk.job import Job

    try:
        return Job(
            order, here.task, Admission(here.erased), origin, partial(here.bulk.inlet, loop),
            here.now,
        )  # fmt: skip
    except NotThisTask as error:
        raise Problem.of_field("body", str(error).removeprefix("body: ")) from error


def _listed(columns: tuple[str, ...]) -> str:
    """Names of columns as a header holds them: percent-encoded, with commas.

    >>> _listed(("Nome", "Mãe"))
    'Nome,M%C3%A3e'
    """
    return ",".join(quote(name) for name in columns)[:LONGEST_HEADER]
