"""School files: sent, looked at before they are kept, and what became of each."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayRead, MaySendFiles
from api.answers.files import BatchesAnswer, BatchSummary, EventsAnswer, RejectsAnswer, UploadAnswer
from api.answers.filled import filled
from api.files.child import Upload, read_events_sent, read_upload
from api.files.guarded_text import CsvLanguage, CsvLines
from api.files.sent import BODY, EVENTS, FOLDER, PARAMETERS, sent_file
from api.http.json_answer import json_answer
from api.operation import TEXT, Json, operation
from api.security import Client
from api.services import Services, services
from api.units import UnitLimit
from database.batches import BatchRepository
from model.batch import Batch
from model.errors import NotFound

router = APIRouter(tags=["files"])

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=100_000)]
Form = Literal["json", "csv"]

REJECTS: dict[str, Json] = {
    "application/json": {"schema": {"$ref": "#/components/schemas/RejectsAnswer"}},
    "text/csv": TEXT,
}


@router.post(
    "/files/preview",
    **operation(
        "What would be read of a school file", UploadAnswer, 507, body=BODY, parameters=PARAMETERS
    ),
)
async def preview_file(request: Request, client: MaySendFiles) -> Response:
    """Which column is which feature, which columns are not used and why, which rows are kept.

    Nothing is kept. CSV, XLSX, XLS, ODS or Parquet of at most 64 MB. A key for some units reads the
    rows of these; a row that names none counts as one of the only unit of its key.
    """
    here = services(request)
    account = await _read(await sent_file(request, here, client, keep=False), here)
    known = await here.registry.run(
        BatchRepository().get_many(table["batch_id"] for table in account["tables"])
    )
    for table in account["tables"]:
        table["known"] = table["batch_id"] in known
    return json_answer(account)


@router.post(
    "/files",
    **operation(
        "Keeps a school file",
        UploadAnswer | EventsAnswer,
        507,
        body=BODY,
        parameters=(*PARAMETERS, EVENTS),
    ),
)
async def keep_file(request: Request, client: MaySendFiles) -> Response:
    """As `python -m preprocessing.ingest` does; the same file twice changes nothing.

    With `events=true` the file holds events, and is worked out into the records of the periods that
    it tells of, as `--events` of that command does; a key for some units changes records of these.
    It needs the scopes `predict` and `label`, for a file tells features and outcomes.
    """
    here = services(request)
    upload = await sent_file(request, here, client, keep=True)
    if upload.events:
        told = await _of_events(upload, here)
        done = ", ".join(
            f"period {one['period']}: {one['changed']} records by events"
            for table in told["tables"]
            for one in table["periods"]
        )
        here.trail.tell(request, client, "ingest", subject="file", detail=done)
        return json_answer(told)
    account = await _read(upload, here)
    done = ", ".join(
        f"period {table['period']}: {table['rows_kept']} of {table['rows_read']} rows"
        for table in account["tables"]
    )
    here.trail.tell(request, client, "ingest", subject="file", detail=done)
    return json_answer(account)


async def _read(upload: Upload, here: Services) -> UploadAnswer:
    with upload.file:
        return await read_upload(upload, here.task.name, here.folders.host / FOLDER)


async def _of_events(upload: Upload, here: Services) -> EventsAnswer:
    with upload.file:
        return await read_events_sent(upload, here.task.name, here.folders.host / FOLDER)


@router.get("/batches", **operation("The school files that were read", BatchesAnswer, 422))
async def list_batches(
    request: Request, client: MayRead, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """Newest first, each with what was kept, rejected and ignored.

    A key for some units sees the files that were read for these alone.
    """
    here = services(request)
    if UnitLimit.of(client, here.task) is None:
        page = await here.registry.run(BatchRepository().without_rejects(skip=offset, limit=limit))
        total = await here.registry.run(BatchRepository().count())
    else:
        # The portable subset finds no list that is part of another.
        every = await here.registry.run(BatchRepository().without_rejects())
        seen = [batch for batch in every if _may_see(batch, client, here)]
        page, total = seen[offset : offset + limit], len(seen)
    return json_answer(
        BatchesAnswer(total=total, batches=[filled(BatchSummary, batch) for batch in page])
    )


@router.get(
    "/batches/{batch_id}/rejects",
    **operation("Rows of a file that could not be used, with the reasons", REJECTS, 404, 422),
)
async def list_rejects(
    request: Request,
    batch_id: str,
    client: MayRead,
    format: Form = "json",
    lang: CsvLanguage = "pt",
) -> Response:
    """By row, counted from 1 below the header; `format=csv` opens in a spreadsheet.

    No value of a student is told. `lang` says whose spreadsheet: `pt` writes semicolons.
    """
    here = services(request)
    batch = await here.registry.run(BatchRepository().find(batch_id))
    if batch is None or not _may_see(batch, client, here):
        raise NotFound(BatchRepository.missing.format(batch_id[:64]))
    if format == "json":
        return json_answer(filled(RejectsAnswer, batch))
    lines = CsvLines(("row", "field", "reason"), lang)
    body = lines.take((one.row, one.field, one.reason) for one in batch.rejects)
    name = f"farol-rejects-{batch.period}-{batch.batch_id[:8]}.csv"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(body, headers=headers, media_type="text/csv")


def _may_see(batch: Batch, client: Client, here: Services) -> bool:
    limit = UnitLimit.of(client, here.task)
    return limit is None or (bool(batch.units) and all(map(limit.admits, batch.units)))
