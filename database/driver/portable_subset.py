"""The portable subset of MongoDB, and a check that a command stays inside it.

Every runner checks every command, so a repository that uses anything else fails wherever it runs,
not only on the server that lacks it. What each omission is for is told in `docs/registry.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from database.driver.commands import (
    Command,
    Count,
    CountBy,
    DeleteMany,
    EnsureIndex,
    Find,
    InsertMany,
    ReplaceMany,
)

QUERY_OPERATORS = frozenset({"$in", "$lt", "$lte", "$gt", "$gte", "$ne", "$exists", "$or"})


class NotPortable(TypeError):
    """A command uses something outside the portable subset."""


def check(command: Command) -> None:
    """Refuses a command outside the subset.

    Raises:
        NotPortable: names the operator.

    >>> check(Find("labels", {"period": {"$in": ["2022"]}}))
    >>> check(Find("labels", {"name": {"$regex": "a"}}))
    Traceback (most recent call last):
    database.driver.portable_subset.NotPortable: $regex is outside the portable subset
    """
    match command:
        case Find():
            _query(command.where)
            _plain(command.fields)
        case Count() | DeleteMany():
            _query(command.where)
        case CountBy():
            _query(command.where)
            _plain([command.field])
        case ReplaceMany():
            for replacement in command.replacements:
                _query(replacement.where)
                _document(replacement.document)
        case InsertMany():
            for document in command.documents:
                _document(document)
        case EnsureIndex():
            _plain(name for name, _ in command.keys)
            # At the end it decides between equals, without which an index may do as well.
            *names, last = [name for name, _ in command.keys]
            if "_id" in names or (last == "_id" and (command.unique or not names)):
                raise NotPortable("_id in an index, but at its end, is outside the portable subset")


def _query(where: Any) -> None:
    if isinstance(where, Mapping):
        for key, value in where.items():
            _allow(key, QUERY_OPERATORS)
            if key != "$in":
                _query(value)
    elif isinstance(where, list | tuple):
        for item in where:
            _query(item)


def _document(document: Mapping[str, Any]) -> None:
    if "_id" not in document:
        raise NotPortable("a document without its own _id cannot be written twice safely")
    _stored(document)


def _stored(document: Mapping[str, Any]) -> None:
    """Refuses what some server cannot store, at any depth. On the way of every prediction."""
    names = "".join(document)
    if "." in names or "$" in names:
        for name in document:
            if "." in name or name[:1] == "$":
                raise NotPortable(f"the field name {name} is outside the portable subset")
    _values(document.values())


def _values(values: Iterable[Any], *, of_a_list: bool = False) -> None:
    for value in values:
        kind = type(value)
        if kind is float:
            if not isfinite(value):
                raise NotPortable("NaN and infinity are outside the portable subset")
        elif kind is dict:
            _stored(value)
        elif kind is list or kind is tuple:
            if of_a_list:
                raise NotPortable("a list within a list is outside the portable subset")
            _values(value, of_a_list=True)


def _plain(fields: Iterable[str]) -> None:
    for field in fields:
        if "." in field:
            raise NotPortable(f"the nested field {field} is outside the portable subset here")


def _allow(key: str, allowed: frozenset[str]) -> None:
    if key.startswith("$") and key not in allowed:
        raise NotPortable(f"{key} is outside the portable subset")
