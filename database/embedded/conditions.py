"""What the embedded server is asked for, as SQL that goes by its indexes where there is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from bson.int64 import Int64
from neosqlite import Connection
from neosqlite.sql_utils import quote_identifier, quote_table_name

from database.embedded.stored_text import NotPlain, moment_text

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
OF_KEYS = re.compile(r"\(_id\)$")
"""How SQLite keeps the index that each table has of its keys."""

INDEXED = re.compile(r"_extract\(data, '\$\.([A-Za-z_][A-Za-z0-9_]*)'\)")

AS_TEXT = "json"
"""From SQLite 3.45 on `jsonb_extract` gives moments as bytes, which are in no order of time."""

COMPARISONS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
NUMBERS = "('integer', 'real')"

FIRST_MOMENT, LAST_MOMENT = '{"$date":"', '{"$date":"~'
"""Between these lie the texts of all moments, and those of nothing else that Farol stores."""


def matching(
    opened: Connection,
    table: str,
    where: Mapping[str, Any],
    sort: Mapping[str, Any] | None = None,
    limit: int = 0,
) -> tuple[str, list[Any]]:
    """`FROM` and `WHERE` of a query for the documents that match, and its values.

    Args:
        opened: the database.
        table: the collection.
        where: what is asked of the documents.
        sort: the order in which they are asked for. Where it is that of an index, the first that
            match are soon found, whatever else is asked of them.
        limit: how many are wanted; 0 is all; less: all, one after the other in that order.

    Raises:
        NotPlain: the library must look for them; so for values that no index leads to.
    """
    if not NAME.fullmatch(table) or opened.db.in_transaction:
        raise NotPlain
    indexes = indexes_of(opened, table)
    if not indexes:  # No table; each has the index of its keys.
        raise NotPlain
    leading = {fields[0] for fields in indexes.values() if fields}
    led_by = next(iter(sort or ()), "")
    if any(map(_needs_an_index, where.values())) and not {*where, led_by} & leading:
        raise NotPlain
    prefix = _prefix(opened, table)
    terms: list[str] = []
    values: list[Any] = []
    for name, asked in where.items():
        for term, *found in _terms(name, asked, prefix):
            terms.append(term)
            values += found
    condition = f" WHERE {' AND '.join(terms)}" if terms else ""
    by = _index_in_order(indexes, tuple(sort or ())) if limit else None
    if by is None or any(
        _is_one_of_few(where[name]) for name in (where.keys() - {led_by}) & leading
    ):
        return f" FROM {quote_table_name(table)}{condition}", values
    # For a few of many SQLite would rather read all, and keep the first ones.
    return f" FROM {quote_table_name(table)} INDEXED BY {quote_identifier(by)}{condition}", values


def indexes_of(opened: Connection, table: str) -> dict[str, tuple[str, ...]]:
    """Name of each index of a table to its fields."""
    rows = opened.db.execute(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index'", (table,)
    ).fetchall()
    return {
        name: ("_id",) if OF_KEYS.search(sql or "") else tuple(INDEXED.findall(sql or ""))
        for name, sql in rows
    }


def _index_in_order(indexes: Mapping[str, tuple[str, ...]], order: tuple[str, ...]) -> str | None:
    """The index that has the most of an order, from its first field on; None where none has."""
    fitting = [
        (len(fields), name) for name, fields in indexes.items()
        if fields and fields == order[: len(fields)]
    ]  # fmt: skip
    return max(fitting, default=(0, None))[1]


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


def counted_value(opened: Connection, table: str, field: str) -> str:
    """A field's value in the words of an index, from which SQLite then takes it.

    Raises:
        NotPlain: moments are kept as bytes, or the field may be none of these.
    """
    prefix = _prefix(opened, table)
    if prefix != AS_TEXT or not NAME.fullmatch(field):
        raise NotPlain
    return _place(field, prefix)


def _prefix(opened: Connection, table: str) -> str:
    prefix: str = opened[table].query_engine.jsonb.json_function_prefix
    return prefix


def _place(name: str, prefix: str) -> str:
    """Where a field stands; `NAME` says its form."""
    return "_id" if name == "_id" else f"{prefix}_extract(data, '$.{name}')"


def _needs_an_index(asked: Any) -> bool:
    """Whether what is asked of a field is worth its SQL only where an index leads to it."""
    return not (isinstance(asked, dict) and asked.keys() <= {"$exists", "$ne"})


def _is_one_of_few(asked: Any) -> bool:
    """Whether a value is asked for, or some values, and no range of them."""
    return not (isinstance(asked, dict) and asked.keys() <= COMPARISONS.keys() | {"$exists", "$ne"})


def _terms(name: str, asked: Any, prefix: str) -> list[tuple[Any, ...]]:
    """What is asked of one field in SQL, each with its values.

    Raises:
        NotPlain: the library must read it.
    """
    match asked:
        case {"$exists": bool(there), **other} if not other and PATH.fullmatch(name):
            path = "".join(f'."{part}"' for part in name.split("."))
            return [(f"(json_type(data, ?) IS NOT NULL) = {there:d}", f"${path}")]
    if not NAME.fullmatch(name):
        raise NotPlain
    place = _place(name, prefix)
    if not isinstance(asked, dict):
        return _equal(name, place, asked, prefix)
    if asked and asked.keys() <= COMPARISONS.keys():
        return _compared(name, place, asked, prefix)
    if len(asked) == 1:
        ((operator, value),) = asked.items()
        if operator == "$in" and _are_texts(value):
            among = f"{place} IN (SELECT value FROM json_each(?))"  # noqa: S608  NAME says its form
            return [(among, _as_json(value))]
        if operator == "$ne" and type(value) is int and name != "_id":
            return [(f"{place} IS NOT ?", value)]
    raise NotPlain


def _equal(name: str, place: str, asked: Any, prefix: str) -> list[tuple[Any, ...]]:
    """A text, a moment, a number or a truth value; SQLite reads `true` and 1 alike."""
    if isinstance(asked, str):
        return [(f"{place} = ?", asked)]
    if name == "_id":
        raise NotPlain
    if type(asked) is datetime and prefix == AS_TEXT:
        return [(f"{place} = ?", moment_text(asked))]
    if isinstance(asked, bool):
        word = "true" if asked else "false"
        return [(f"{place} = ?", int(asked)), (f"{_kind(name)} = '{word}'",)]
    if isinstance(asked, int):
        return [(f"{place} = ?", asked), (f"{_kind(name)} IN {NUMBERS}",)]
    raise NotPlain


def _compared(
    name: str, place: str, asked: Mapping[str, Any], prefix: str
) -> list[tuple[Any, ...]]:
    """Moments, texts or whole numbers within limits; a value of another kind is not among them."""
    # Long ones come as a class of their own.
    kinds = {int if type(value) is Int64 else type(value) for value in asked.values()}
    if name == "_id" and kinds != {str}:
        raise NotPlain
    if kinds == {datetime}:
        if prefix != AS_TEXT:
            raise NotPlain
        return _between(place, asked)
    if kinds not in ({str}, {int}):
        raise NotPlain
    terms = [(f"{place} {COMPARISONS[operator]} ?", value) for operator, value in asked.items()]
    if name == "_id":
        return [*terms]
    among = "= 'text'" if kinds == {str} else f"IN {NUMBERS}"
    return [*terms, (f"{_kind(name)} {among}",)]


def _kind(name: str) -> str:
    """The kind of a field's value, as JSON has it; `NAME` says its form."""
    return f"json_type(data, '$.{name}')"


def _between(place: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Moments within limits; what is no moment is not among them."""
    terms: list[tuple[Any, ...]] = [
        (f"{place} {COMPARISONS[operator]} ?", moment_text(value))
        for operator, value in asked.items()
    ]
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
