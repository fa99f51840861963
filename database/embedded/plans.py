"""Plans of the embedded server: what SQLite does for a command, in MongoDB's words.

nx-27017 explains a filter as it would look for it itself; most look-ups of Farol are answered by
`look_ups.py` and `counts.py`, with their order, and these are what is explained here. So an
operator can ask any server the same, and a test can see which index each query goes by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from neosqlite import Connection
from neosqlite.sql_utils import quote_table_name
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.conditions import indexes_of, matching
from database.embedded.counts import count_query
from database.embedded.look_ups import look_up
from database.embedded.stored_text import NotPlain

Document = dict[str, Any]
Message = dict[str, Any]
Answer = tuple[int, Document]

KEYS = "_id_"
"""What MongoDB calls the index of the keys."""

USED = re.compile(
    r"(SEARCH|SCAN) (\S+)(?: USING (?:COVERING )?(?:INDEX|INTEGER PRIMARY KEY) ?(\S*))?"
)
SORTED = "USE TEMP B-TREE FOR ORDER BY"
"""It sorts all; where an index has the order but for the last fields, it sorts what is alike."""


def explain_plans(handler: NeoSQLiteHandler) -> None:
    """Makes this handler answer `explain` of finds, counts and deletions by SQLite's plan."""
    handle: Callable[[Message], Answer] = handler.handle_command

    def handle_message(message: Message) -> Answer:
        (_, body), *more = message["sections"]
        asked = body.get("explain")
        if more or not isinstance(asked, dict):
            return handle(message)
        database, table = body.get("$db", "test"), _table(asked)
        if table is None:
            return handle(message)
        with handler._lock_for(database):
            opened = handler.get_database(database)
            query, values = _query(opened, table, asked)
            rows = opened.db.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
            steps = opened.db.execute(f"EXPLAIN {query}", values).fetchall()
            details, indexes = [str(row[3]) for row in rows], indexes_of(opened, table)
            plan = winning(details, indexes, fetches=reads_documents(steps))
        planner = {"namespace": f"{database}.{table}", "winningPlan": plan}
        return message["request_id"], {"ok": 1, "queryPlanner": planner}

    handler.handle_command = handle_message


def reads_documents(steps: Sequence[Sequence[Any]]) -> bool:
    """Whether a program of SQLite's reads a column of a table, and not of its indexes alone.

    SQLite's own word for it, `COVERING`, is missing where an index is one of expressions.

    Args:
        steps: of `EXPLAIN`: number, operation, its first three arguments, and the fourth.
    """
    # Opened with the number of its columns, where an index comes with what it is sorted by.
    tables = {step[2] for step in steps if step[1] == "OpenRead" and str(step[5]).isdigit()}
    return any(step[1] == "Column" and step[2] in tables for step in steps)


def winning(
    details: Sequence[str], indexes: Mapping[str, Sequence[str]], *, fetches: bool = True
) -> Document:
    """The plan that these lines of SQLite tell, as MongoDB would.

    Args:
        details: of `EXPLAIN QUERY PLAN`, the outermost table's first.
        indexes: name of each of the table's indexes to its fields.
        fetches: whether documents are read beside the index.

    >>> winning(["SEARCH labels USING INDEX at (<expr><?)"], {"at": ("at",)})["inputStage"]
    {'stage': 'IXSCAN', 'indexName': 'at', 'keyPattern': {'at': 1}}
    >>> winning(["SEARCH labels USING INDEX at"], {"at": ("at",)}, fetches=False)["stage"]
    'IXSCAN'
    >>> winning(["SCAN labels", "USE TEMP B-TREE FOR ORDER BY"], {})["stage"]
    'SORT'
    """
    found = next((match for line in details if (match := USED.match(line))), None)
    name = (found.group(3) or "").removesuffix("(") if found else ""
    plan: Document = {"stage": "COLLSCAN"}
    if name in indexes:
        fields = dict.fromkeys(indexes[name], 1)
        called = KEYS if fields == {"_id": 1} else name
        scan = {"stage": "IXSCAN", "indexName": called, "keyPattern": fields}
        plan = {"stage": "FETCH", "inputStage": scan} if fetches else scan
    if any(line.startswith(SORTED) for line in details):
        plan = {"stage": "SORT", "inputStage": plan}
    return plan | {"detail": [*details]}


def _table(asked: Document) -> str | None:
    named = next((asked[name] for name in ("find", "aggregate", "delete") if name in asked), None)
    return named if isinstance(named, str) else None


def _query(opened: Connection, table: str, asked: Document) -> tuple[str, list[Any]]:
    """The SQL that this server runs for a command."""
    try:
        if "find" in asked:
            query, values, _ = look_up(opened, table, asked)
            return query, values
        if "deletes" in asked:
            condition, values = matching(opened, table, asked["deletes"][0]["q"])
            return f"SELECT id{condition}", values
        if "aggregate" in asked:
            return count_query(opened, table, asked.get("pipeline"))
    except NotPlain:
        pass
    return _of_the_library(opened, table, asked)


def _of_the_library(opened: Connection, table: str, asked: Document) -> tuple[str, list[Any]]:
    """What the library runs; all documents where it looks at each by itself."""
    name = quote_table_name(table)
    where, order = _where(asked), asked.get("sort") or {}
    engine = opened[table].query_engine
    clause, values = None, []
    if not _has_moments(where):
        clause, values = engine.sql_translator.translate_match(
            engine.helpers._normalize_id_query(where)
        )
    if clause is None:
        return f"SELECT data FROM {name}", []  # noqa: S608  quoted
    ordered = engine.sql_translator.translate_sort(order) if order else ""
    return f"SELECT data FROM {name} {clause} {ordered}", list(values)  # noqa: S608  quoted


def _where(asked: Document) -> Document:
    if "deletes" in asked:
        return dict(asked["deletes"][0]["q"])
    if "pipeline" in asked:
        return dict(asked["pipeline"][0].get("$match", {}))
    return dict(asked.get("filter", {}))


def _has_moments(value: Any) -> bool:
    """Whether the library compares moments, which it does by itself."""
    if isinstance(value, Mapping):
        return any(map(_has_moments, value.values()))
    return isinstance(value, datetime)
