"""The registry's commands as telemetry sees them: kind and collection, nothing of a document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from database.driver.commands import (
    Command,
    Count,
    CountBy,
    DeleteMany,
    EnsureIndex,
    Find,
    InsertMany,
    ReplaceMany,
    Together,
)
from model.telemetry.tracer import Tracer

Watch = Callable[[Command, str], AbstractContextManager[object]]
"""What is open while a command runs on a database of that name."""

OPERATIONS: Mapping[type[Command], str] = {
    Find: "find", Count: "count", CountBy: "countBy", InsertMany: "insert",
    ReplaceMany: "replace", DeleteMany: "delete", EnsureIndex: "ensureIndex",
}  # fmt: skip
READS = (Find, Count, CountBy)
"""Loops ask these again and again; outside of a request or a run they are no news."""


def watch_of(tracer: Tracer) -> Watch:
    """A span a command."""

    def watch(command: Command, db: str) -> AbstractContextManager[object]:
        operation = OPERATIONS[type(command)]
        told = {
            "db.system.name": "mongodb",
            "db.namespace": db,
            "db.collection.name": command.collection,
            "db.operation.name": operation,
        }
        name = f"{operation} {command.collection}"
        return tracer.call(name, told, alone=not isinstance(command, READS))

    return watch


def watched(watch: Watch, db: str, execute: Callable[[Command], Any]) -> Callable[[Command], Any]:
    """Executes commands while they are watched."""

    def executing(command: Command) -> Any:
        if isinstance(command, Together):  # Its operations are watched themselves.
            return execute(command)
        with watch(command, db):
            return execute(command)

    return executing


def watched_async(
    watch: Watch, db: str, execute: Callable[[Command], Awaitable[Any]]
) -> Callable[[Command], Awaitable[Any]]:
    """Executes commands while they are watched."""

    async def executing(command: Command) -> Any:
        if isinstance(command, Together):
            return await execute(command)
        with watch(command, db):
            return await execute(command)

    return executing
