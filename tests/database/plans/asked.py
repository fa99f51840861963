"""Every query that the repositories ask, found by running each of their methods."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from database import dossier
from database.driver.commands import (
    Command,
    Count,
    CountBy,
    DeleteMany,
    Find,
    InsertMany,
    Op,
    ReplaceMany,
)
from database.erasing import erasure
from database.repositories import REPOSITORIES
from model.errors import FarolError
from tests.database.plans.arguments import AT, KEY, PERIOD, NotMade, calls_of

MOST = 50
"""Commands of one operation; nothing that finds nothing asks for more."""

KNOWN: Mapping[str, list[dict[str, Any]]] = {"periods": [{"_id": PERIOD}]}
"""What is found; elsewhere nothing is."""


Asking = Find | Count | CountBy | DeleteMany


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a collection, without the values.

    Attributes:
        command: an example of it.
        by: the methods that ask it.
    """

    command: Asking
    by: list[str] = field(default_factory=list)

    @property
    def shape(self) -> str:
        """Collection, kind, fields and operators, order."""
        return shape_of(self.command)


def shape_of(command: Asking) -> str:
    """Collection, kind of command, fields with their operators, and order.

    >>> shape_of(Find("labels", {"at": {"$lte": AT}, "unit": "a"}, sort=[("at", -1)]))
    'labels find at $lte, unit order -at'
    """
    names = {Find: "find", Count: "count", CountBy: "count by", DeleteMany: "delete"}
    kind = names[type(command)]
    parts = [command.collection, kind]
    fields = [
        " ".join((name, *sorted(asked))) if isinstance(asked, Mapping) else name
        for name, asked in sorted(command.where.items())
    ]
    parts += [", ".join(fields)] if fields else []
    if isinstance(command, Find | CountBy) and command.sort:
        parts.append("order " + ", ".join(f"{'-' * (way < 0)}{name}" for name, way in command.sort))
    return " ".join(parts)


def every_query() -> tuple[dict[str, Query], dict[str, str]]:
    """Every query by its shape, and the methods that could not be run, with the reason."""
    queries: dict[str, Query] = {}
    left: dict[str, str] = {}
    for by, op in operations(left):
        for command in commands_of(op):
            if isinstance(command, Asking):
                queries.setdefault(shape_of(command), Query(command)).by.append(by)
    return queries, left


def operations(left: dict[str, str]) -> Iterator[tuple[str, Op[Any]]]:
    """A run of every public method of every repository, and of what reads beside them."""
    for kind in REPOSITORIES:
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("_") or not inspect.isgeneratorfunction(method):
                continue
            called = f"{kind.__name__}.{name}"
            try:
                for given in calls_of(method):
                    yield called, method(kind(), **given)
            except NotMade as error:
                left[called] = str(error)
    yield "erase_student", erasure.erase_student(PERIOD, now=AT, tombstone_key=KEY)
    yield "erase_student", erasure.erase_student(PERIOD, now=AT, tombstone_key=KEY, begun=True)
    yield "forget_predictions", erasure.forget_predictions([PERIOD], KEY, at=AT)
    yield "dossier_of", dossier.dossier_of(PERIOD)


def commands_of(op: Op[Any]) -> Iterator[Command]:
    """What an operation asks where nothing is there, until it ends or gives up."""
    # What it makes of the little it is told is not its promise here: only what it asks.
    with contextlib.suppress(
        FarolError, StopIteration, LookupError, ValueError, TypeError, AttributeError
    ):
        command = next(op)
        for _ in range(MOST):
            yield command
            command = op.send(_answer(command))
    op.close()


def _answer(command: Command) -> Any:
    match command:
        case Find():
            return KNOWN.get(command.collection, [])
        case CountBy():
            return {}
        case InsertMany():
            return []
        case ReplaceMany():
            return len(command.replacements)
        case _:
            return 0
