"""Counts of the embedded server: by SQL, where nx-27017 copies each document that it counts.

A count of 100,000 documents takes the library seconds in which nobody else is answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from neosqlite import Connection
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.conditions import NAME, counted_value, matching, ordered
from database.embedded.stored_text import NotPlain

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]

COUNTED = {"$group": {"_id": 1, "n": {"$sum": 1}}}
"""The last stage of what a driver's `count_documents` sends."""


def count_quickly(handler: NeoSQLiteHandler) -> None:
    """Makes this handler count documents by its indexes."""
    handle: Callable[[Message], Answer] = handler.handle_command

    def handle_message(message: Message) -> Answer:
        (_, body), *more = message["sections"]
        table, pipeline = body.get("aggregate"), body.get("pipeline")
        if more or not isinstance(table, str):
            return handle(message)
        database = body.get("$db", "test")
        with handler._lock_for(database):
            opened = handler.get_database(database)
            try:
                query, values = count_query(opened, table, pipeline)
                found = opened.db.execute(query, values).fetchall()
            except NotPlain:
                if not is_by_field(pipeline):
                    return handle(message)
                found = _one_by_one(opened, table, pipeline)
        batch = [{"_id": value, "n": number} for value, number in found if number]
        cursor = {"id": 0, "ns": f"{database}.{table}", "firstBatch": batch}
        return message["request_id"], {"ok": 1, "cursor": cursor}

    handler.handle_command = handle_message


def count_query(
    opened: Connection, table: str, pipeline: Sequence[Document] | None
) -> tuple[str, list[Any]]:
    """The SQL of a count, whose rows are what is counted and how many there are, and its values.

    Raises:
        NotPlain: the pipeline is no plain count, or the library must look.
    """
    match pipeline:
        case [{"$match": dict(where), **other}, last] if not other and last == COUNTED:
            condition, values = matching(opened, table, where)
            return f"SELECT 1, count(*){condition}", values
        case [{"$match": where}, {"$sort": sort}, {"$skip": skip}, {"$group": group}] if (
            is_by_field(pipeline)
        ):
            return _by_field(opened, table, where, sort, skip, group["_id"].removeprefix("$"))
        case _:
            raise NotPlain


def is_by_field(pipeline: Any) -> bool:
    """Whether a pipeline is that of `database.driver.commands.CountBy`."""
    match pipeline:
        case [
            {"$match": dict()},
            {"$sort": dict(sort)},
            {"$skip": int(skip)},
            {"$group": {"_id": str(), "n": {"$sum": 1}}},
        ]:
            return bool(sort) and skip >= 0 and all(len(stage) == 1 for stage in pipeline)
        case _:
            return False


def _one_by_one(
    opened: Connection, table: str, pipeline: Sequence[Document]
) -> list[tuple[Any, int]]:
    """The same by reading the documents: nx-27017 finds nothing where moments are aggregated."""
    match, sort, skip, group = (next(iter(stage.values())) for stage in pipeline)
    found = opened[table].find(match).sort([*sort.items()]).skip(skip)
    return [*Counter(one.get(group["_id"].removeprefix("$")) for one in found).items()]


def _by_field(
    opened: Connection, table: str, where: Document, sort: Document, skip: int, field: str
) -> tuple[str, list[Any]]:
    """How many of what is left in an order have each text in a field.

    The order is kept even where nothing is left out: SQLite would read the documents for the
    values of a query that it flattens, where it now reads the index.

    Raises:
        NotPlain: the library must look.
    """
    if not NAME.fullmatch(field):
        raise NotPlain
    condition, values = matching(opened, table, where, sort, limit=-1)
    value, order = counted_value(opened, table, field), ordered(opened, table, sort)
    walked = f"SELECT {value} AS counted{condition}{order} LIMIT -1 OFFSET {skip}"
    return f"SELECT counted, count(*) FROM ({walked}) GROUP BY counted", values  # noqa: S608  NAME
