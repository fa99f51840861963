"""Indexes of the embedded server end before `_id`, which MongoDB needs in them and SQLite does not.

The order of the newest is one of moments, and between equal ones of keys. MongoDB sorts all that it
reads unless an index has the whole of it; SQLite walks the index of the moments and sorts what is
alike. nx-27017 refuses `_id` in an index of several fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nx_27017.handler import NeoSQLiteHandler

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]


def leave_keys_out(handler: NeoSQLiteHandler) -> None:
    """Makes this handler leave `_id` out at the end of an index of several fields."""
    handle: Callable[[Message], Answer] = handler.handle_command

    def handle_message(message: Message) -> Answer:
        body: Document = next((part for kind, part in message["sections"] if kind == "body"), {})
        if "createIndexes" in body:
            body["indexes"] = [without_key(one) for one in body.get("indexes", ())]
        return handle(message)

    handler.handle_command = handle_message


def without_key(index: Document) -> Document:
    """An index without `_id` where other fields come before it.

    >>> without_key({"key": {"at": -1, "_id": 1}, "name": "at_-1__id_1"})
    {'key': {'at': -1}, 'name': 'at_-1__id_1'}
    """
    key = index.get("key")
    if not isinstance(key, dict) or len(key) < 2 or list(key)[-1] != "_id":
        return index
    return index | {"key": {name: way for name, way in key.items() if name != "_id"}}
