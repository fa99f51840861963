"""Writes of the embedded server: a message's documents are stored as they came, in one commit.

nx-27017 commits each document of an insert or replacement by itself, after it has copied it three
times, read it back and had SQLite parse its text. Commands of one database run one after the
other, so nobody sees the documents of a message before its answer; here they are one transaction,
committed before it is answered. Whatever is not plain goes the library's way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neosqlite import Connection
from neosqlite.sql_utils import quote_table_name
from nx_27017.handler import NeoSQLiteHandler, _bulk_write_error

from database.embedded.stored_text import NotPlain, text_of

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]
Handle = Callable[[Message], Answer]
Write = Callable[[Document], int]
"""Stores one item of a message; gives how many documents that touched."""

ITEMS = {"insert": "documents", "update": "updates"}
"""The command to the name of what it writes, where it came in the body."""


def write_in_bulk(handler: NeoSQLiteHandler) -> None:
    """Makes this handler write messages of whole documents in one transaction each."""
    for name in ("handle_insert", "handle_command"):
        setattr(handler, name, _or_in_bulk(handler, getattr(handler, name)))


def _or_in_bulk(handler: NeoSQLiteHandler, handle: Handle) -> Handle:
    def handle_message(message: Message) -> Answer:
        body: Document = next((part for kind, part in message["sections"] if kind == "body"), {})
        command = next((name for name in ITEMS if name in body), None)
        if command is None:
            return handle(message)
        items = items_of(message, ITEMS[command])
        table, database = body[command], body.get("$db", "test")
        if not items or not isinstance(table, str) or "startTransaction" in body:
            return handle(message)
        with handler._lock_for(database):
            opened = handler.get_database(database)
            # Making a table and changing a setting are no part of a transaction.
            if opened.db.in_transaction or table not in opened.list_collection_names():
                return handle(message)
            handler._apply_write_concern(opened, database, body.get("writeConcern"))
            ordered = body.get("ordered", True)
            try:
                rows = (_rows_to_insert if command == "insert" else _rows_to_replace)(opened, table)
                if (n := _all_at_once(opened.db, items, rows)) is not None:
                    return message["request_id"], {"ok": 1, "n": n, "nModified": n}
                write = (_insertion if command == "insert" else _replacement)(opened, table)
                return message["request_id"], _committed(opened.db, items, write, ordered)
            except NotPlain:
                return handle(message)

    return handle_message


def items_of(message: Message, name: str) -> list[Document]:
    """What a message writes: beside its body, as drivers send it, or in it."""
    items: list[Document] = []
    for kind, part in message["sections"]:
        items += part if kind == "payload_docs" else part.get(name, ())
    return items


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the items of a message are stored by one statement.

    Attributes:
        statement: SQL of one item.
        row: an item's values; None where it is no such item, NotPlain where none may be.
        all_count: whether an item that changes nothing has to be told.
    """

    statement: str
    row: Callable[[Document], tuple[Any, ...] | None]
    all_count: bool


def _all_at_once(db: sqlite3.Connection, items: Sequence[Document], rows: _Rows) -> int | None:
    """Writes all items by one statement; gives how many, or None: nothing, each is to be looked at.

    Raises:
        NotPlain: nothing was written.
        sqlite3.OperationalError: as of `_committed`.
    """
    try:
        read = [rows.row(item) for item in items]
    except ValueError:
        return None
    values = [row for row in read if row is not None]
    if len(values) < len(items):
        return None
    db.execute("BEGIN")
    try:
        written = db.executemany(rows.statement, values).rowcount
        if written == len(items) or not rows.all_count:
            db.execute("COMMIT")
            return written
    except sqlite3.Error:
        if not db.in_transaction:
            raise
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return None


def _rows_to_insert(opened: Connection, table: str) -> _Rows:
    insert = f"INSERT INTO {quote_table_name(table)}(data, _id) VALUES (?, ?)"  # noqa: S608  quoted

    def row(document: Document) -> tuple[Any, ...]:
        key = document.get("_id")
        if not isinstance(key, str):
            raise NotPlain
        return text_of(document), key

    return _Rows(f"{insert} ON CONFLICT DO NOTHING", row, all_count=True)


def _rows_to_replace(opened: Connection, table: str) -> _Rows:
    """Each where its revision still is the one that was read."""

    def row(update: Document) -> tuple[Any, ...] | None:
        document, where = update.get("u"), update.get("q", {})
        if not isinstance(document, dict) or update.get("upsert"):
            return None
        if where.keys() != {"_id", "revision"} or type(where["revision"]) is not int:
            return None
        key = where["_id"]
        if not isinstance(key, str) or document.get("_id") != key:
            return None
        if any(name.startswith("$") for name in document):
            return None
        return text_of(document), key, where["revision"]

    return _Rows(_at_revision(opened, table), row, all_count=False)


def _at_revision(opened: Connection, table: str) -> str:
    name = quote_table_name(table)
    revision = (
        f"{opened[table].query_engine.jsonb.json_function_prefix}_extract(data, '$.revision')"
    )
    return f"UPDATE {name} SET data = ? WHERE _id = ? AND {revision} = ?"  # noqa: S608  quoted


def _committed(
    db: sqlite3.Connection, items: Sequence[Document], write: Write, ordered: bool
) -> Document:
    """Writes the items in one transaction and gives the answer of the command.

    Raises:
        NotPlain: nothing was written.
        sqlite3.OperationalError: SQLite gave the transaction up, as it does when the disk is full;
            nothing of the message is stored.
    """
    errors: list[Document] = []
    written = 0
    db.execute("BEGIN")
    try:
        for index, item in enumerate(items):
            try:
                written += write(item)
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


def _insertion(opened: Connection, table: str) -> Write:
    execute = opened.db.execute
    insert = f"INSERT INTO {quote_table_name(table)}(data, _id) VALUES (?, ?)"  # noqa: S608  quoted

    def write(document: Document) -> int:
        key = document.get("_id")
        if not isinstance(key, str):
            raise NotPlain
        execute(insert, (text_of(document), key))
        return 1

    return write


def _replacement(opened: Connection, table: str) -> Write:
    engine = opened[table].query_engine
    execute, name = opened.db.execute, quote_table_name(table)
    at_revision = _at_revision(opened, table)

    def write(update: Document) -> int:
        document, where = update.get("u", {}), update.get("q", {})
        plain = isinstance(where.get("_id"), str) and isinstance(document, dict)
        if not plain or update.get("upsert") or any(name.startswith("$") for name in document):
            raise NotPlain
        if document.get("_id") != where["_id"]:
            raise NotPlain
        if where.keys() == {"_id", "revision"} and type(where["revision"]) is int:
            values = text_of(document), where["_id"], where["revision"]
            return int(execute(at_revision, values).rowcount)
        clause, found = engine.sql_translator.translate_match(
            engine.helpers._normalize_id_query(where)
        )
        if not clause:
            raise NotPlain
        one = f"SELECT id FROM {name} {clause} LIMIT 1"  # noqa: S608  values stand in `found`
        replace = f"UPDATE {name} SET data = ? WHERE id = ({one})"  # noqa: S608  name is quoted
        return int(execute(replace, (text_of(document), *found)).rowcount)

    return write
