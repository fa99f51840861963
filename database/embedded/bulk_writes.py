"""Bulk writes of the embedded server: a message's documents are stored as they came, in one commit.

nx-27017 commits each document of an insert or replacement by itself, after it has copied it three
times, read it back and had SQLite parse its text. Commands of one database run one after the
other, so nobody sees the documents of a message before its answer; here they are one transaction,
committed before it is answered. Whatever is not plain goes the library's way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from neosqlite import Connection
from neosqlite.collection.json_helpers import neosqlite_json_dumps
from neosqlite.sql_utils import quote_table_name
from nx_27017.handler import NeoSQLiteHandler, _bulk_write_error

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]
Handle = Callable[[Message], Answer]
Write = Callable[[Connection, str, Document], int]
"""Stores one item of a message in a table; gives how many documents that touched."""

ITEMS = {"insert": "documents", "update": "updates"}
"""The command to the name of what it writes, where it came in the body."""
DEEPEST = 500
"""Opening brackets up to which no text is nested too deeply for SQLite, whose limit is 1,000."""


class NotPlain(Exception):
    """The library must handle this message."""


def write_in_bulk(handler: NeoSQLiteHandler) -> None:
    """Makes this handler write messages of several documents in one transaction each."""
    for name in ("handle_insert", "handle_command"):
        setattr(handler, name, _or_in_bulk(handler, getattr(handler, name)))


def _or_in_bulk(handler: NeoSQLiteHandler, handle: Handle) -> Handle:
    def handle_message(message: Message) -> Answer:
        body: Document = next((part for kind, part in message["sections"] if kind == "body"), {})
        command = next((name for name in ITEMS if name in body), None)
        if command is None:
            return handle(message)
        items = _items(message, ITEMS[command])
        table, database = body[command], body.get("$db", "test")
        if len(items) < 2 or not isinstance(table, str) or "startTransaction" in body:
            return handle(message)
        with handler._lock_for(database):
            opened = handler.get_database(database)
            # Making a table and changing a setting are no part of a transaction.
            if opened.db.in_transaction or table not in opened.list_collection_names():
                return handle(message)
            handler._apply_write_concern(opened, database, body.get("writeConcern"))
            ordered = body.get("ordered", True)
            try:
                write = _inserted if command == "insert" else _replaced
                return message["request_id"], _committed(opened, table, items, write, ordered)
            except NotPlain:
                return handle(message)

    return handle_message


def _items(message: Message, name: str) -> list[Document]:
    """What a message writes: beside its body, as drivers send it, or in it."""
    items: list[Document] = []
    for kind, part in message["sections"]:
        items += part if kind == "payload_docs" else part.get(name, ())
    return items


def _committed(
    opened: Connection, table: str, items: Sequence[Document], write: Write, ordered: bool
) -> Document:
    """Writes the items in one transaction and gives the answer of the command.

    Raises:
        NotPlain: nothing was written.
        sqlite3.OperationalError: SQLite gave the transaction up, as it does when the disk is full;
            nothing of the message is stored.
    """
    db: sqlite3.Connection = opened.db
    errors: list[Document] = []
    written = 0
    db.execute("BEGIN")
    try:
        for index, item in enumerate(items):
            try:
                written += write(opened, table, item)
            except (sqlite3.Error, ValueError) as error:
                if not db.in_transaction:
                    raise
                errors.append(_bulk_write_error(error, index))
                if ordered:
                    break
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    answer = {"ok": 1, "n": written, "nModified": written}
    return answer | {"writeErrors": errors} if errors else answer


def _inserted(opened: Connection, table: str, document: Document) -> int:
    key = document.get("_id")
    if not isinstance(key, str):
        raise NotPlain
    insert = f"INSERT INTO {quote_table_name(table)}(data, _id) VALUES (?, ?)"
    opened.db.execute(insert, (_text(document), key))
    return 1


def _replaced(opened: Connection, table: str, update: Document) -> int:
    document, where = update.get("u", {}), update.get("q", {})
    plain = isinstance(where.get("_id"), str) and isinstance(document, dict)
    if not plain or update.get("upsert") or any(name.startswith("$") for name in document):
        raise NotPlain
    if document.get("_id") != where["_id"]:
        raise NotPlain
    engine = opened[table].query_engine
    where = engine.helpers._normalize_id_query(where)
    clause, values = engine.sql_translator.translate_match(where)
    if not clause:
        raise NotPlain
    name = quote_table_name(table)
    replace = f"UPDATE {name} SET data = ? WHERE id = (SELECT id FROM {name} {clause} LIMIT 1)"
    return int(opened.db.execute(replace, (_text(document), *values)).rowcount)


def _text(document: Document) -> str:
    """A document as the library stores it.

    Raises:
        NotPlain: with bytes or object ids, or nested so deeply that SQLite might not read it.
        ValueError: NaN or infinity, which the library refuses.
    """
    try:
        text: str = neosqlite_json_dumps(document, allow_nan=False)
    except TypeError as error:
        raise NotPlain from error
    if text.count("{") + text.count("[") > DEEPEST:
        raise NotPlain
    return text
