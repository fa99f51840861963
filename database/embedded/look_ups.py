"""Look-ups of the embedded server: documents by key, or by what indexed fields say, in their order.

nx-27017 reads a whole collection to find the documents whose field is `$in` a list, whatever
indexes there are, and takes each document apart three times before it is sent. Where moments are
compared it also sorts by itself, all documents once per field. Whatever is not plain goes the
library's way. An indexed field that holds a list is not searched for its items, as the library does
not where a field equals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neosqlite import Connection
from neosqlite.collection.jsonb_support import json_data_column
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.conditions import NAME, matching, ordered
from database.embedded.stored_text import NotPlain, answer_of

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]

KNOWN = frozenset(
    {
        "find", "filter", "projection", "sort", "skip", "limit", "batchSize", "singleBatch",
        "lsid", "$db",
    }
)  # fmt: skip
"""What a plain look-up's body may say."""


def answer_look_ups(handler: NeoSQLiteHandler) -> None:
    """Makes this handler answer plain look-ups by its indexes."""
    handle: Callable[[Message], Answer] = handler.handle_command

    def handle_message(message: Message) -> Answer:
        (_, body), *more = message["sections"]
        table = body.get("find")
        if more or not isinstance(table, str) or not body.keys() <= KNOWN:
            return handle(message)
        database = body.get("$db", "test")
        with handler._lock_for(database):
            opened = handler.get_database(database)
            try:
                found = _found(opened, table, body)
            except NotPlain:
                return handle(message)
        # What was found is encoded while others of this database are answered.
        batch, cursor = handler._split_first_batch(
            found,
            handler._first_batch_size(body),
            f"{database}.{table}",
            database,
            owner=message.get("_conn_id"),
        )
        answer = {"id": cursor, "ns": f"{database}.{table}", "firstBatch": batch}
        return message["request_id"], {"ok": 1, "cursor": answer}

    handler.handle_command = handle_message


def look_up(
    opened: Connection, table: str, body: Document
) -> tuple[str, list[Any], frozenset[str] | None]:
    """The SQL of a look-up, its values, and the fields that are asked for; None is all.

    Raises:
        NotPlain: the library must find them.
    """
    fields = _fields(body.get("projection"))
    sort = body.get("sort")
    page = _page(body.get("skip", 0), body.get("limit", 0))
    where, limit = body.get("filter", {}), body.get("limit", 0)
    condition, values = matching(opened, table, where, sort, limit)
    query = f"SELECT {json_data_column(opened[table].query_engine.jsonb.jsonb_supported)}"
    query += condition
    if sort:
        query += ordered(opened, table, sort)
    return query + page, values, fields


def _found(opened: Connection, table: str, body: Document) -> list[Any]:
    """The documents that a look-up finds, as they are sent.

    Raises:
        NotPlain: the library must find them.
    """
    query, values, fields = look_up(opened, table, body)
    return [answer_of(text, fields) for (text,) in opened.db.execute(query, values)]


def _page(skip: Any, limit: Any) -> str:
    """How many of what is found are left out, and how many are wanted; 0 is all.

    Raises:
        NotPlain: the library must read it.
    """
    if type(skip) is not int or type(limit) is not int or skip < 0:
        raise NotPlain
    return f" LIMIT {abs(limit) or -1} OFFSET {skip}" if skip or limit else ""


def _fields(projection: Any) -> frozenset[str] | None:
    """The fields that are asked for; None where all are.

    Raises:
        NotPlain: the library must read it.
    """
    if not projection:
        return None
    plain = isinstance(projection, Mapping) and all(
        NAME.fullmatch(name) and kept == 1 for name, kept in projection.items()
    )
    if not plain:
        raise NotPlain
    return frozenset({*projection, "_id"})
