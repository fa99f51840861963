"""Bulk writes of the embedded server: one transaction per message, no copies.

nx-27017 commits each document of an insert or update by itself, copies it, and has SQLite parse
its text before it is stored. Nobody sees a message's documents before the answer anyway, since a
database's commands run one after the other; so a message is one transaction here, committed before
it is answered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from neosqlite.collection.json_helpers import neosqlite_json_dumps
from neosqlite.collection.query_helper import QueryHelper
from neosqlite.collection.query_helper.utils import _convert_bytes_to_binary
from neosqlite.sql_utils import quote_table_name
from nx_27017.handler import NeoSQLiteHandler

Message = dict[str, Any]
Answer = tuple[int, dict[str, Any]]
Handle = Callable[[Message], Answer]

WRITES = ("insert", "update")
DEEPEST = 500
"""Opening brackets up to which no text is nested too deeply for SQLite, whose limit is 1,000."""


def commit_once_per_message(handler: NeoSQLiteHandler) -> None:
    """Makes each insert or update of several documents one transaction of this handler."""
    for name in ("handle_insert", "handle_command"):
        setattr(handler, name, _in_one_transaction(handler, getattr(handler, name)))


def store_as_it_came() -> None:
    """Stores documents of this process without copying them and without parsing their text.

    A document that was just read from the wire is nobody else's, and what the JSON encoder can
    write that is no JSON are NaN and the infinities; those go the library's own way.
    """
    inserts = QueryHelper._internal_insert

    def insert(self: QueryHelper, document: dict[str, Any]) -> Any:
        key = document.get("_id")
        if not isinstance(key, str):
            return inserts(self, document)
        text = neosqlite_json_dumps(_convert_bytes_to_binary(document))
        if not _is_surely_json(text):
            return inserts(self, document)
        table = quote_table_name(self.collection.name)
        self.collection.db.execute(f"INSERT INTO {table}(data, _id) VALUES (?, ?)", (text, key))
        return key

    QueryHelper._internal_insert = insert


def _is_surely_json(encoded: str) -> bool:
    """Whether a text of the JSON encoder can be told to be JSON by a look at it.

    >>> [_is_surely_json(text) for text in ('{"a": 1.5}', '{"a": NaN}', '{"a": -Infinity}')]
    [True, False, False]
    """
    if "NaN" in encoded or "Infinity" in encoded:
        return False
    return encoded.count("{") + encoded.count("[") <= DEEPEST


def _in_one_transaction(handler: NeoSQLiteHandler, handle: Handle) -> Handle:
    def handle_write(message: Message) -> Answer:
        body = _body_of(message)
        written = next((body[name] for name in WRITES if name in body), None)
        if not isinstance(written, str) or _documents_in(message) < 2:
            return handle(message)
        name = body.get("$db", "test")
        with handler._lock_for(name):
            opened = handler.get_database(name)
            # Making a table and changing a setting are no part of a transaction.
            if opened.db.in_transaction or written not in opened.list_collection_names():
                return handle(message)
            handler._apply_write_concern(opened, name, body.get("writeConcern"))
            return _committed(opened.db, handle, message)

    return handle_write


def _committed(db: sqlite3.Connection, handle: Handle, message: Message) -> Answer:
    """Runs a write in a transaction of its own.

    Raises:
        sqlite3.OperationalError: SQLite gave the transaction up, as it does when the disk is full;
            nothing of the message is stored, or what came after.
    """
    db.execute("BEGIN")
    try:
        answer = handle(message)
        if not db.in_transaction:
            raise sqlite3.OperationalError("the transaction was given up; is the disk full?")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return answer


def _body_of(message: Message) -> dict[str, Any]:
    return next((part for kind, part in message["sections"] if kind == "body"), {})


def _documents_in(message: Message) -> int:
    """How many documents come beside the body of a message, or in it."""
    listed: list[Any] = []
    for kind, part in message["sections"]:
        listed += [part] if kind == "payload_docs" else part.values()
    return sum(len(one) for one in listed if isinstance(one, list))
