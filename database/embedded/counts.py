"""Counts of the embedded server: by SQL, where nx-27017 copies each document that it counts.

A count of 100,000 documents takes the library seconds in which nobody else is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nx_27017.handler import NeoSQLiteHandler

from database.embedded.conditions import matching
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
        table, where = body.get("aggregate"), counted(body.get("pipeline"))
        if more or not isinstance(table, str) or where is None:
            return handle(message)
        database = body.get("$db", "test")
        with handler._lock_for(database):
            opened = handler.get_database(database)
            try:
                condition, values = matching(opened, table, where)
            except NotPlain:
                return handle(message)
            ((number,),) = opened.db.execute(f"SELECT count(*){condition}", values).fetchall()
        batch = [{"_id": 1, "n": number}] if number else []
        cursor = {"id": 0, "ns": f"{database}.{table}", "firstBatch": batch}
        return message["request_id"], {"ok": 1, "cursor": cursor}

    handler.handle_command = handle_message


def counted(pipeline: Sequence[Document] | None) -> Document | None:
    """What is to be counted; None where the pipeline is no plain count."""
    match pipeline:
        case [{"$match": dict(where), **other}, last] if not other and last == COUNTED:
            return dict(where)
        case _:
            return None
