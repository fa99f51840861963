"""Look-ups of the embedded server: documents by key, or by what indexed fields say.

nx-27017 reads a whole collection to find the documents whose field is `$in` a list, whatever
indexes there are, and takes each document apart three times before it is sent. Whatever is not
plain goes the library's way. An indexed field that holds a list is not searched for its items, as
the library does not where a field equals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from neosqlite import Connection
from neosqlite.collection.jsonb_support import json_data_column
from neosqlite.sql_utils import quote_table_name
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.stored_text import NotPlain, answer_of

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]

KNOWN = frozenset(
    {"find", "filter", "projection", "limit", "batchSize", "singleBatch", "lsid", "$db"}
)
"""What a plain look-up's body may say."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
INDEXED = re.compile(r"_extract\(data, '\$\.([A-Za-z_][A-Za-z0-9_]*)'\)")


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


def _found(opened: Connection, table: str, body: Document) -> list[Any]:
    """The documents that a look-up finds, as they are sent.

    Raises:
        NotPlain: the library must find them.
    """
    fields, limit = _fields(body.get("projection")), body.get("limit", 0)
    where: Document = body.get("filter", {})
    if not NAME.fullmatch(table) or opened.db.in_transaction or type(limit) is not int:
        raise NotPlain
    indexes = opened.db.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index'", (table,)
    ).fetchall()
    if not indexes:  # No table; each has the index of its keys.
        raise NotPlain
    indexed = {name for (sql,) in indexes for name in INDEXED.findall(sql or "")}
    jsonb = opened[table].query_engine.jsonb
    terms, values = [], []
    for name, asked in where.items():
        term, value = _term(name, asked, indexed, jsonb.json_function_prefix)
        terms.append(term)
        values.append(value)
    query = f"SELECT {json_data_column(jsonb.jsonb_supported)} FROM {quote_table_name(table)}"
    query += f" WHERE {' AND '.join(terms)}" if terms else ""
    query += f" LIMIT {abs(limit)}" if limit else ""
    return [answer_of(text, fields) for (text,) in opened.db.execute(query, values)]


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


def _term(name: str, asked: Any, indexed: set[str], prefix: str) -> tuple[str, Any]:
    """One condition in SQL, and its value."""
    if not NAME.fullmatch(name):
        raise NotPlain
    place = "_id" if name == "_id" else f"{prefix}_extract(data, '$.{name}')"
    if isinstance(asked, str) and (name == "_id" or name in indexed):
        return f"{place} = ?", asked
    if isinstance(asked, dict) and len(asked) == 1:
        ((operator, value),) = asked.items()
        if operator == "$in" and (name == "_id" or name in indexed) and _are_texts(value):
            return f"{place} IN (SELECT value FROM json_each(?))", _as_json(value)
        if operator == "$ne" and type(value) is int and name != "_id":
            return f"{place} IS NOT ?", value
    raise NotPlain


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is str for value in values)


def _as_json(values: list[str]) -> str:
    text = orjson.dumps(values).decode()
    if "\\u0000" in text:  # Where SQLite would end the text.
        raise NotPlain
    return text
