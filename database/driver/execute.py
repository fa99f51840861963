"""Each command as one call of a MongoDB driver, the same for every driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from database.driver.commands import (
    Command,
    Count,
    CountBy,
    DeleteMany,
    Document,
    EnsureIndex,
    Find,
    InsertMany,
    ReplaceMany,
    Together,
)
from database.driver.errors import duplicates
from database.driver.gc_pause import quiet
from database.driver.portable_subset import check

BATCH = 5_000
"""Documents a cursor asks for at a time; the embedded server keeps the rest in memory."""


@dataclass(frozen=True, slots=True)
class Call:
    """A driver method, its arguments, and what its answer means.

    Attributes:
        cursor: the method gives a cursor, whose documents are the answer.
        refused: what a `BulkWriteError` means; None where it is an error like any other.
    """

    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    answer: Callable[[Any], Any]
    cursor: bool = False
    refused: Callable[[BulkWriteError], Any] | None = None


def call(command: Command) -> Call | None:
    """The call of a command, or None where there is nothing to do and the answer is `nothing`.

    Raises:
        NotPortable: the command is outside the portable subset.
    """
    check(command)
    match command:
        case Find():
            made = _all if command.read is None else partial(_each, command.read)
            return Call("find", (dict(command.where),), _find_options(command), made, cursor=True)
        case Count():
            return Call("count_documents", (dict(command.where),), {}, int)
        case CountBy():
            return Call("aggregate", (_stages(command),), {}, _numbers, cursor=True)
        case InsertMany():
            return _insert(command)
        case ReplaceMany():
            return _replace(command)
        case DeleteMany():
            return Call("delete_many", (dict(command.where),), {}, lambda r: r.deleted_count)
        case EnsureIndex():
            options = {"unique": True} if command.unique else {}
            return Call("create_index", (list(command.keys),), options, lambda _: None)
        case Together():
            raise TypeError("operations are run by a registry, and no driver's")


def nothing(command: Command) -> Any:
    """The answer of a command that has nothing to do."""
    return [] if isinstance(command, InsertMany) else 0


def _all(cursor: Iterable[Document]) -> list[Document]:
    with quiet():
        return list(cursor)


def _each(read: Callable[[Document], Any], cursor: Iterable[Document]) -> list[Any]:
    with quiet():
        return [read(document) for document in cursor]


def _stages(command: CountBy) -> list[Document]:
    """Always these four, so that the embedded server knows them (`database.embedded.counts`)."""
    return [
        {"$match": dict(command.where)},
        {"$sort": dict(command.sort)},
        {"$skip": command.skip},
        {"$group": {"_id": f"${command.field}", "n": {"$sum": 1}}},
    ]


def _numbers(cursor: Iterable[Document]) -> dict[str, int]:
    return {row["_id"]: int(row["n"]) for row in cursor if row["_id"] is not None}


def _find_options(command: Find) -> dict[str, Any]:
    options: dict[str, Any] = {"batch_size": BATCH}
    if command.sort:
        options["sort"] = list(command.sort)
    if command.limit:
        options["limit"] = command.limit
    if command.skip:
        options["skip"] = command.skip
    if command.fields:
        options["projection"] = list(command.fields)
    return options


def _insert(command: InsertMany) -> Call | None:
    if not command.documents:
        return None
    return Call(
        "insert_many",
        (list(command.documents),),
        {"ordered": False},
        lambda _: [],
        refused=duplicates,
    )


def _replace(command: ReplaceMany) -> Call | None:
    if not command.replacements:
        return None
    if len(command.replacements) == 1:
        (one,) = command.replacements
        return Call("replace_one", (dict(one.where), one.document), {}, lambda r: r.matched_count)
    requests = [ReplaceOne(dict(r.where), r.document) for r in command.replacements]
    return Call("bulk_write", (requests,), {"ordered": False}, lambda r: r.matched_count)
