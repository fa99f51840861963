"""What the embedded server is asked for, as SQL that goes by its indexes where there is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from neosqlite import Connection
from neosqlite.sql_utils import quote_table_name

from database.embedded.stored_text import NotPlain, moment_text

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
INDEXED = re.compile(r"_extract\(data, '\$\.([A-Za-z_][A-Za-z0-9_]*)'\)")

AS_TEXT = "json"
"""From SQLite 3.45 on `jsonb_extract` gives moments as bytes, which are in no order of time."""

COMPARISONS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
FIRST_MOMENT, LAST_MOMENT = '{"$date":"', '{"$date":"~'
"""Between these lie the texts of all moments, and those of nothing else that Farol stores."""


def matching(opened: Connection, table: str, where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """`FROM` and `WHERE` of a query for the documents that match, and its values.

    Raises:
        NotPlain: the library must look for them; so for values that no index leads to.
    """
    if not NAME.fullmatch(table) or opened.db.in_transaction:
        raise NotPlain
    indexes = opened.db.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index'", (table,)
    ).fetchall()
    if not indexes:  # No table; each has the index of its keys.
        raise NotPlain
    indexed = {name for (sql,) in indexes for name in INDEXED.findall(sql or "")}
    prefix = _prefix(opened, table)
    terms: list[str] = []
    values: list[Any] = []
    for name, asked in where.items():
        for term, value in _terms(name, asked, indexed, prefix):
            terms.append(term)
            values.append(value)
    condition = f" WHERE {' AND '.join(terms)}" if terms else ""
    return f" FROM {quote_table_name(table)}{condition}", values


def ordered(opened: Connection, table: str, sort: Mapping[str, Any]) -> str:
    """`ORDER BY` of a query, in the words of an index, so that SQLite reads in its order.

    Values of one kind come in their order, as those of each field that Farol sorts by are.

    Raises:
        NotPlain: the library must sort.
    """
    prefix = _prefix(opened, table)
    if prefix != AS_TEXT:
        raise NotPlain
    terms = []
    for name, direction in sort.items():
        if not NAME.fullmatch(name) or direction not in (1, -1):
            raise NotPlain
        terms.append(f"{_place(name, prefix)} {'ASC' if direction == 1 else 'DESC'}")
    return f" ORDER BY {', '.join(terms)}"


def _prefix(opened: Connection, table: str) -> str:
    prefix: str = opened[table].query_engine.jsonb.json_function_prefix
    return prefix


def _place(name: str, prefix: str) -> str:
    """Where a field stands; `NAME` says its form."""
    return "_id" if name == "_id" else f"{prefix}_extract(data, '$.{name}')"


def _terms(name: str, asked: Any, indexed: set[str], prefix: str) -> list[tuple[str, Any]]:
    """What is asked of one field in SQL, each with its value."""
    match asked:
        case {"$exists": bool(there), **other} if not other and PATH.fullmatch(name):
            path = "".join(f'."{part}"' for part in name.split("."))
            return [(f"(json_type(data, ?) IS NOT NULL) = {there:d}", f"${path}")]
    if not NAME.fullmatch(name):
        raise NotPlain
    place = _place(name, prefix)
    if isinstance(asked, str) and (name == "_id" or name in indexed):
        return [(f"{place} = ?", asked)]
    if not isinstance(asked, dict) or not asked:
        raise NotPlain
    if asked.keys() <= COMPARISONS.keys() and name in indexed:
        if prefix != AS_TEXT:
            raise NotPlain
        return _between(place, asked)
    if len(asked) == 1:
        ((operator, value),) = asked.items()
        if operator == "$in" and (name == "_id" or name in indexed) and _are_texts(value):
            among = f"{place} IN (SELECT value FROM json_each(?))"  # noqa: S608  NAME says its form
            return [(among, _as_json(value))]
        if operator == "$ne" and type(value) is int and name != "_id":
            return [(f"{place} IS NOT ?", value)]
    raise NotPlain


def _between(place: str, asked: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Moments within limits; what is no moment is not among them."""
    terms: list[tuple[str, Any]] = []
    for operator, value in asked.items():
        if type(value) is not datetime:
            raise NotPlain
        terms.append((f"{place} {COMPARISONS[operator]} ?", moment_text(value)))
    # One bound a side: SQLite takes no more from its index, and reads documents for the others.
    if not asked.keys() & {"$gt", "$gte"}:
        terms.append((f"{place} >= ?", FIRST_MOMENT))
    if not asked.keys() & {"$lt", "$lte"}:
        terms.append((f"{place} < ?", LAST_MOMENT))
    return terms


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is str for value in values)


def _as_json(values: list[str]) -> str:
    text = orjson.dumps(values).decode()
    if "\\u0000" in text:  # Where SQLite would end the text.
        raise NotPlain
    return text
