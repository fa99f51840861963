"""Deletions of the embedded server: by its indexes, in one commit.

nx-27017 asks of each document whether its field, or one of the items that it may hold, is the one:
to erase a student it reads every document of each collection, while which nobody else is answered.
Whatever is not plain goes the library's way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neosqlite import Connection
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.bulk_writes import items_of
from database.embedded.conditions import matching
from database.embedded.stored_text import NotPlain

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]


def delete_by_indexes(handler: NeoSQLiteHandler) -> None:
    """Makes this handler delete what matches by its indexes."""
    handle: Callable[[Message], Answer] = handler.handle_command

    def handle_message(message: Message) -> Answer:
        body: Document = next((part for kind, part in message["sections"] if kind == "body"), {})
        table, database = body.get("delete"), body.get("$db", "test")
        if not isinstance(table, str) or "startTransaction" in body:
            return handle(message)
        deletes = items_of(message, "deletes")
        with handler._lock_for(database):
            opened = handler.get_database(database)
            try:
                conditions = [_condition(opened, table, one) for one in deletes]
            except NotPlain:
                return handle(message)
            handler._apply_write_concern(opened, database, body.get("writeConcern"))
            removed = _committed(opened, conditions)
        return message["request_id"], {"ok": 1, "n": removed}

    handler.handle_command = handle_message


def _condition(opened: Connection, table: str, delete: Document) -> tuple[str, list[Any]]:
    """`FROM` and `WHERE` of a deletion of all that match, and its values.

    Raises:
        NotPlain: the library must delete them.
    """
    if delete.get("limit") != 0 or not delete.get("q") or delete.keys() - {"q", "limit"}:
        raise NotPlain
    return matching(opened, table, delete["q"])


def _committed(opened: Connection, conditions: Sequence[tuple[str, list[Any]]]) -> int:
    """Deletes in one transaction; gives how many documents.

    Raises:
        sqlite3.Error: SQLite gave it up, as it does when the disk is full; nothing is deleted.
    """
    removed = 0
    opened.db.execute("BEGIN")
    try:
        for condition, values in conditions:
            removed += int(opened.db.execute(f"DELETE{condition}", values).rowcount)
        opened.db.execute("COMMIT")
    except BaseException:
        if opened.db.in_transaction:
            opened.db.execute("ROLLBACK")
        raise
    return removed
