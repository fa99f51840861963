"""What mutmut does not change by itself: statements, conditions and the constants of a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import libcst as cst
from mutmut.mutation.mutators import mutation_operators, operator_string

Operator = Callable[[Any], Iterable[cst.CSTNode]]


def install(sources: Iterable[Path]) -> None:
    """Adds the operators to mutmut's own, for the rest of this process.

    Args:
        sources: the files whose numeric constants are varied where they are used.
    """
    constants = _Constants(frozenset(name for path in sources for name in _numeric_constants(path)))
    kept: list[tuple[type, Operator]] = [
        (node, _identifiers_only if operator is operator_string else operator)
        for node, operator in mutation_operators
    ]
    ours: list[tuple[type, Operator]] = [
        (cst.Expr, _without_statement),
        (cst.Raise, _without_statement),
        (cst.If, _opposite_condition),
        (cst.CompIf, _opposite_condition),
        (cst.Attribute, constants.skipped),
        (cst.Name, constants.varied),
    ]
    mutation_operators[:] = [*kept, *ours]  # type: ignore[index]


def _identifiers_only(node: cst.BaseString) -> Iterator[cst.CSTNode]:
    """Keys and names are changed, prose is not: how a message is worded is no promise."""
    if not (isinstance(node, cst.SimpleString) and re.search(r"\s", node.raw_value)):
        yield from operator_string(node)


def _without_statement(node: cst.Expr | cst.Raise) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString):
        return
    yield cst.Pass()


def _opposite_condition(node: cst.If | cst.CompIf) -> Iterator[cst.CSTNode]:
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    spaced = cst.SimpleWhitespace(" ")
    opposite = cst.UnaryOperation(cst.Not(), test)
    yield node.with_changes(test=opposite, whitespace_before_test=spaced)


class _Constants:
    """Varies a constant where it is used by its bare name."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._attributes: list[cst.Name] = []

    def skipped(self, node: cst.Attribute) -> Iterator[cst.CSTNode]:
        """Notes a name that belongs to something else; it is visited after its attribute."""
        self._attributes.append(node.attr)
        yield from ()

    def varied(self, node: cst.Name) -> Iterator[cst.CSTNode]:
        """One more than the constant, and nothing of it."""
        if node.value not in self._names or any(node is attr for attr in self._attributes):
            return
        for sign, number in ((cst.Add(), "1"), (cst.Multiply(), "0")):
            yield cst.BinaryOperation(
                node, sign, cst.Integer(number), lpar=[cst.LeftParen()], rpar=[cst.RightParen()]
            )


def _numeric_constants(path: Path) -> Iterator[str]:
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float())):
                yield name
