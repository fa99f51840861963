"""A school file read by a process of its own (`api.files.apart`).

`python -m preprocessing.ingest` reads it from its standard input.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from api.answers.files import EventsAnswer, UploadAnswer
from api.durability.storage import MEGABYTE
from api.files import apart
from api.files.apart import run_apart, turn
from api.http.problems import Problem

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A school file as it was sent.

    Attributes:
        file: from its beginning.
        name: what it is called.
        period: of tables whose name and columns do not tell it.
        units: the only units whose rows are read; all, where none is named.
        sent_by: the name of the key.
        keep: put it into the registry, or only say what would be read.
        events: it holds events, a row each, and is worked out into records.
    """

    file: BinaryIO
    name: str
    period: str | None
    units: tuple[str, ...]
    sent_by: str
    keep: bool
    events: bool = False


async def read_upload(upload: Upload, task: str, folder: Path) -> UploadAnswer:
    """The account of a file.

    Args:
        upload: the file.
        task: the name of the task that it is of.
        folder: where the host keeps the lock.

    Raises:
        Problem: 422, no table of the task, or more than its reader may take or tell; 503, it
            could not be kept.
        Overloaded: other files are being read.
    """
    account: UploadAnswer = await _account(upload, task, folder)
    return account


async def read_events_sent(upload: Upload, task: str, folder: Path) -> EventsAnswer:
    """The account of a file of events; as `read_upload`."""
    account: EventsAnswer = await _account(upload, task, folder)
    return account


def command(upload: Upload, task: str) -> list[str]:
    """What reads the file from standard input."""
    options = ["--task", task, "--json", "--name", upload.name, "--by", upload.sent_by]
    if upload.period is not None:
        options += ["--period", upload.period]
    if not upload.keep:
        options.append("--preview")
    if upload.events:
        options.append("--events")
    for unit in upload.units:
        options += ["--unit", unit]
    # A name may begin with a dash: every value stands with its option.
    return apart.command("preprocessing.ingest", *_joined(options), "-")


def _joined(options: Sequence[str]) -> list[str]:
    """Options with their values as one word each.

    >>> _joined(["--json", "--name", "-x.csv"])
    ['--json', '--name=-x.csv']
    """
    words: list[str] = []
    takes_value = {"--task", "--name", "--by", "--period", "--unit"}
    rest = iter(options)
    for one in rest:
        words.append(f"{one}={next(rest)}" if one in takes_value else one)
    return words


async def _run(upload: Upload, task: str) -> tuple[int, bytes]:
    try:
        return await run_apart(command(upload, task), upload.file, "ingest: ")
    except TimeoutError as error:
        raise Problem.of_field(
            "body", f"takes longer than {apart.SECONDS:.0f} seconds to read; split it"
        ) from error


async def _account(upload: Upload, task: str, folder: Path) -> Any:
    async with turn(folder):
        code, said = await _run(upload, task)
    try:
        account = orjson.loads(said)
    except orjson.JSONDecodeError:
        raise _broken(code, upload) from None
    if not account["tables"]:
        raise Problem.of_field("body", " | ".join(account["refused"]))
    return account


def _broken(code: int, upload: Upload) -> Problem:
    """What to tell of a reader that ended without an account."""
    _log.error("the reader of a school file ended with %d", code)
    if code < 0 or not upload.keep:
        return Problem.of_field(
            "body",
            "could not be read: its reader broke, or needed more than "
            f"{apart.MEMORY // MEGABYTE} MB; save the table alone as a new file",
        )
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The file could not be kept. Send it again: that repairs what was begun.",
        retry_after=5,
    )
