"""A school file as a request brings it: who sent it, what it is called, and its bytes on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from starlette.requests import Request

from api.bulk.formats import BYTES
from api.bulk.spool import spooled
from api.durability.storage import MEGABYTE
from api.files.child import Upload
from api.http.body import Disconnected
from api.http.problems import Problem
from api.operation import Json
from api.security import Client
from api.services import Services
from preprocessing.task.spec import TaskSpec

LARGEST = 64 * MEGABYTE
FOLDER = "files"
LONGEST_NAME = 200

KINDS: Mapping[str, str] = {
    "text/csv": "CSV",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.ms-excel": "XLS",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.apache.parquet": "Parquet",
    "application/zip": "a OneRoster bundle",
    BYTES: "any of them",
}
"""Media types that are taken; what a file is, its content says."""

BODY: Json = {
    "required": True,
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS},
}


def _text(name: str, description: str) -> Json:
    schema = {"type": "string"}
    return {
        "name": name, "in": "query", "required": False, "schema": schema,
        "description": description,
    }  # fmt: skip


PARAMETERS: tuple[Json, ...] = (
    _text("name", "What the file is called; a period in it is read. Default: file."),
    _text("period", "Of tables whose name and columns do not tell it."),
)

EVENTS: Json = {
    "name": "events", "in": "query", "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "The file holds events, a row each, as the task's `events` say.",
}  # fmt: skip


async def sent_file(request: Request, here: Services, client: Client, *, keep: bool) -> Upload:
    """The file of a request, spooled; whoever takes it closes it.

    Raises:
        Problem: 400, 408, 413, 507, of its coming; 415, no type of a table; 422, empty, or a period
            that the task does not have, or events where there are none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise Problem.of_field("content-type", f"must be {', '.join(KINDS)}", 415)
    name = file_name(request.query_params.get("name", ""))
    events = _is_of_events(request, here.task, keep=keep)
    period = asked_period(request.query_params.get("period"), here.task)
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    try:
        file = await spooled(
            request.receive, here.folders.task / FOLDER, announced, largest=LARGEST
        )
    except Disconnected as gone:
        raise Problem(400, "The body did not come to its end.") from gone
    return Upload(file, name, period, client.units, client.name, keep, events)


def file_name(asked: str) -> str:
    """What a file is called: the last part of a path, printable and short.

    >>> file_name("C:\\\\Users\\\\ana\\\\PEDE 2024.csv"), file_name("../x\\n.csv"), file_name(" ")
    ('PEDE 2024.csv', 'x.csv', 'file')
    """
    last = PurePath(asked.replace("\\", "/")).name
    printable = "".join(c for c in last if c.isprintable()).strip()
    return printable[-LONGEST_NAME:] or "file"


def _is_of_events(request: Request, task: TaskSpec, *, keep: bool) -> bool:
    asked = request.query_params.get("events", "false").lower()
    if asked not in {"true", "false"}:
        raise Problem.of_field("events", "must be true or false")
    if asked == "false":
        return False
    if task.events is None:
        raise Problem.of_field("events", f"task {task.name} has none: say where they stand")
    if not keep or "period" in request.query_params:
        raise Problem.of_field("events", "are not looked at before, and tell their days themselves")
    return True


def asked_period(asked: str | None, task: TaskSpec) -> str | None:
    """A period as it was asked for.

    Raises:
        Problem: 422, none that the task has.
    """
    if asked is not None and not task.is_period(asked):
        raise Problem.of_field("period", f"expected {task.periods}")
    return asked
