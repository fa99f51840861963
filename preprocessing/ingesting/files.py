"""A school file into the registry, its tables one after the other, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from database.driver.client import SyncRegistry
from database.driver.gc_pause import quiet
from model.pseudonyms.pseudonyms import Pseudonyms
from model.trust.tombstone import TombstoneKey
from preprocessing.files.account import FileAccount, TableAccount, table_account
from preprocessing.files.loading import CleanTable, FileReading
from preprocessing.ingesting.reading import AS_IT_IS, ReadAs, read_any
from preprocessing.ingesting.tables import Ingested, ingest
from preprocessing.kept.keeping import FileKeeper
from preprocessing.task.spec import TaskSpec


def ingest_file(
    opened: SyncRegistry,
    path: Path,
    task: TaskSpec,
    *,
    now: datetime,
    period: str | None = None,
    tombstone_key: TombstoneKey | None = None,
    pseudonyms: Pseudonyms | None = None,
    name: str | None = None,
    form: ReadAs = AS_IT_IS,
    keeper: FileKeeper | None = None,
) -> tuple[list[Ingested], tuple[str, ...]]:
    """Reads a file and puts its tables into the registry, oldest period first.

    Args:
        opened: where it goes.
        path: CSV, XLSX, ODS, XLS or Parquet, or a OneRoster bundle.
        task: whose columns it holds.
        now: when it arrived.
        period: of tables whose name and columns do not tell it.
        tombstone_key: recognises erased students, whose rows are counted and left out.
        pseudonyms: what ids become, where they are not kept in the clear.
        name: what it is called, where the path does not say.
        form: how it is read.
        keeper: keeps the file as it came; None: nobody does.

    Returns:
        One account a table, and the sheets that are no table of the task with the reason.

    Raises:
        ConfigurationError: the file cannot be kept at the URL.
        NotThisTask: no sheet is a table of the task.
        RegistryError: the registry fails; the same call repairs what was begun.
    """
    with quiet():
        reading = read_any(path, task, now=now, period=period, name=name, form=form)
    if keeper is not None:
        reading = keeper.keep(
            path, name or path.name, reading, now=now, period=period, mapping=form.mapping,
            kind=form.kind,
        )  # fmt: skip
    done = [
        opened.run(ingest(table, task, now=now, tombstone_key=tombstone_key, pseudonyms=pseudonyms))
        for table in _oldest_first(reading)
    ]
    return done, reading.refused


def _oldest_first(reading: FileReading) -> list[CleanTable]:
    return sorted(reading.tables, key=lambda table: table.batch.period)


def preview(reading: FileReading, task: TaskSpec) -> FileAccount:
    """What would be read of a file; nothing is kept."""
    tables = [table_account(table, task) for table in _oldest_first(reading)]
    return FileAccount(kept=False, tables=tables, refused=reading.refused)


def keep(
    opened: SyncRegistry,
    reading: FileReading,
    task: TaskSpec,
    *,
    now: datetime,
    tombstone_key: TombstoneKey,
    sent_by: str,
    pseudonyms: Pseudonyms | None = None,
) -> FileAccount:
    """Puts a file that was read into the registry, and tells what became of it.

    Args:
        opened: where it goes.
        reading: of the file.
        task: whose it is.
        now: when it arrived.
        tombstone_key: recognises erased students.
        sent_by: kept with the batches.
        pseudonyms: what ids become, where they are not kept in the clear.

    Raises:
        RegistryError: the registry fails; the same call repairs what was begun.
    """
    tables = []
    for table in _oldest_first(reading):
        sent = replace(table, batch=replace(table.batch, sent_by=sent_by))
        done = opened.run(
            ingest(sent, task, now=now, tombstone_key=tombstone_key, pseudonyms=pseudonyms)
        )
        tables.append(_kept_account(sent, task, done))
    return FileAccount(kept=True, tables=tables, refused=reading.refused)


def _kept_account(table: CleanTable, task: TaskSpec, done: Ingested) -> TableAccount:
    account = table_account(table, task)
    account["known"] = done.known
    account["joined"] = {status.value: n for status, n in done.outcomes.items()}
    account["objections"] = done.objections
    account["orphans_joined"] = done.orphans_joined
    account["erased"], account["elsewhere"] = done.erased, done.elsewhere
    account["objecting"], account["held"] = done.objecting, done.held
    account["implausible"] = done.batch.implausible
    return account
